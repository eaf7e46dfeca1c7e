"""Where in a file a hunk that fits nowhere comes closest, and which of its lines are there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_MOST_PLACES = 8
"""Lines that a file has more often than this say nothing about where a hunk belongs."""
_MOST_PAIRS = 240
"""Pairs of a hunk's line and a place that are looked at, so that a huge hunk costs no more than a large one."""
_WIDEST_GAP = 300
"""Lines that may have been put in between two lines of a hunk."""
_LARGEST_WINDOW = 3000
"""Lines that are compared one by one."""
_LEAST_LIKE = 0.15
"""Likeness below which a place is none."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Which lines of a file stand for a hunk's old lines: an index into the file for each, None for a missing one."""

    places: tuple[int | None, ...]
    likeness: float
    """From 0 to 1; lines with words in them count most."""

    @property
    def start(self) -> int:
        """The index where the hunk's first line is or would be."""
        at, place = next((at, place) for at, place in enumerate(self.places) if place is not None)
        return max(place - at, 0)

    def near(self, wanted: int) -> int:
        """The index in the file that old line `wanted` is at or, if it is missing, would be at."""
        for at in range(min(wanted, len(self.places) - 1), -1, -1):
            place = self.places[at]
            if place is not None:
                return place + (1 if at < wanted else 0)
        return max(self.start + wanted, 0)


class Index:
    """A file's lines by their words, so that the hunks of a patch find theirs without reading the file again."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        self.lines = lines
        self._places: Mapping[bytes, list[int]] = _by_words(lines)

    def align(self, old: Sequence[bytes], expected: int) -> Alignment | None:
        """The best place for `old`, nearest to index `expected` among equals; None if there is nothing like it."""
        chain = _best_chain(self._pairs(old, expected), expected)
        if not chain:
            return None
        (first, start), (last, end) = chain[0], chain[-1]
        low = max(start - first, 0)
        high = min(end + len(old) - last, len(self.lines), low + _LARGEST_WINDOW)
        places = _matched(old, self.lines[low:high], low)
        total = sum(map(weight, old))
        found = sum(weight(line) for line, place in zip(old, places, strict=True) if place is not None)
        if not found:
            # The same words, but every line has other blanks.
            places = tuple(dict(chain).get(at) for at in range(len(old)))
            found = sum(weight(line) for line, place in zip(old, places, strict=True) if place is not None)
        likeness = found / total
        return Alignment(places, likeness) if likeness >= _LEAST_LIKE else None

    def _pairs(self, old: Sequence[bytes], expected: int) -> list[tuple[int, int]]:
        pairs = [(at, place) for at, line in enumerate(old) for place in self._places.get(squeezed(line), ())]
        if len(pairs) > _MOST_PAIRS:
            pairs = sorted(pairs, key=lambda pair: abs(pair[1] - pair[0] - expected))[:_MOST_PAIRS]
        return sorted(pairs, key=lambda pair: (pair[1], pair[0]))


def squeezed(line: bytes) -> bytes:
    """A line without its blanks and its line end."""
    return b"".join(line.split())


def weight(line: bytes) -> float:
    """How much a line says: an empty one or a lone brace is found everywhere."""
    return 1.0 if len(line.strip()) > 3 else 0.1


def _by_words(lines: Sequence[bytes]) -> dict[bytes, list[int]]:
    places: defaultdict[bytes, list[int]] = defaultdict(list)
    for index, line in enumerate(lines):
        places[squeezed(line)].append(index)
    return {key: found for key, found in places.items() if key and len(found) <= _MOST_PLACES}


def _best_chain(pairs: Sequence[tuple[int, int]], expected: int) -> list[tuple[int, int]]:
    """The pairs (line of the hunk, index in the file), rising in both, that together say most."""
    best: list[float] = []
    before: list[int] = []
    for here, (at, place) in enumerate(pairs):
        score, previous = 0.0, -1
        for there in range(here - 1, -1, -1):
            other_at, other_place = pairs[there]
            if place - other_place > _WIDEST_GAP:
                break
            if other_at >= at or other_place >= place:
                continue
            gap = abs((place - other_place) - (at - other_at))
            if best[there] - gap / 100 > score:
                score, previous = best[there] - gap / 100, there
        best.append(score + 1)
        before.append(previous)
    if not best:
        return []
    end = max(
        range(len(best)), key=lambda one: best[one] - abs(pairs[one][1] - pairs[one][0] - expected) / 1e5
    )
    chain = []
    while end >= 0:
        chain.append(pairs[end])
        end = before[end]
    return chain[::-1]


def _matched(old: Sequence[bytes], window: Sequence[bytes], low: int) -> tuple[int | None, ...]:
    places: list[int | None] = [None] * len(old)
    for start, other, size in SequenceMatcher(None, old, window, autojunk=False).get_matching_blocks():
        for step in range(size):
            places[start + step] = low + other + step
    return tuple(places)
