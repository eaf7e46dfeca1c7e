"""Lines: what one is (the one answer for patches and for the files that they change), and where blocks of them are."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, cycle

from builder.patching.lazy import lazy

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

    def __init__(
        self, lines: Sequence[bytes], like: LineIndex | None = None, same: Sequence[tuple[int, int, int]] = ()
    ) -> None:
        """The index of a file that is made of another one, `like`, can be made of that one's.

        `same`: from where to where their lines are the same, and from where on in the other; in order.
        """
        self.lines = tuple(lines)
        self._like = like
        self._same = same

    def has(self, block: tuple[bytes, ...], start: int) -> bool:
        """Whether `block` begins at index `start`; no lines are anywhere, even outside of the file."""
        return not block or (start >= 0 and self.lines[start : start + len(block)] == block)

    def knows(self, lines: Iterable[bytes]) -> bool:
        """Whether each of these lines may be in the file: False is sure."""
        return all(map(self.codes.__contains__, lines))

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

    @lazy
    def unique(self) -> frozenset[bytes]:
        """The lines that the file has once."""
        return frozenset([line for line, count in Counter(self.lines).items() if count == 1])

    @lazy
    def codes(self) -> dict[bytes, str]:
        """The character of each line; also of lines that only the file had that it is made of."""
        # A huge file may have more distinct lines than there are characters. Then some share one, and a match of
        # characters must still be compared with the lines themselves.
        if self._like is None:
            return dict(zip(dict.fromkeys(self.lines), map(chr, cycle(range(_CHARACTERS))), strict=False))
        codes = dict(self._like.codes)
        for start, end in self._others():
            for line in self.lines[start:end]:
                codes.setdefault(line, chr(len(codes) % _CHARACTERS))
        return codes

    @lazy
    def text(self) -> str:
        """The file as a string, with a character for each line."""
        if self._like is None:
            return "".join(map(self.codes.__getitem__, self.lines))
        others = [
            "".join(map(self.codes.__getitem__, self.lines[start:end])) for start, end in self._others()
        ]
        like = self._like.text
        same = [like[there : there + end - start] for start, end, there in self._same]
        return "".join(chain.from_iterable(zip(others, [*same, ""], strict=True)))

    def _others(self) -> Iterator[tuple[int, int]]:
        """From where to where lines are that the other file has not: before each of the same ones and at the end."""
        done = 0
        for start, end, _ in self._same:
            yield done, start
            done = end
        yield done, len(self.lines)

    @lazy
    def _backward(self) -> str:
        return self.text[::-1]

    def _encoded(self, block: tuple[bytes, ...]) -> str | None:
        """The block as a string; None if it has a line without a character: then it is nowhere in the file."""
        try:
            return "".join(map(self.codes.__getitem__, block))
        except KeyError:
            return None

    def _upwards(self, block: tuple[bytes, ...], needle: str, lowest: int, highest: int) -> int | None:
        if lowest > highest:
            return None
        end = highest + len(needle)
        at = self.text.find(needle, lowest, end)
        while at >= 0 and not self.has(block, at):
            at = self.text.find(needle, at + 1, end)
        return at if at >= 0 else None

    def _downwards(self, block: tuple[bytes, ...], needle: str, lowest: int, highest: int) -> int | None:
        if lowest > highest:
            return None
        # Not rfind: that may need time in proportion to the block at every line.
        last = len(self.lines) - len(block)
        needle, end = needle[::-1], last - lowest + len(needle)
        at = self._backward.find(needle, max(last - highest, 0), end)
        while at >= 0 and not self.has(block, last - at):
            at = self._backward.find(needle, at + 1, end)
        return last - at if at >= 0 else None
