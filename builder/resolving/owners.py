"""Which hunks made of a region what one side of a merge has there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from builder.patching.applied import Applied, OwnedLines
from builder.patching.findings import Owner


def owners_of(
    applied: Applied, path: str, lines: Sequence[bytes], base: Sequence[bytes], near: int
) -> tuple[Owner, ...]:
    """The hunks that put `lines` into a file, or took some of `base` away, around the index `near`, in order."""
    owned = applied.owned.get(path)
    if owned is None:
        return ()
    start = owned.index.nearest(tuple(lines), near, 0, len(owned.lines) - len(lines)) if lines else near
    if start is None:
        return ()
    return tuple(dict.fromkeys(_owners(owned, start, len(lines), frozenset(base))))


def _owners(owned: OwnedLines, start: int, count: int, base: frozenset[bytes]) -> Iterator[Owner]:
    yield from (owner for owner in owned.owners[start : start + count] if owner is not None)
    for gone in owned.removed:
        near = start <= gone.at <= start + count if count else True
        if near and base.intersection(gone.lines):
            yield gone.owner
