"""Where in a file a hunk belongs: the search that GNU patch does, with its rules for context at the ends of a file."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from builder.patching.lines import LineIndex
from builder.patching.patch import ADDED, Edit, Hunk


class Place(Struct, frozen=True, gc=False):
    """A match: `start` is the index (from 0) of the hunk's first line in the file, with `fuzz` lines left out.

    With fuzz, `start` can be before the file's first line; at -1 no hunk can be.
    """

    start: int
    fuzz: int


def first_index(hunk: Hunk) -> int:
    """The index (from 0) of the hunk's first line, as the patch says it."""
    # An insertion into nothing names the line before it, any other hunk its own first line.
    return hunk.old_start - 1 if hunk.kinds.strip(ADDED) else hunk.old_start


def fits(index: LineIndex, old: tuple[bytes, ...], edits: Sequence[Edit], guess: int, floor: int) -> bool:
    """Whether `find` finds a hunk at `guess` exactly, told without a search: most hunks are where they say.

    `old` and `edits` are the hunk's.
    """
    if edits and edits[0].at != len(old) - edits[-1].at - edits[-1].removed:
        return False  # it has more context at one end
    return guess >= floor and index.has(old, guess)


def find(
    lines: LineIndex | Sequence[bytes], hunk: Hunk, *, guess: int, floor: int, fuzz: int
) -> Place | None:
    """The nearest place where `hunk` fits.

    `guess` is the index where it is expected, `floor` the first index that earlier hunks of the patch left free and
    `fuzz` the most context lines that may differ at either end. Exact matches anywhere come before fuzzy ones.
    A hunk that is nearer to the top than the one before it can be found below `floor`: see `_near`.
    """
    old = hunk.old
    if not old:
        return Place(guess, 0)
    index = lines if isinstance(lines, LineIndex) else LineIndex(lines)
    leading, trailing = hunk.leading, hunk.trailing
    context = max(leading, trailing)
    nowhere = None
    for level in range(min(fuzz, context) + 1):
        # The shorter context is left out last: less of it means that the file began or ended there.
        front, back = level + leading - context, level + trailing - context
        start = _find_without(index, hunk, guess, floor, front, back)
        if start == -1:
            # Only among misordered hunks. To GNU patch line 0 means "not found", but it goes on from there.
            nowhere, guess = Place(start, level), start
        elif start is not None:
            return Place(start, level)
        elif not level and not index.knows(old[leading : len(old) - trailing]):
            return None  # what is to be removed is nowhere, whatever is left out around it
    return nowhere


def _find_without(index: LineIndex, hunk: Hunk, guess: int, floor: int, front: int, back: int) -> int | None:
    """Where the hunk fits without its first `front` and last `back` lines. Below 0: only at that end of the file."""
    old = hunk.old
    spare = len(index.lines) - len(old)
    if front < 0 and hunk.old_start <= 1:
        fits = floor <= hunk.leading and spare + back >= 0 and index.has(old[: len(old) - back], 0)
        return 0 if fits else None
    front = max(front, 0)
    if back < 0:
        return spare if spare >= floor and index.has(old[front:], spare + front) else None
    block = old[front : len(old) - back]
    found = _near(index, block, guess + front, floor + front, spare + back + front)
    return None if found is None else found - front


def _near(index: LineIndex, block: tuple[bytes, ...], guess: int, lowest: int, highest: int) -> int | None:
    """The index where `block` begins that GNU patch would try first."""
    if lowest <= guess <= highest and index.has(block, guess):
        return guess
    if guess < lowest and guess <= highest:
        # Expected in lines that are done already. GNU patch then begins as far above the guess as the first free
        # line is below it; what it finds above makes "misordered hunks".
        mirror = guess - (lowest - guess)
        near = next((start for start in (mirror, lowest) if index.has(block, start)), None)
        return index.first(block, mirror + 1, highest) if near is None else near
    if not block:
        return highest if highest >= lowest else None
    return index.nearest(block, guess, lowest, highest)
