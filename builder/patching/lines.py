"""Lines: what one is (the one answer for patches and for the files that they change), and where blocks of them are."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import cycle

_CHARACTERS = sys.maxunicode + 1
_FIRST_REACH = 4096
"""Lines to either side of a guess that are searched first."""
_GROWTH = 8


def split_lines(data: bytes) -> list[bytes]:
    """Lines with their line ends; only a line feed ends a line."""
    if b"\r" not in data:
        return data.splitlines(keepends=True)  # twice as fast, but takes a carriage return for a line end too
    lines = data.split(b"\n")
    last = lines.pop()
    return [line + b"\n" for line in lines] + ([last] if last else [])


class LineIndex:
    """A file's lines, and where blocks of lines are in it: found in time linear in the lines looked at, whatever they are.

    Each distinct line gets a character, and the file becomes a string: Python's search for a string in another is
    linear even where the lines repeat without end. The string is made when a block is looked for the first time.
    """

    def __init__(self, lines: Sequence[bytes]) -> None:
        self.lines = tuple(lines)

    def has(self, block: tuple[bytes, ...], start: int) -> bool:
        """Whether `block` begins at index `start`; no lines are anywhere, even outside of the file."""
        return not block or (start >= 0 and self.lines[start : start + len(block)] == block)

    def first(self, block: tuple[bytes, ...], lowest: int, highest: int) -> int | None:
        """The first index from `lowest` to `highest` where `block` begins."""
        needle = self._encoded(block)
        return None if needle is None else self._upwards(block, needle, max(lowest, 0), highest)

    def nearest(self, block: tuple[bytes, ...], guess: int, lowest: int, highest: int) -> int | None:
        """The index from `lowest` (at least 0) to `highest` nearest to `guess` where `block` begins.

        Of two that are as near it is the later one.
        """
        needle = self._encoded(block)
        if needle is None:
            return None
        # Rings around the guess, each wider than the last, so that what is near is found without looking far.
        inner, outer = 0, _FIRST_REACH
        while guess + inner <= highest or guess - inner >= lowest:
            after = self._upwards(block, needle, max(guess + inner, lowest), min(guess + outer - 1, highest))
            nearer = outer - 1 if after is None else after - guess - 1
            before = self._downwards(block, needle, max(guess - nearer, lowest), min(guess - inner, highest))
            if before is not None or after is not None:
                return after if before is None else before
            inner, outer = outer, outer * _GROWTH
        return None

    @cached_property
    def _codes(self) -> dict[bytes, str]:
        # A huge file may have more distinct lines than there are characters. Then some share one, and a match of
        # characters must still be compared with the lines themselves.
        return dict(zip(dict.fromkeys(self.lines), map(chr, cycle(range(_CHARACTERS))), strict=False))

    @cached_property
    def _forward(self) -> str:
        return "".join(map(self._codes.__getitem__, self.lines))

    @cached_property
    def _backward(self) -> str:
        return self._forward[::-1]

    def _encoded(self, block: tuple[bytes, ...]) -> str | None:
        """The block as a string; None if it has a line that is nowhere in the file."""
        try:
            return "".join(map(self._codes.__getitem__, block))
        except KeyError:
            return None

    def _upwards(self, block: tuple[bytes, ...], needle: str, lowest: int, highest: int) -> int | None:
        for at in _found(self._forward, needle, lowest, highest):
            if self.has(block, at):
                return at
        return None

    def _downwards(self, block: tuple[bytes, ...], needle: str, lowest: int, highest: int) -> int | None:
        # Not rfind: that may need time in proportion to the block at every line.
        last = len(self.lines) - len(block)
        for at in _found(self._backward, needle[::-1], last - highest, last - lowest):
            if self.has(block, last - at):
                return last - at
        return None


def _found(text: str, needle: str, lowest: int, highest: int) -> Iterator[int]:
    """All indexes from `lowest` to `highest` where `needle` begins, in order."""
    at = lowest - 1
    while at < highest:
        at = text.find(needle, max(at + 1, 0), highest + len(needle))
        if at < 0:
            return
        yield at
