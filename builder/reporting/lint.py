"""The findings of `lint` as text, JSON, SARIF and GitHub annotations."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

from builder import __version__
from builder.patching.lint.problem import Problem, Severity
from builder.patching.lint.run import ALL_RULES, Linted
from builder.reporting import json, sarif
from builder.reporting.github import annotation
from builder.reporting.rules import Level
from builder.reporting.screen import printable

LINT_SCHEMA = 1

_MOST_ANNOTATIONS = 10
"""GitHub shows no more of a level."""
_LEVELS = {Severity.ERROR: Level.ERROR, Severity.WARNING: Level.WARNING}
_FINGERPRINT = "qmailBuilderLint/v1"


class LintReport(Struct, frozen=True, kw_only=True):
    """What `lint --format json` prints."""

    schema_version: int
    files: int
    """How many files were looked at."""
    allowed: int
    """How many findings their authors allow, with a reason."""
    findings: tuple[Problem, ...]


def text(linted: Linted, files: int) -> str:
    """A line for each finding, as compilers write them, and one with their number."""
    lines = [_line(one) for one in linted.problems]
    return "".join(f"{printable(line)}\n" for line in [*lines, _total(linted, files)])


def _line(one: Problem) -> str:
    return f"{one.file}:{one.line}: {one.rule}: {one.text} ({one.severity.value})"


def _total(linted: Linted, files: int) -> str:
    warnings = len(linted.problems) - linted.errors
    allowed = f", {linted.allowed} allowed" if linted.allowed else ""
    return f"{files} file(s): {linted.errors} error(s), {warnings} warning(s){allowed}"


def as_json(linted: Linted, files: int) -> str:
    """The same as JSON."""
    return json.dumps(
        LintReport(schema_version=LINT_SCHEMA, files=files, allowed=linted.allowed, findings=linted.problems)
    )


def github(linted: Linted, files: int) -> str:
    """Workflow commands for GitHub, and below them the number of findings."""
    return "".join(f"{line}\n" for line in [*_annotations(linted), _total(linted, files)])


def _annotations(linted: Linted) -> Iterator[str]:
    for severity in Severity:
        found = [one for one in linted.problems if one.severity == severity]
        for one in found[:_MOST_ANNOTATIONS]:
            yield annotation(severity.value, one.text, file=one.file, line=one.line, title=one.rule)


def as_sarif(linted: Linted, _files: int) -> str:
    """A SARIF 2.1.0 log."""
    rules = tuple(
        sarif.RuleDescriptor(
            id=rule.id,
            short_description=sarif.Message(text=rule.about),
            help=sarif.Message(text=rule.about),
            default_configuration=sarif.Configuration(level=_LEVELS[rule.severity]),
        )
        for rule in ALL_RULES
    )
    repository = sarif.Message(text="The folder that lint was run in: the top of the repository.")
    run = sarif.Run(
        tool=sarif.Tool(driver=sarif.Driver(name="qmail-builder", version=__version__, rules=rules)),
        automation_details=sarif.AutomationDetails(id="qmail-builder/lint/"),
        original_uri_base_ids={sarif.REPOSITORY: sarif.UriBase(description=repository)},
        artifacts=(),
        results=tuple(_results(linted)),
        column_kind="unicodeCodePoints",
    )
    return sarif.document(run)


def _results(linted: Linted) -> Iterator[sarif.Result]:
    seen: Counter[str] = Counter()
    for one in linted.problems:
        # Not the line: that changes whenever something above it does.
        same = hashlib.sha256(f"{one.file}\0{one.rule}\0{one.text}".encode("utf-8", "replace")).hexdigest()
        seen[same] += 1
        yield sarif.Result(
            rule_id=one.rule,
            level=_LEVELS[one.severity],
            message=sarif.Message(text=printable(one.text)),
            locations=(sarif.Location(physical_location=sarif.at(sarif.located(one.file), one.line)),),
            partial_fingerprints={_FINGERPRINT: f"{same}:{seen[same]}"},
        )


FORMATS: Mapping[str, Callable[[Linted, int], str]] = {
    "text": text,
    "json": as_json,
    "sarif": as_sarif,
    "github": github,
}
