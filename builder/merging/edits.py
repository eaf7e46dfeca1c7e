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

    base: tuple[bytes, ...]
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
    """A side of which only the bytes are known; kept, as a patched file meets that of many other patches."""
    old, new = lines_of(base), lines_of(data)
    return Side(old, new, tuple(changes(old, new)))


def side_of_owned(owned: OwnedLines) -> Side:
    """A side whose lines the applier has: those that it took over from the base are the very same, and quickly compared."""
    old = owned.origin.lines
    return Side(old, owned.lines, tuple(changes(old, owned.lines)))


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
