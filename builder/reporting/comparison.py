"""The lines that a rejected hunk expects next to those that the file has: aligned, numbered, with their owners."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, starmap, zip_longest

from builder.patching.applied import Reject
from builder.patching.diagnose.values import visible
from builder.patching.difference import Change, changes
from builder.patching.findings import Owner
from builder.patching.patch import ADDED
from builder.reporting.screen import Screen, code, columns, padded, shortened

_CONTEXT = 3
"""Equal lines shown around those that differ."""
_MOST_ROWS = 40
_SLACK = 20
"""Lines of the file looked at beyond as many as the hunk has, for what an earlier patch put in between."""
_MOST_COMPARED = 2000
"""Lines of a hunk that are looked at: nobody reads more, and the time grows faster than the lines."""
_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Side:
    """One line on one side. `number` is its line in the patch file (0: not known) or in the file of the tree."""

    number: int
    text: bytes
    owner: Owner | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """Two lines that belong together; equal, or different, or with nothing on one side."""

    expected: Side | None
    found: Side | None

    @property
    def same(self) -> bool:
        return self.expected is not None and self.found is not None and self.expected.text == self.found.text

    @property
    def blanks_only(self) -> bool:
        """Whether the two differ in nothing but blanks and line ends, which must then be made visible."""
        if self.expected is None or self.found is None:
            return False
        return not self.same and self.expected.text.split() == self.found.text.split()


def compared(reject: Reject, start: int) -> list[Row]:
    """The hunk's old lines beside the file's lines from index `start` on."""
    expected = list(islice(_expected(reject), _MOST_COMPARED))
    stop = start + len(expected) + _SLACK
    before = reject.before
    found = [
        Side(number, text, owner)
        for number, (text, owner) in enumerate(
            zip(before.lines[start:stop], before.owners[start:stop], strict=True), start + 1
        )
    ]
    rows = list(_aligned(expected, found))
    # What follows the hunk's last line in the file is not its concern.
    while rows and rows[-1].expected is None and len(rows) > len(expected):
        rows.pop()
    return rows


def _expected(reject: Reject) -> Iterator[Side]:
    number = reject.hunk.patch_line
    # A context diff has the hunk's lines in two blocks, some of them twice.
    known = not reject.change.context_format
    for line in reject.hunk.lines:
        number += 1
        if line.kind != ADDED:
            yield Side(number if known else 0, line.text)
        if not line.text.endswith(b"\n"):
            number += 1  # "\ No newline at end of file"


def _aligned(expected: Sequence[Side], found: Sequence[Side]) -> Iterator[Row]:
    end = Change(len(expected), len(expected), len(found), len(found))
    i = j = 0
    for change in (*changes([side.text for side in expected], [side.text for side in found]), end):
        yield from map(Row, expected[i : change.old_start], found[j : change.new_start])
        i, j = change.old_end, change.new_end
        yield from starmap(Row, zip_longest(expected[change.old_start : i], found[change.new_start : j]))


def table(rows: Sequence[Row], screen: Screen, *, patch: str, path: str) -> Iterator[str]:
    """The rows as text: side by side where that fits, otherwise one below the other."""
    kept = list(_kept(rows))
    if screen.wide:
        yield from _side_by_side(kept[:_MOST_ROWS], screen, patch, path)
    else:
        yield from _stacked(kept[:_MOST_ROWS], screen, patch, path)
    if len(kept) > _MOST_ROWS:
        yield f"{_INDENT}… {len(kept) - _MOST_ROWS} more lines"


def _kept(rows: Sequence[Row]) -> Iterator[Row | None]:
    """The rows that differ and a few around them; None for each gap."""
    different = [index for index, row in enumerate(rows) if not row.same]
    near = {near for index in different for near in range(index - _CONTEXT, index + _CONTEXT + 1)}
    gap = False
    for index, row in enumerate(rows):
        if index in near:
            if gap:
                yield None
            yield row
        gap = index not in near


def _side_by_side(rows: Sequence[Row | None], screen: Screen, patch: str, path: str) -> Iterator[str]:
    owners = [_owner_label(rows, index) for index in range(len(rows))]
    margin = max(map(columns, owners), default=0)
    # Indent, two numbers of 6 columns, their blanks, the mark, the bar and the owner's margin.
    each = (screen.width - len(_INDENT) - 22 - margin) // 2
    head = f"{'':7}{padded(f'expected by {patch}', each)} │ {'':7}{shortened(f'found in {path}', each)}"
    yield screen.paint(f"{_INDENT}  {head}".rstrip(), "dim")
    for row, owner in zip(rows, owners, strict=True):
        if row is None:
            yield f"{_INDENT}  {'⋮':>5}"
            continue
        left, right = (padded(_cell(side, row), each + 7) for side in (row.expected, row.found))
        mark = "  "
        if not row.same:
            mark, left, right = "! ", screen.paint(left, "red"), screen.paint(right, "green")
        yield f"{_INDENT}{mark}{left} │ {right}{screen.paint(owner, 'yellow')}".rstrip()


def _stacked(rows: Sequence[Row | None], screen: Screen, patch: str, path: str) -> Iterator[str]:
    yield screen.paint(f"{_INDENT}- expected by {patch}, with the patch's line numbers", "dim")
    yield screen.paint(f"{_INDENT}+ found in {path}", "dim")
    waiting: list[tuple[str, str]] = []
    for index, row in enumerate(rows):
        if row is not None and not row.same:
            if row.expected is not None:
                yield screen.paint(_fitted(f"{_INDENT}- {_cell(row.expected, row)}", screen), "red")
            if row.found is not None:
                waiting.append((f"{_INDENT}+ {_cell(row.found, row)}", _owner_label(rows, index)))
            continue
        yield from _found(waiting, screen)
        waiting = []
        shown = f"{'⋮':>5}" if row is None or row.found is None else _cell(row.found, row)
        yield _fitted(f"{_INDENT}  {shown}", screen)
    yield from _found(waiting, screen)


def _found(waiting: Sequence[tuple[str, str]], screen: Screen) -> Iterator[str]:
    """The file's lines of a difference, below all the lines that are expected in their place."""
    for text, owner in waiting:
        room = screen.width - columns(owner)
        shown = shortened(text, room) if screen.terminal else text
        yield screen.paint(shown, "green") + screen.paint(owner, "yellow")


def _fitted(text: str, screen: Screen) -> str:
    return shortened(text, screen.width) if screen.terminal else text


def _cell(side: Side | None, row: Row) -> str:
    if side is None:
        return ""
    return f"{side.number or '':>5}  {visible(side.text) if row.blanks_only else code(side.text)}"


def _owner_label(rows: Sequence[Row | None], index: int) -> str:
    """Who put the file's line there, if it differs and the line above has not said so already."""
    row, above = rows[index], rows[index - 1] if index else None
    owner = _owner(row)
    if owner is None or owner == _owner(above):
        return ""
    return f"  ← {owner.patch}, hunk {owner.hunk}" if owner.hunk else f"  ← {owner.patch}"


def _owner(row: Row | None) -> Owner | None:
    return row.found.owner if row is not None and row.found is not None and not row.same else None
