"""Patches on several bases as tables: for a terminal, for a wiki (Markdown), and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from builder.conflicts.base_table import BaseTable, Built, OnBase
from builder.conflicts.values import Outcome
from builder.patching.findings import HunkStatus
from builder.reporting.json import dumps
from builder.reporting.screen import Screen, columns, printable

BASES_SCHEMA = 1

_COLUMN = 3
_OTHER_FORM = "*"

Rows = list[list[str]]


class BasesReport(BaseTable, frozen=True, kw_only=True):
    """What `conflicts --base A,B --format json` prints."""

    schema_version: int


def as_json(table: BaseTable) -> str:
    """The whole of it as JSON."""
    return dumps(BasesReport(schema_version=BASES_SCHEMA, **msgspec.structs.asdict(table)))


def as_text(table: BaseTable, screen: Screen) -> str:
    """Both tables, what the compiler said, and the notes."""
    lines = [*_aligned(_patches(table), screen), "", *_aligned(_pairs(table), screen)]
    for title, error in _errors(table):
        lines += ["", screen.paint(title, "bold"), *(f"  {printable(line)}" for line in error.splitlines())]
    return "".join(f"{line}\n" for line in (*lines, *_notes(table)))


def as_markdown(table: BaseTable) -> str:
    """Both tables as a wiki takes them."""
    lines = [*_markdown(_patches(table)), "", *_markdown(_pairs(table)), *_notes(table, f"\\{_OTHER_FORM}")]
    return "".join(f"{line}\n" for line in lines)


def _patches(table: BaseTable) -> Rows:
    cells = {(cell.patch, cell.base): cell for cell in table.cells}
    rows = [["patch", *(base.name for base in table.bases)]]
    if any(base.built for base in table.bases):
        rows.append(["(none)", *(_build(base.built) for base in table.bases)])
    return rows + [
        [printable(patch), *(_cell(cells[patch, base.name]) for base in table.bases)]
        for patch in table.patches
    ]


def _cell(cell: OnBase) -> str:
    mark = _OTHER_FORM if cell.form not in ("", cell.base) else ""
    return ", ".join(filter(None, (_applies(cell) + mark, _build(cell.built))))


def _applies(cell: OnBase) -> str:
    if cell.needs:
        return f"needs {printable(cell.needs)}, which is rejected"
    if cell.status.applied:
        return cell.status.value
    if cell.status is HunkStatus.ALREADY_APPLIED:
        return f"{cell.failed} of {cell.hunks} there already"
    return f"{cell.failed} of {cell.hunks} rejected"


def _build(built: Built | None) -> str:
    if built is None:
        return ""
    return "builds" if built.ok else "does not build"


def _pairs(table: BaseTable) -> Rows:
    rows = [["ordered pairs", *(base.name for base in table.bases)]]
    for outcome in Outcome:
        counts = [base.pairs.get(outcome.value, 0) for base in table.bases]
        if any(counts):
            rows.append([outcome.value, *map(str, counts)])
    return rows


def _notes(table: BaseTable, mark: str = _OTHER_FORM) -> Iterator[str]:
    if any(cell.form not in ("", cell.base) for cell in table.cells):
        yield ""
        forms = sorted({cell.form for cell in table.cells if cell.form not in ("", cell.base)})
        yield f"{mark} The patch has no form for this base: that for {' or '.join(forms)} was tried."


def _errors(table: BaseTable) -> Iterator[tuple[str, str]]:
    for base in table.bases:
        if base.built is not None and not base.built.ok:
            yield f"{base.name} does not build:", base.built.error
    for cell in table.cells:
        if cell.built is not None and not cell.built.ok:
            yield f"{cell.patch} on {cell.base} does not build:", cell.built.error


def _aligned(rows: Rows, screen: Screen) -> Iterator[str]:
    widths = [max(columns(cell) for cell in column) + _COLUMN for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        line = "".join(cell + " " * (width - columns(cell)) for cell, width in zip(row, widths, strict=True))
        yield screen.paint(line.rstrip(), "bold") if number == 0 else line.rstrip()


def _markdown(rows: Rows) -> Iterator[str]:
    head, *rest = rows
    yield _row(head)
    yield _row(["---"] * len(head))
    yield from map(_row, rest)


def _row(cells: Sequence[str]) -> str:
    escaped = (cell.replace("|", "\\|").replace(_OTHER_FORM, f"\\{_OTHER_FORM}") for cell in cells)
    return f"| {' | '.join(escaped)} |"
