"""Which lines of a file stand in a hunk's way, and which earlier hunk is to blame for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from builder.patching.applied import OwnedLines, Removed
from builder.patching.diagnose.candidate import Alignment, weight
from builder.patching.findings import Owner
from builder.patching.patch import Hunk

Fate = int | Owner
"""What became of a line of the base: its index in the file, or who took it away."""
Takers = Mapping[bytes, Sequence[Removed]]
"""Lines that are gone, with those who took them away."""

_NEAR = 100
"""Lines from where a line is missing within which somebody who took such a line away may have taken this one."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One place where a file is not as a hunk expects."""

    expected: bytes
    """The hunk's line that is not there or, for a line that was put in, the one it is put before; nothing if the hunk
    expects the file to begin or end here."""
    index: int
    """Where in the file."""
    owner: Owner | None
    """Who took the expected line away or put another one there; None if the base is so."""
    missing: bool = False
    """Whether the expected line is gone; otherwise others were put before it."""
    changed: bool = False
    """Whether the expected line is one that the hunk removes, not context."""


def takers(before: OwnedLines) -> Takers:
    """For every line that patches took away who did, and where."""
    found: defaultdict[bytes, list[Removed]] = defaultdict(list)
    for gone in before.removed:
        for line in dict.fromkeys(gone.lines):
            found[line].append(gone)
    return dict(found)


def trace(original: Sequence[bytes], before: OwnedLines) -> list[Fate] | None:
    """The fate of every line of the base's file, exactly; None if it cannot be told from what `before` knows."""
    fates: list[Fate] = []
    removed = list(before.removed)[::-1]
    for index, (line, owner) in enumerate(zip(before.lines, before.owners, strict=True)):
        _take_away(fates, removed, original, index)
        if owner is None:
            if len(fates) == len(original) or original[len(fates)] != line:
                return None
            fates.append(index)
    _take_away(fates, removed, original, len(before.lines))
    return fates if len(fates) == len(original) else None


def _take_away(fates: list[Fate], removed: list[Removed], original: Sequence[bytes], index: int) -> None:
    while removed and removed[-1].at <= index:
        gone = removed.pop()
        for line in gone.lines:
            # What an earlier patch had put in and this one took away again never was in the base.
            if len(fates) < len(original) and original[len(fates)] == line:
                fates.append(gone.owner)


def aligned(fates: Sequence[Fate], old: Sequence[bytes]) -> Alignment | None:
    """Where a hunk's old lines, which the base has, are now; None if none of them is left."""
    places = tuple(fate if isinstance(fate, int) else None for fate in fates)
    left = sum(weight(line) for line, place in zip(old, places, strict=True) if place is not None)
    if all(place is None for place in places):
        return None
    return Alignment(places, left / sum(map(weight, old)))


def mismatches(
    hunk: Hunk,
    alignment: Alignment,
    before: OwnedLines,
    fates: Sequence[Fate] | None,
    takers: Takers,
) -> list[Mismatch]:
    """All places between the first and the last old line where the file differs, in order."""
    found: list[Mismatch] = []
    matched = [(at, place) for at, place in enumerate(alignment.places) if place is not None]
    end = len(hunk.old)
    last_at, last_place = -1, -1
    for at, place in [*matched, (end, len(before.lines))]:
        missing = range(last_at + 1, at)
        extra = range(last_place + 1, place)
        # Outside of the hunk's lines only what stands in place of missing ones counts.
        if last_at < 0:
            extra = extra[max(len(extra) - len(missing), 0) :]
            strangers = (index for index in reversed(extra) if fates and before.owners[index] is None)
            extra = range(next(strangers, extra.start - 1) + 1, extra.stop)
        elif at == end:
            extra = extra[: len(missing)]
            strangers = (index for index in extra if fates and before.owners[index] is None)
            extra = range(extra.start, next(strangers, extra.stop))
        found += _between(hunk, before, fates, takers, missing, extra, min(at, end - 1))
        last_at, last_place = at, place
    return found


def _between(
    hunk: Hunk,
    before: OwnedLines,
    fates: Sequence[Fate] | None,
    takers: Takers,
    missing: range,
    extra: range,
    following: int,
) -> list[Mismatch]:
    """The differences between two old lines that are there."""
    found = []
    for step, wanted in enumerate(missing):
        here = extra[step] if step < len(extra) else extra.stop
        owner = _taker(takers.get(hunk.old[wanted], ()), here, fates[wanted] if fates else None)
        if owner is None and step < len(extra):
            owner = before.owners[here]
        found.append(Mismatch(hunk.old[wanted], here, owner, missing=True, changed=removes(hunk, wanted)))
    more = (Mismatch(hunk.old[following], index, before.owners[index]) for index in extra[len(missing) :])
    return [*found, *more]


def _taker(takers: Sequence[Removed], index: int, fate: Fate | None) -> Owner | None:
    """Who took a line away: exactly, if its fate is known; otherwise whoever took such a line nearest to `index`."""
    if fate is not None:
        return fate if isinstance(fate, Owner) else None
    near = [gone for gone in takers if abs(gone.at - index) <= _NEAR]
    return min(near, key=lambda gone: abs(gone.at - index)).owner if near else None


def removes(hunk: Hunk, wanted: int) -> bool:
    """Whether old line `wanted` of a hunk is one that it removes, not context."""
    return any(edit.at <= wanted < edit.at + edit.removed for edit in hunk.edits)
