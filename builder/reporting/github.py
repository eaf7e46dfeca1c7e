"""Findings for GitHub Actions: annotations at the lines of patch files, and the step's summary as markdown.

GitHub shows ten annotations of each level for a step and drops the others, so the worst ten are given and the summary
has them all.
"""

from __future__ import annotations

from collections.abc import Iterator

from builder.reporting.report import Finding, Report, findings
from builder.reporting.rules import Level
from builder.reporting.screen import printable

_MOST = 10
_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}
_MARKS = {Level.ERROR: "❌", Level.WARNING: "⚠️", Level.NOTE: "\N{SPEECH BALLOON}"}
_SUMMARY_BYTES = 1_000_000
"""GitHub takes 1 MiB for a step."""


def workflow_commands(report: Report) -> str:
    """Workflow commands, for stdout: at most ten of each level, worst first."""
    found = findings(report)
    lines = []
    for level, command in _COMMANDS.items():
        of_level = [one for one in found if one.rule.level == level]
        lines += [_annotation(command, one) for one in of_level[:_MOST]]
        if len(of_level) > _MOST:
            lines.append(f"{len(of_level) - _MOST} more of level {command}: see the step's summary.")
    return "".join(f"{line}\n" for line in lines)


def _annotation(command: str, finding: Finding) -> str:
    title = f"{finding.file.patch.name}: {finding.rule.id}"
    return annotation(command, finding.message, file=finding.file.path, line=finding.patch_line, title=title)


def annotation(command: str, message: str, *, file: str, line: int, title: str) -> str:
    """A workflow command that puts a message at a line. `command` is error, warning or notice."""
    properties = {"file": file, "line": str(line), "title": title}
    listed = ",".join(f"{name}={_in_property(printable(value))}" for name, value in properties.items())
    return f"::{command} {listed}::{_in_message(printable(message))}"


def _in_message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _in_property(text: str) -> str:
    return _in_message(text).replace(":", "%3A").replace(",", "%2C")


def summary(report: Report) -> str:
    """The step's summary: a row for each patch and for each finding. Cut off, with a word, where GitHub would."""
    lines = []
    size = 0
    for line in _summary(report):
        size += len(line.encode()) + 1
        if size > _SUMMARY_BYTES:
            lines += ["", "The rest is too long for GitHub: see `--format text`."]
            break
        lines.append(line)
    return "".join(f"{line}\n" for line in lines)


def _summary(report: Report) -> Iterator[str]:
    yield f"## Patches of {_cell(report.id)}"
    yield ""
    yield f"Base {_cell(report.base)}, `{report.base_tree}`."
    yield ""
    yield "| patch | status | hunks | not applied |"
    yield "|---|---|---:|---:|"
    for _, outcome in report:
        hunks = sum(len(target.hunks) for target in outcome.files)
        failed = len(outcome.failures)
        mark = _MARKS[Level.ERROR] if failed else "✅"
        yield f"| {_cell(outcome.name)} | {mark} {outcome.status.value} | {hunks} | {failed} |"
    found = findings(report)
    if found:
        yield ""
        yield "| | finding | patch line | what |"
        yield "|---|---|---|---|"
    for one in found:
        mark = _MARKS[one.rule.level]
        place = _cell(f"{one.file.path}:{one.patch_line}")
        yield f"| {mark} | {_cell(one.rule.id)} | {place} | {_cell(one.message)} |"


def _cell(text: str) -> str:
    """Text for a table's cell: patches may hold anything, and nothing of it is to be markup."""
    safe = printable(text).replace("&", "&amp;").replace("<", "&lt;").replace("\\", "\\\\")
    for mark in "|`*_[]#@~":
        safe = safe.replace(mark, f"\\{mark}")
    return safe
