"""What is settled before the lines are merged, at places where the changes of the two sides do not even meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from builder.merging.merged import How, Region, Shared


@dataclass(frozen=True, slots=True, kw_only=True)
class Aside:
    """Lines that one side brought and that were changed, or left out, because of what the other side brought."""

    how: How
    base_start: int
    """Before which line of the base the merged lines stand."""
    ours: tuple[bytes, ...]
    theirs: tuple[bytes, ...]
    """What the sides really have."""
    merged: tuple[bytes, ...]
    note: str
    shared: tuple[Shared, ...] = ()
    carried: tuple[bytes, ...] = ()


def told(regions: Sequence[Region], asides: Sequence[Aside], merged: Sequence[bytes]) -> list[Region]:
    """The regions and the asides: within the region that has an aside's lines, or as regions of their own."""
    result = list(regions)
    for aside in asides:
        at = _place(aside.merged, merged)
        around = (
            index
            for index, region in enumerate(result)
            if 0 <= at - region.merged_start <= len(region.merged) - len(aside.merged)
        )
        index = next(around, None)
        if index is None:
            result.append(_alone(aside, at))
        else:
            result[index] = _within(result[index], aside)
    return sorted(result, key=lambda region: region.merged_start)


def _place(lines: tuple[bytes, ...], merged: Sequence[bytes]) -> int:
    count = len(lines)
    return next(
        (at for at in range(len(merged) - count + 1) if tuple(merged[at : at + count]) == lines), len(merged)
    )


def _alone(aside: Aside, at: int) -> Region:
    return Region(
        how=aside.how,
        function="",
        base_start=aside.base_start,
        merged_start=at,
        base=(),
        ours=aside.ours,
        theirs=aside.theirs,
        merged=aside.merged,
        note=aside.note,
        shared=aside.shared,
        carried=aside.carried,
    )


def _within(region: Region, aside: Aside) -> Region:
    """The region, with the lines of its sides as they really are."""

    def real(lines: tuple[bytes, ...], own: tuple[bytes, ...]) -> tuple[bytes, ...]:
        changed = dict(zip(aside.merged, own, strict=True)) if len(own) == len(aside.merged) else {}
        return tuple([changed.get(line, line) for line in lines])

    return replace(
        region,
        ours=real(region.ours, aside.ours),
        theirs=real(region.theirs, aside.theirs),
        note=f"{region.note} {aside.note}",
        shared=(*region.shared, *aside.shared),
        carried=(*region.carried, *aside.carried),
    )
