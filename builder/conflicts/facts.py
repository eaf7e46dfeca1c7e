"""What must be known of a patch's hunks for a file to say without applying it what others do to them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

from builder.conflicts.prints import FilePrint, HunkPrint, Spot
from builder.patching.findings import FileOutcome, HunkStatus
from builder.patching.functions import is_source
from builder.patching.lines import split_lines
from builder.patching.patch import FileChange, Hunk
from builder.sources.tree import Tree

_NAME = "conflicts.lines"
_HEADING = re.compile(rb"[A-Za-z_$]")
NO_HEAD = -1


class Block(NamedTuple):
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
    unique: frozenset[bytes]
    """Those of the lines that the base has once."""
    head: int | None
    """The line above with the head of a C function; NO_HEAD if there is none, None if nobody asks for it."""
    core: tuple[bytes, ...]
    """What must be there at least: the lines without the context that fuzz may leave out."""
    core_start: int
    anchors: tuple[int, ...]
    """Those of the core's lines that the base has once, as indexes."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A patch's hunks for one file of the base. The sequences about its changes are in the order of the file."""

    blocks: tuple[Block, ...]
    starts: tuple[int, ...]
    """Where each change begins."""
    ends: tuple[int, ...]
    shifts: tuple[int, ...]
    """How many lines more there are after the first 0, 1, 2, … changes."""
    added: frozenset[bytes]
    lines: tuple[bytes, ...]
    """The file as the patch makes it."""
    heads: tuple[tuple[int, int], ...]
    """The ranges of changes that may add or remove the head of a C function."""


class _Lines:
    """A file of the base."""

    def __init__(self, path: str, data: bytes) -> None:
        self.lines = split_lines(data)
        self.whole = data.endswith(b"\n")
        self.source = is_source(path)

    @cached_property
    def unique(self) -> frozenset[bytes]:
        return frozenset(line for line, count in Counter(self.lines).items() if count == 1)

    @cached_property
    def heads(self) -> list[int]:
        """The lines that may be heads of functions, in order."""
        return [index for index, line in enumerate(self.lines) if _may_be_head(line) and _is_head(line)]

    def head_above(self, index: int) -> int | None:
        """The head above line `index`, as `Block.head` has it."""
        if not self.source:
            return None
        at = bisect_left(self.heads, index)
        return self.heads[at - 1] if at else NO_HEAD


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
    lines = _lines_of(base, outcome.path)
    spots = [spot for hunk in prints.hunks for spot in hunk.spots]
    in_order = all(one.end <= other.start for one, other in pairwise(spots))
    usual = all(_is_usual(hunk.status, source=lines.source) for hunk in outcome.hunks)
    if not (in_order and usual and lines.whole and all(hunk.old and hunk.edits for hunk in change.hunks)):
        return None
    offsets = {hunk.n: hunk.offset for hunk in outcome.hunks}
    blocks = (
        _block(hunk, place, offsets[hunk.number], lines, fuzz)
        for hunk, place in zip(change.hunks, prints.hunks, strict=True)
    )
    return Facts(
        blocks=tuple(blocks),
        starts=tuple(spot.start for spot in spots),
        ends=tuple(spot.end for spot in spots),
        shifts=tuple(accumulate((len(s.added) - (s.end - s.start) for s in spots), initial=0)),
        added=frozenset(line for spot in spots for line in spot.added),
        lines=after,
        heads=tuple((spot.start, spot.end) for spot in spots if _about_heads(spot, lines)),
    )


def _is_usual(status: HunkStatus, *, source: bool) -> bool:
    return status is HunkStatus.CLEAN or (status is HunkStatus.OFFSET and not source)


def _block(hunk: Hunk, place: HunkPrint, offset: int, lines: _Lines, fuzz: int) -> Block:
    leading, trailing = hunk.leading, hunk.trailing
    # GNU patch leaves out of the longer context first.
    context = max(leading, trailing)
    most = min(fuzz, context)
    front, back = max(most + leading - context, 0), max(most + trailing - context, 0)
    core = hunk.old[front : len(hunk.old) - back]
    core_start = place.start + front
    return Block(
        number=hunk.number,
        start=place.start,
        end=place.end,
        offset=offset,
        # To GNU patch less context on one side means that the file begins or ends there.
        bound_above=leading < trailing and hunk.old_start <= 1,
        bound_below=trailing < leading,
        open_above=not leading,
        unique=lines.unique.intersection(hunk.old),
        head=lines.head_above(place.start),
        core=core,
        core_start=core_start,
        anchors=tuple(core_start + at for at, line in enumerate(core) if line in lines.unique),
    )


def _about_heads(spot: Spot, lines: _Lines) -> bool:
    return lines.source and any(map(_may_be_head, (*lines.lines[spot.start : spot.end], *spot.added)))


def _may_be_head(line: bytes) -> bool:
    return b"(" in line and _HEADING.match(line) is not None


def _is_head(line: bytes) -> bool:
    return not line.strip().endswith((b";", b"}"))


def _lines_of(base: Tree, path: str) -> _Lines:
    known: dict[str, Any] = base.memory.setdefault(_NAME, {})
    if path not in known:
        known[path] = _Lines(path, base[path].data)
    lines: _Lines = known[path]
    return lines
