"""Where the hunks of two patches touch in the base, and in what way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from builder.conflicts.prints import HunkPrint, Spot
from builder.conflicts.values import CollisionKind

_WORST_FIRST = (
    CollisionKind.REMOVED,
    CollisionKind.REWRITTEN,
    CollisionKind.BOTH_ADD,
    CollisionKind.CONTEXT,
)


class Touch(NamedTuple):
    """Two hunks that touch. `start` up to `end` are the lines of the base that are in dispute, maybe none."""

    first: HunkPrint
    second: HunkPrint
    kind: CollisionKind
    start: int
    end: int


def touches(first: Sequence[HunkPrint], second: Sequence[HunkPrint]) -> Iterator[Touch]:
    """Every pair of hunks of which one changes what the other looks at, in the order of the second's hunks.

    Both sequences are in the order of the file.
    """
    for theirs in second:
        for ours in first:
            if ours.start > theirs.end or theirs.start > ours.end:
                continue
            touch = touching(ours, theirs)
            if touch is not None:
                yield touch


def touching(ours: HunkPrint, theirs: HunkPrint) -> Touch | None:
    """How two hunks touch; None if each leaves alone what the other looks at."""
    meeting = [
        (kind, one, other)
        for one in ours.spots
        for other in theirs.spots
        if (kind := _meeting(one, other)) is not None
    ]
    if meeting:
        kind = min((kind for kind, _, _ in meeting), key=_WORST_FIRST.index)
        spots = [spot for found, one, other in meeting if found == kind for spot in (one, other)]
    else:
        inside = [spot for spot in ours.spots if _inside(spot, theirs)]
        around = [spot for spot in theirs.spots if _inside(spot, ours)]
        if not inside and not around:
            return None
        kind = CollisionKind.CONTEXT
        spots = [*(inside or ours.spots), *(around or theirs.spots)]
    return Touch(ours, theirs, kind, min(spot.start for spot in spots), max(spot.end for spot in spots))


def _inside(spot: Spot, hunk: HunkPrint) -> bool:
    """Whether a change is among the lines that a hunk looks at; an insertion before the first or behind the last of
    them is not, unless the hunk itself inserts there."""
    if spot.start < spot.end:
        return spot.start < hunk.end and hunk.start < spot.end
    return hunk.start < spot.start < hunk.end


def _meeting(one: Spot, other: Spot) -> CollisionKind | None:
    """In what way two changes are about the same lines; None if they are not."""
    if one.start == one.end and other.start == other.end:
        return CollisionKind.BOTH_ADD if one.start == other.start else None
    overlap = one.start < other.end and other.start < one.end
    if not overlap:
        return None
    if bool(one.added) != bool(other.added):
        return CollisionKind.REMOVED
    return CollisionKind.REWRITTEN
