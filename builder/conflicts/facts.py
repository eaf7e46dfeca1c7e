"""What must be known of a patch's hunks for a file to say without applying it what others do to them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from msgspec import Struct

from builder.conflicts.prints import FilePrint, HunkPrint, Spot
from builder.patching.applied import OwnedLines
from builder.patching.c_file import HEADING
from builder.patching.findings import FileOutcome, HunkStatus
from builder.patching.functions import is_source
from builder.patching.lazy import lazy
from builder.patching.patch import FileChange, Hunk
from builder.patching.state import pristine
from builder.sources.tree import Tree

NO_HEAD = -1


class Block(Struct, frozen=True, eq=False, kw_only=True, dict=True):
    """The lines `start` up to `end` of the base that a hunk looks at."""

    number: int
    """Which hunk of the file it is."""
    start: int
    end: int
    offset: int
    """How far that is from where the patch says."""
    bound_above: bool
    """Whether the hunk may only be at the top of the file."""
    bound_below: bool
    """Whether it may only be at the end of the file."""
    open_above: bool
    """Whether it has no context before its first change."""
    core: tuple[bytes, ...]
    """What must be there at least: the lines without the context that fuzz may leave out."""
    core_start: int
    old: tuple[bytes, ...]
    """All of the lines."""
    base: OwnedLines
    """The file that they are in."""

    @lazy
    def unique(self) -> frozenset[bytes]:
        """Those of the lines that the base has once."""
        return self.base.index.unique.intersection(self.old)

    @lazy
    def anchors(self) -> tuple[int, ...]:
        """Those of the core's lines that the base has once, as indexes."""
        unique = self.base.index.unique
        return tuple([at for at, line in enumerate(self.core, self.core_start) if line in unique])

    @lazy
    def head(self) -> int:
        """The line above with the head of a C function; NO_HEAD if there is none."""
        heads = self.base.c_file.heads
        at = bisect_left(heads, self.start)
        return heads[at - 1] if at else NO_HEAD


@dataclass(frozen=True, eq=False)
class Facts:
    """A patch's hunks for one file of the base. The sequences about its changes are in the order of the file."""

    blocks: tuple[Block, ...]
    spots: Sequence[Spot]
    """The changes."""
    starts: tuple[int, ...]
    """Where each change begins."""
    ends: tuple[int, ...]
    shifts: tuple[int, ...]
    """How many lines more there are after the first 0, 1, 2, … changes."""
    added: frozenset[bytes]
    base: OwnedLines
    lines: tuple[bytes, ...]
    """The file as the patch makes it."""
    source: bool
    """Whether it is one of C, so that it matters what function a hunk is in."""

    @lazy
    def heads(self) -> tuple[tuple[int, int], ...]:
        """The ranges of changes that may add or remove the head of a C function."""
        return tuple(
            [
                (spot.start, spot.end)
                for spot in self.spots
                if any(map(_may_be_head, (*self.base.lines[spot.start : spot.end], *spot.added)))
            ]
        )


def facts_of(
    base: Tree,
    change: FileChange,
    outcome: FileOutcome,
    prints: FilePrint,
    after: tuple[bytes, ...],
    fuzz: int,
) -> Facts | None:
    """The facts of a file's hunks, which made the lines `after` of the base's; None if there are none of their kind.

    Those are hunks that went in with fuzz, or in C at another line than they say: what others make of them must be
    tried. So it must with hunks that have no context, and where the last line has no line end.
    """
    before, source = pristine(base[outcome.path]), is_source(outcome.path)
    spots = [spot for hunk in prints.hunks for spot in hunk.spots]
    in_order = all(one.end <= other.start for one, other in pairwise(spots))
    usual = all(_is_usual(hunk.status, source=source) for hunk in outcome.hunks)
    whole = before.lines[-1].endswith(b"\n")
    if not (in_order and usual and whole and all(hunk.old and hunk.edits for hunk in change.hunks)):
        return None
    offsets = {hunk.n: hunk.offset for hunk in outcome.hunks}
    return Facts(
        blocks=tuple(
            [
                _block(hunk, place, offsets[hunk.number], before, fuzz)
                for hunk, place in zip(change.hunks, prints.hunks, strict=True)
            ]
        ),
        spots=spots,
        starts=tuple([spot.start for spot in spots]),
        ends=tuple([spot.end for spot in spots]),
        shifts=tuple(accumulate([len(s.added) - (s.end - s.start) for s in spots], initial=0)),
        added=frozenset([line for spot in spots for line in spot.added]),
        base=before,
        lines=after,
        source=source,
    )


def _is_usual(status: HunkStatus, *, source: bool) -> bool:
    return status is HunkStatus.CLEAN or (status is HunkStatus.OFFSET and not source)


def _block(hunk: Hunk, place: HunkPrint, offset: int, base: OwnedLines, fuzz: int) -> Block:
    leading, trailing = hunk.leading, hunk.trailing
    # GNU patch leaves out of the longer context first.
    context = max(leading, trailing)
    most = min(fuzz, context)
    front, back = max(most + leading - context, 0), max(most + trailing - context, 0)
    return Block(
        number=hunk.number,
        start=place.start,
        end=place.end,
        offset=offset,
        # To GNU patch less context on one side means that the file begins or ends there.
        bound_above=leading < trailing and hunk.old_start <= 1,
        bound_below=trailing < leading,
        open_above=not leading,
        core=hunk.old[front : len(hunk.old) - back],
        core_start=place.start + front,
        old=hunk.old,
        base=base,
    )


def _may_be_head(line: bytes) -> bool:
    return b"(" in line and HEADING.match(line) is not None
