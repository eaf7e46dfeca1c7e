"""What becomes of hunks after another patch, as far as that is plain from where both are in the base.

A hunk's block is the lines that it looks at: what it removes, and its context. If no change of another patch is among
them, the block is intact in what the other makes of the file, and shifted by what that adds and removes above. GNU
patch's search finds it there, unless the same lines are somewhere nearer. They are not if one of them is in the base
only once and not among what the other adds. Where all hunks of both patches are intact the two orders give the same
file. If a change is among the lines, such a line that the base has once says where alone the block could be, and so
whether the hunk is rejected.

These are sufficient tests: what they do not cover is in doubt, and is really applied.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import NamedTuple

from builder.conflicts.facts import NO_HEAD, Block, Facts
from builder.conflicts.ranks import CLEAN, OFFSET, REJECTED
from builder.conflicts.standing import Standing

NOTHING: dict[str, frozenset[int]] = {}


class Fate(NamedTuple):
    """What becomes of a patch's hunks in some files after another patch."""

    rank: int
    rejected: dict[str, frozenset[int]]
    """By path the numbers of the hunks that are."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of two patches without applying them one after the other."""

    there: Fate
    """Of the second after the first, for all files that are not in doubt."""
    back: Fate
    """Of the first after the second."""
    doubts: tuple[str, ...]
    """The files in which they must be applied."""

    @property
    def harmless(self) -> bool:
        """Whether there is nothing more to find out, or to say."""
        return not self.doubts and not self.there.rejected and not self.back.rejected


def known(one: Standing, other: Standing) -> Known | None:
    """What the sufficient tests tell; None if nothing, because they do more than change lines, or need others."""
    if not (one.ok and other.ok):
        return None
    if not (one.elsewhere.isdisjoint(other.looked_at) and other.elsewhere.isdisjoint(one.looked_at)):
        return None
    if one.touched.isdisjoint(other.touched):
        return Known(Fate(other.rank, NOTHING), Fate(one.rank, NOTHING), ())
    shared = one.touched & other.touched
    there, back = other.rank_without(shared), one.rank_without(shared)
    rejected_there: dict[str, frozenset[int]] = {}
    rejected_back: dict[str, frozenset[int]] = {}
    doubts = []
    for path in shared:
        ours, theirs = _facts(one, path), _facts(other, path)
        after = _after(ours, theirs) if ours is not None and theirs is not None else None
        before = (
            _after(theirs, ours) if after is not None and ours is not None and theirs is not None else None
        )
        if after is None or before is None:
            doubts.append(path)
            continue
        there, back = max(there, after[0]), max(back, before[0])
        if after[1]:
            rejected_there[path] = frozenset(after[1])
        if before[1]:
            rejected_back[path] = frozenset(before[1])
    return Known(Fate(there, rejected_there), Fate(back, rejected_back), tuple(sorted(doubts)))


def _facts(standing: Standing, path: str) -> Facts | None:
    part = standing.parts.get(path)
    return None if part is None else part.facts


def _after(first: Facts, second: Facts) -> tuple[int, list[int]] | None:
    """The rank of the second's hunks after those of the first, and the numbers of those that are rejected; None if
    that takes applying them."""
    rank = CLEAN
    expected = 0
    rejected: list[int] = []
    ends, shifts, added = first.ends, first.shifts, first.added
    for block in second.blocks:
        before = bisect_right(ends, block.start)
        if _intact(block, before, first):
            offset = block.offset + shifts[before]
            # GNU patch looks first where the hunk before has led it, then everywhere.
            if offset != expected and block.unique <= added:
                return None
            if offset:
                rank = max(rank, OFFSET)
                if second.source and not _same_head(block, first):
                    return None
            expected = offset
        elif _rejected(block, first):
            rank = REJECTED
            rejected.append(block.number)
        else:
            return None
    return rank, rejected


def _intact(block: Block, before: int, first: Facts) -> bool:
    """Whether no change is among the block's lines; `before` changes end above it."""
    after = len(first.starts) - before
    if after and first.starts[before] < block.end:
        return False
    if block.open_above and before and first.ends[before - 1] == block.start:
        return False
    return not (block.bound_above and before) and not (block.bound_below and after)


def _rejected(block: Block, first: Facts) -> bool:
    """Whether the block is sure not to be found, whatever fuzz leaves out."""
    lines = first.lines
    for anchor in block.anchors:
        within = anchor - block.core_start
        if block.core[within] in first.added:
            continue
        before = bisect_right(first.ends, anchor)
        if before < len(first.starts) and first.starts[before] <= anchor < first.ends[before]:
            return True  # the line is gone
        start = anchor + first.shifts[before] - within
        return start < 0 or lines[start : start + len(block.core)] != block.core
    return False


def _same_head(block: Block, first: Facts) -> bool:
    """Whether the block is still below the same head of a function, so that nobody takes it for moved."""
    head, start = block.head, block.start
    return head != NO_HEAD and not any(begin <= start and end >= head for begin, end in first.heads)
