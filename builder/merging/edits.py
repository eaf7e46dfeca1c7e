"""What each side changed of the base, and the places where the changes of both meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from msgspec import Struct

from builder.patching.applied import OwnedLines
from builder.patching.difference import Change, changes
from builder.patching.lines import split_lines

NO_CHANGES: tuple[Change, ...] = ()


@dataclass(frozen=True, eq=False)
class Side:
    """One version of a file: its lines, and the changes that make them of the base's.

    Compared by identity, so that what was found out about one can be remembered cheaply.
    """

    lines: tuple[bytes, ...]
    changes: tuple[Change, ...]

    @cached_property
    def added(self) -> tuple[tuple[int, bytes], ...]:
        """The lines that the changes brought, each with its index."""
        return tuple(
            [
                (at, self.lines[at])
                for change in self.changes
                for at in range(change.new_start, change.new_end)
            ]
        )


class Meeting(Struct, frozen=True):
    """A range of the base that changes touch, with the range that each side has for it. Both changed something here
    if both have changes."""

    start: int
    end: int
    ours: tuple[int, int]
    theirs: tuple[int, int]
    ours_changes: tuple[Change, ...]
    theirs_changes: tuple[Change, ...]


@lru_cache(maxsize=8192)
def lines_of(data: bytes) -> tuple[bytes, ...]:
    """The lines of a file; kept, as one base is merged with many sides."""
    return tuple(split_lines(data))


@lru_cache(maxsize=8192)
def side_of(base: bytes, data: bytes) -> Side:
    """A side whose changes are not known yet; kept, as a patched file meets that of many other patches."""
    new = lines_of(data)
    return Side(new, tuple(changes(lines_of(base), new)))


def side_of_owned(base: Sequence[bytes], owned: OwnedLines) -> Side | None:
    """A side whose changes the applier knows: lines without an owner are the base's, in order.

    None if they do not add up to the base, for then a patch took away what another had put there.
    """
    found: list[Change] = []
    gone = iter([*owned.removed])
    removed = next(gone, None)
    at = new_start = new = 0
    old_start = 0
    for new in range(len(owned.lines) + 1):
        while removed is not None and removed.at == new:
            at += len(removed.lines)
            removed = next(gone, None)
        if new < len(owned.lines) and owned.owners[new] is not None:
            continue
        if at > old_start or new > new_start:
            found.append(Change(old_start, at, new_start, new))
        if new < len(owned.lines):
            if at >= len(base) or base[at] != owned.lines[new]:
                return None
            at += 1
        old_start, new_start = at, new + 1
    return Side(owned.lines, tuple(found)) if at == len(base) else None


def meetings(
    ours: Sequence[Change], theirs: Sequence[Change], spans: Sequence[tuple[int, int]] | None = None
) -> Iterator[Meeting]:
    """All places that a side changed, in order. Changes that overlap or touch are one place.

    `spans`: for each line of the base the range of lines that counts as one with it, such as a line of make with its
    continuations.
    """
    waiting = [(*_widened(change, spans), 0, change) for change in ours]
    waiting += [(*_widened(change, spans), 1, change) for change in theirs]
    waiting.sort(key=_in_order)
    offsets = [0, 0]
    index = 0
    while index < len(waiting):
        start, end, _, _ = waiting[index]
        group: tuple[list[Change], list[Change]] = ([], [])
        before = tuple(offsets)
        while index < len(waiting) and waiting[index][0] <= end:
            _, reach, side, change = waiting[index]
            end = max(end, reach)
            group[side].append(change)
            offsets[side] += change.new_end - change.new_start - change.old_end + change.old_start
            index += 1
        yield Meeting(
            start,
            end,
            (start + before[0], end + offsets[0]),
            (start + before[1], end + offsets[1]),
            tuple(group[0]),
            tuple(group[1]),
        )


def _in_order(entry: tuple[int, int, int, Change]) -> tuple[int, int, int, int]:
    return entry[0], entry[1], entry[2], entry[3].old_start


def _widened(change: Change, spans: Sequence[tuple[int, int]] | None) -> tuple[int, int]:
    start, end = change.old_start, change.old_end
    if spans is None:
        return start, end
    if start == end:  # an insertion belongs to a span only if it is inside of it
        inner = spans[start] if start < len(spans) else (start, start)
        return inner if inner[0] < start else (start, end)
    return spans[start][0], spans[end - 1][1]
