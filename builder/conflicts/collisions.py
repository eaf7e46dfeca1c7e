"""The collisions of a pair: for each hunk that is in trouble, what it meets there, and what to decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from builder.conflicts.advice import Case, place_advice
from builder.conflicts.prints import FilePrint, Spot
from builder.conflicts.settle import Settled
from builder.conflicts.standing import Standing
from builder.conflicts.touches import Touch, touches
from builder.conflicts.values import Collision, CollisionKind
from builder.merging.merged import How, Region
from builder.patching.functions import enclosing, is_source
from builder.patching.state import pristine

WHOLE = 0
"""The number of the "hunk" that is the file as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """What went wrong when `second` came after `first`: for each path the numbers of the second's hunks."""

    first: Standing
    second: Standing
    hunks: Mapping[str, frozenset[int]]
    settled: Settled | None
    case: Case


def collisions(dispute: Dispute) -> tuple[Collision, ...]:
    """The collisions of a pair, by path and then by the hunks of its second patch."""
    return tuple(one for path in sorted(dispute.hunks) for one in _of_file(dispute, path))


def alone(standing: Standing) -> tuple[Collision, ...]:
    """What is wrong with a patch that does not apply by itself: a "collision" for each of its hunks."""
    return tuple(
        Collision(
            path=path,
            function=hunk.function,
            kind=CollisionKind.ALONE,
            first_hunk=WHOLE,
            second_hunk=hunk.n,
            base_line=hunk.line if path in standing.base else 0,
        )
        for patch in standing.applied.patches
        for path, hunk in patch.failures
    )


def _of_file(dispute: Dispute, path: str) -> Iterator[Collision]:
    whole = _of_whole_file(dispute, path)
    if whole is not None:
        yield whole
        return
    numbers = dispute.hunks[path]
    ours, theirs = (_print(standing, path) for standing in (dispute.first, dispute.second))
    lines = pristine(dispute.first.base[path]).lines
    explained: set[int] = set()
    for touch in touches(ours.hunks, theirs.hunks):
        if touch.second.number in numbers:
            explained.add(touch.second.number)
            yield _of_touch(dispute, path, touch, lines)
    for number in sorted(numbers - explained):
        yield _unexplained(dispute, path, number, theirs, lines)


def _print(standing: Standing, path: str) -> FilePrint:
    return standing.prints.get(path) or FilePrint(())


def _of_whole_file(dispute: Dispute, path: str) -> Collision | None:
    """The collision of two files of one name, or of a file's removal with its change."""
    first, second = dispute.first, dispute.second
    ours, theirs = first.applied.tree.get(path), second.applied.tree.get(path)
    if path not in first.base:
        same = ours == theirs
        kind = CollisionKind.SAME_FILE_EQUAL if same else CollisionKind.SAME_FILE_DIFFERENT
    elif ours is None or theirs is None:
        kind, same = CollisionKind.REMOVED, ours is theirs
    else:
        return None
    how = _how_of_file(dispute, path)
    return Collision(
        path=path,
        function="",
        kind=kind,
        first_hunk=WHOLE,
        second_hunk=WHOLE,
        base_line=1 if path in first.base else 0,
        how=how,
        advice=place_advice(dispute.case, kind, how=how, same=same),
    )


def _how_of_file(dispute: Dispute, path: str) -> str:
    if dispute.settled is None:
        return ""
    file = dispute.settled.files.get(path)
    if file is None or not file.ok:
        return How.CONFLICT.value
    return next((region.how.value for region in file.regions), How.SAME.value)


def _of_touch(dispute: Dispute, path: str, touch: Touch, lines: Sequence[bytes]) -> Collision:
    start, end = touch.start, touch.end
    ours, theirs = _print(dispute.first, path), _print(dispute.second, path)
    region = _region(dispute, path, start, end)
    if region is not None:
        start, end = region.base_start, region.base_start + len(region.base)
        base, first, second, merged = region.base, region.ours, region.theirs, region.merged
        how = region.how.value
    else:
        base = tuple(lines[start:end])
        mine, other = _spots(ours, start, end), _spots(theirs, start, end)
        first, second = _made(lines, mine, start, end), _made(lines, other, start, end)
        file = dispute.settled.files.get(path) if dispute.settled else None
        merged, how = (), How.CONFLICT.value if file and not file.ok else ""
        if file and file.ok:
            # The merge has no region for changes with a line between them that neither touches, nor in equal files.
            merged = _made(lines, sorted({*mine, *other}), start, end)
            how = (How.SAME if first == second else How.LINES).value
    return Collision(
        path=path,
        function=enclosing(dispute.first.base[path].data, start) if is_source(path) else "",
        kind=touch.kind,
        first_hunk=touch.first.number,
        second_hunk=touch.second.number,
        base_line=start + 1,
        base=_text(base),
        first=_text(first),
        second=_text(second),
        merged=_text(merged),
        how=how,
        advice=place_advice(dispute.case, touch.kind, how=how, same=first == second),
    )


def _unexplained(
    dispute: Dispute, path: str, number: int, theirs: FilePrint, lines: Sequence[bytes]
) -> Collision:
    """A hunk in trouble although the first patch changes nothing that it looks at: lines that repeat mislead it."""
    at = next((hunk for hunk in theirs.hunks if hunk.number == number), None)
    start, end = (at.start, at.end) if at else (0, 0)
    case = dispute.case
    return Collision(
        path=path,
        function=enclosing(dispute.first.base[path].data, start) if is_source(path) else "",
        kind=CollisionKind.CONTEXT,
        first_hunk=WHOLE,
        second_hunk=number,
        base_line=start + 1,
        base=_text(lines[start:end]),
        first=_text(lines[start:end]),
        second=_text(_made(lines, at.spots if at else (), start, end)),
        advice=place_advice(case, CollisionKind.CONTEXT),
    )


def _region(dispute: Dispute, path: str, start: int, end: int) -> Region | None:
    """The merge's region that these lines are in: of several one in dispute, or else the first."""
    file = dispute.settled.files.get(path) if dispute.settled else None
    if file is None:
        return None
    found = [
        region
        for region in file.regions
        if region.base_start <= end and start <= region.base_start + len(region.base)
    ]
    return next((region for region in found if region.how is How.CONFLICT), found[0] if found else None)


def _spots(file: FilePrint, start: int, end: int) -> list[Spot]:
    return [spot for hunk in file.hunks for spot in hunk.spots if start <= spot.start and spot.end <= end]


def _made(lines: Sequence[bytes], spots: Sequence[Spot], start: int, end: int) -> tuple[bytes, ...]:
    """The lines from `start` to `end` with the changes made."""
    made: list[bytes] = []
    for spot in spots:
        made += [*lines[start : spot.start], *spot.added]
        start = max(start, spot.end)
    return (*made, *lines[start:end])


def _text(lines: Sequence[bytes]) -> str:
    return b"".join(lines).decode("utf-8", "surrogateescape")
