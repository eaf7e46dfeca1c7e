"""Where in a file a hunk belongs: the search that GNU patch does, with its rules for context at the ends of a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from builder.patching.patch import Hunk


@dataclass(frozen=True, slots=True)
class Place:
    """A match: `start` is the index (from 0) of the hunk's first line in the file, with `fuzz` lines left out."""

    start: int
    fuzz: int


def find(lines: Sequence[bytes], hunk: Hunk, *, guess: int, floor: int, fuzz: int) -> Place | None:
    """The nearest place where `hunk` fits.

    `guess` is the index where it is expected, `floor` the first index that earlier hunks of the patch left free and
    `fuzz` the most context lines that may differ at either end. Exact matches anywhere come before fuzzy ones.
    """
    old = hunk.old
    if not old:
        return Place(min(max(guess, floor), len(lines)), 0)
    for level in range(min(fuzz, max(hunk.leading, hunk.trailing)) + 1):
        start = _find_at_level(lines, old, hunk, guess, floor, level)
        if start is not None:
            return Place(start, level)
    return None


def _find_at_level(
    lines: Sequence[bytes], old: tuple[bytes, ...], hunk: Hunk, guess: int, floor: int, level: int
) -> int | None:
    context = max(hunk.leading, hunk.trailing)
    # The shorter context is left out last: less of it means that the file began or ended there.
    cut_front = level + hunk.leading - context
    cut_back = level + hunk.trailing - context
    if cut_front < 0 and hunk.old_start <= 1:
        candidates: Iterator[int] = iter((0,))
        if cut_back < 0 and len(old) != len(lines):
            return None
    elif cut_back < 0:
        candidates = iter((len(lines) - len(old),))
    else:
        candidates = _outwards(guess, floor, len(lines) - len(old) + max(cut_back, 0))
    front, back = max(cut_front, 0), max(cut_back, 0)
    wanted = old[front : len(old) - back]
    for start in candidates:
        if start >= floor and tuple(lines[start + front : start + len(old) - back]) == wanted:
            return start
    return None


def _outwards(guess: int, lowest: int, highest: int) -> Iterator[int]:
    """guess, guess+1, guess-1, guess+2, …: all indexes from `lowest` to `highest`."""
    for distance in range(max(highest - guess, guess - lowest, 0) + 1):
        if lowest <= guess + distance <= highest:
            yield guess + distance
        if distance and lowest <= guess - distance <= highest:
            yield guess - distance
