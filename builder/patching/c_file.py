"""A C file, with what is asked of it for one hunk after the other: worked out once."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from builder.patching.functions import Function, functions
from builder.patching.lazy import lazy
from builder.patching.lines import LineIndex

HEADING = re.compile(rb"[A-Za-z_$]")
"""How a line begins that `diff -p` puts behind the second @@."""
_CUT = 39
"""Bytes from which on a heading behind the second @@ may be cut off: GNU diff does it after 40, git after 80."""


def is_head(line: bytes) -> bool:
    """Whether a line that begins in the first column looks like the head of a function with its body below."""
    return b"(" in line and not line.endswith((b";", b"}"))


_NEAR = 100
"""Lines above a hunk in which its heading is as a rule."""


class CFile:
    """The lines of a file. Indexes count from 0."""

    def __init__(self, index: LineIndex) -> None:
        self.index = index
        self.lines = index.lines

    @lazy
    def functions(self) -> Sequence[Function]:
        """The functions that it defines, in order."""
        return functions(b"".join(self.lines))

    @lazy
    def names(self) -> frozenset[str]:
        """The names of its functions."""
        return frozenset(function.name for function in self.functions)

    @lazy
    def counts(self) -> Counter[bytes]:
        """How often it has each line."""
        return Counter(self.lines)

    def heading(self, index: int) -> bytes:
        """What `diff -p` would say of a hunk whose first line is `index`: the last line before it that begins a name."""
        return self._above(index, heads_only=False).rstrip()

    def head_above(self, index: int) -> bytes:
        """The last line before `index` that looks like the head of a function."""
        return self._above(index, heads_only=True)

    def _above(self, index: int, *, heads_only: bool) -> bytes:
        # It is near as a rule, and then there is no need to go through the whole file for its headings.
        for line in reversed(self.lines[max(index - _NEAR, 0) : max(index, 0)]):
            if HEADING.match(line) and (not heads_only or is_head(line.strip())):
                return line
        headings = self.heads if heads_only else self._headings
        at = bisect_left(headings, index)
        return self.lines[headings[at - 1]] if at else b""

    def under(self, section: bytes) -> Iterator[int]:
        """The indexes of the lines that `diff -p` can have meant with what stands behind the second @@."""
        section = section.strip()
        yield from self._by_text.get(section, ())
        if len(section) >= _CUT:
            longer = self._by_beginning.get(section[:_CUT], ())
            yield from (at for at in longer if same_heading(self.lines[at], section, whole=False))

    @lazy
    def _headings(self) -> list[int]:
        return [index for index, line in enumerate(self.lines) if HEADING.match(line)]

    @lazy
    def heads(self) -> list[int]:
        """The indexes of the lines that look like the head of a function."""
        return [index for index in self._headings if is_head(self.lines[index].strip())]

    @lazy
    def _by_text(self) -> Mapping[bytes, list[int]]:
        found: defaultdict[bytes, list[int]] = defaultdict(list)
        for index in self._headings:
            found[self.lines[index].strip()].append(index)
        return dict(found)

    @lazy
    def _by_beginning(self) -> Mapping[bytes, list[int]]:
        found: defaultdict[bytes, list[int]] = defaultdict(list)
        for text, indexes in self._by_text.items():
            if len(text) > _CUT:
                found[text[:_CUT]] += indexes
        return dict(found)


def same_heading(line: bytes, section: bytes, *, whole: bool = True) -> bool:
    """Whether `section`, which may be cut off, is the heading `line`; without `whole` only if it is cut off."""
    line, section = line.strip(), section.strip()
    if line == section:
        return whole
    return len(section) >= _CUT and line.startswith(section)
