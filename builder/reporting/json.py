"""Findings as JSON for other programs. The shapes are versioned: a field may be added, none changes its meaning."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from builder.patching.diagnose.values import Diagnosis
from builder.patching.findings import FileOutcome, HunkOutcome, HunkStatus
from builder.reporting.report import PatchFile, Report

APPLY_SCHEMA = 1


class HunkReport(HunkOutcome, frozen=True, kw_only=True):
    """A hunk with what was found out about it; null unless it failed."""

    diagnosis: Diagnosis | None = None


class FileReport(Struct, frozen=True, kw_only=True):
    """The hunks of one file of a patch."""

    path: str
    strip: int
    hunks: tuple[HunkReport, ...]


class NoteReport(Struct, frozen=True, kw_only=True):
    """Something odd in the patch file that was put right while reading."""

    rule: str
    line: int
    text: str


class PatchReport(Struct, frozen=True, kw_only=True):
    """One patch of the series."""

    name: str
    file: str
    sha256: str
    strip: int
    status: HunkStatus
    notes: tuple[NoteReport, ...]
    files: tuple[FileReport, ...]


class ApplyReport(Struct, frozen=True, kw_only=True):
    """What `apply --format json` prints."""

    schema_version: int
    base: str
    base_tree: str
    id: str
    patches: tuple[PatchReport, ...]


def render(report: Report) -> str:
    """The whole report as JSON."""
    patches = tuple(
        PatchReport(
            name=outcome.name,
            file=file.path,
            sha256=file.sha256,
            strip=outcome.strip,
            status=outcome.status,
            notes=_notes(file),
            files=tuple(_file(report, outcome.name, target) for target in outcome.files),
        )
        for file, outcome in report
    )
    return dumps(
        ApplyReport(
            schema_version=APPLY_SCHEMA,
            base=report.base,
            base_tree=report.base_tree,
            id=report.id,
            patches=patches,
        )
    )


def dumps(value: object) -> str:
    """A value as JSON with sorted keys, indented, ending in a line feed. Bytes that are no UTF-8 become \\xe4."""
    plain = _unicode(msgspec.to_builtins(value))
    return msgspec.json.format(msgspec.json.encode(plain, order="deterministic"), indent=2).decode() + "\n"


def _unicode(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        case dict():
            return {_unicode(key): _unicode(item) for key, item in value.items()}
        case list() | tuple():
            return [_unicode(item) for item in value]
        case _:
            return value


def _notes(file: PatchFile) -> tuple[NoteReport, ...]:
    return tuple(NoteReport(rule=note.rule, line=note.line, text=note.text) for note in file.patch.notes)


def _file(report: Report, patch: str, target: FileOutcome) -> FileReport:
    hunks = (
        HunkReport(**msgspec.structs.asdict(hunk), diagnosis=report.diagnosis(patch, target.path, hunk))
        for hunk in target.hunks
    )
    return FileReport(path=target.path, strip=target.strip, hunks=tuple(hunks))
