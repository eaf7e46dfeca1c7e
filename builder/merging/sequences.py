"""The three-way merge of sequences, whatever they are of: lines, tokens of C, words of a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from functools import lru_cache

from msgspec import Struct

from builder.merging.edits import meetings
from builder.patching.difference import Change, changes


class Who(Enum):
    """Who changed a chunk."""

    NOBODY = 0
    OURS = 1
    THEIRS = 2
    SAME = 3
    """Both, in the same way."""
    BOTH = 4


class Chunk(Struct, frozen=True):
    """A part of the three sequences, as ranges of indexes."""

    who: Who
    base: tuple[int, int]
    ours: tuple[int, int]
    theirs: tuple[int, int]


def chunks(base: Sequence[bytes], ours: Sequence[bytes], theirs: Sequence[bytes]) -> Iterator[Chunk]:
    """The three sequences in parts that follow on each other. Between changes of the two sides is at least one item
    that neither changed, else they are one chunk."""
    at = [0, 0, 0]
    was = tuple(base)
    for meeting in meetings(_changes(was, tuple(ours)), _changes(was, tuple(theirs))):
        if meeting.start > at[0]:
            yield Chunk(
                Who.NOBODY, (at[0], meeting.start), (at[1], meeting.ours[0]), (at[2], meeting.theirs[0])
            )
        new_ours, new_theirs = ours[slice(*meeting.ours)], theirs[slice(*meeting.theirs)]
        if not meeting.theirs_changes:
            who = Who.OURS
        elif not meeting.ours_changes:
            who = Who.THEIRS
        else:
            who = Who.SAME if new_ours == new_theirs else Who.BOTH
        yield Chunk(who, (meeting.start, meeting.end), meeting.ours, meeting.theirs)
        at = [meeting.end, meeting.ours[1], meeting.theirs[1]]
    if at[0] < len(base):
        yield Chunk(Who.NOBODY, (at[0], len(base)), (at[1], len(ours)), (at[2], len(theirs)))


@lru_cache(maxsize=1024)
def _changes(base: tuple[bytes, ...], side: tuple[bytes, ...]) -> Sequence[Change]:
    """Kept, as patches are merged in both orders."""
    return changes(base, side)
