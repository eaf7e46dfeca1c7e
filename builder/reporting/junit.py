"""Findings as JUnit XML: a suite for the recipe, a case for each patch, so that a CI system lists patches as tests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from xml.etree import ElementTree as ET

from builder.patching.findings import PatchOutcome
from builder.reporting.report import Finding, PatchFile, Report, findings
from builder.reporting.rules import Level

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> str:
    """The whole report as JUnit XML."""
    found = findings(report)
    failed = sum(1 for outcome in report.patches if outcome.failures)
    counts: dict[str, object] = {"tests": len(report.patches), "failures": failed, "errors": 0, "skipped": 0}
    top = _element("testsuites", {"name": "apply", **counts})
    suite = _element("testsuite", {"name": report.id, **counts, "time": 0}, top)
    _properties(suite, {"base": report.base, "base-tree": report.base_tree})
    for file, outcome in report:
        _case(suite, report.id, file, outcome, [one for one in found if one.file is file])
    ET.indent(top)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(top, encoding="unicode") + "\n"


def _case(suite: ET.Element, name: str, file: PatchFile, outcome: PatchOutcome, found: list[Finding]) -> None:
    about = {"classname": name, "name": outcome.name, "file": file.path, "time": 0}
    case = _element("testcase", about, suite)
    _properties(case, {"sha256": file.sha256, "strip": outcome.strip, "status": outcome.status})
    errors = [one for one in found if one.rule.level == Level.ERROR]
    if outcome.failures:
        hunks = sum(len(target.hunks) for target in outcome.files)
        message = f"{len(outcome.failures)} of {hunks} hunks of {outcome.name} did not apply"
        # The first is the worst.
        kind = errors[0].rule.id if errors else "reject"
        failure = _element("failure", {"message": message, "type": kind}, case)
        failure.text = _listed(errors)
    others = [one for one in found if one.rule.level != Level.ERROR]
    if others:
        _element("system-out", {}, case).text = _listed(others)


def _listed(found: Iterable[Finding]) -> str:
    lines = (f"{one.file.path}:{one.patch_line}: {one.rule.id}: {one.message}" for one in found)
    return "\n".join(map(_clean, lines))


def _properties(parent: ET.Element, values: Mapping[str, object]) -> None:
    properties = _element("properties", {}, parent)
    for name, value in values.items():
        _element("property", {"name": name, "value": value}, properties)


def _element(tag: str, attributes: Mapping[str, object], parent: ET.Element | None = None) -> ET.Element:
    values = {name: _clean(str(value)) for name, value in attributes.items()}
    return ET.Element(tag, values) if parent is None else ET.SubElement(parent, tag, values)


def _clean(text: str) -> str:
    """`text` without what XML cannot hold: control characters, and bytes that are no UTF-8."""
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)
