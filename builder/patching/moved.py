"""Whether a hunk landed in another C function than it came from."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from builder.patching.c_file import HEADING, CFile, is_head, same_heading
from builder.patching.functions import LARGEST, NAME, Function, inside
from builder.patching.lines import LineIndex
from builder.patching.patch import Hunk

_LETTERS = re.compile(rb"[A-Za-z0-9]")
_ENOUGH_LETTERS = 16


@dataclass(frozen=True, slots=True)
class Move:
    """A hunk that was meant for the function `expected` and is in `landed`; "" is outside of any function."""

    expected: str
    landed: str


def moved(before: CFile, expected: int, landed: int, hunk: Hunk, original: CFile) -> Move | None:
    """Whether a hunk that matched at index `landed` is in another function than the one that it came from.

    `before` is the file as the hunk found it, `expected` the index in it where it should have been and `original` the
    same file in the base. None: the same function, or nothing says otherwise. The witnesses, best
    first: the head of a function inside the hunk, the place of the hunk's lines in the base, the heading behind the
    second @@, and, only for a match that says little by itself, the line number.
    """
    if len(before.lines) > LARGEST // 8 or _same_surroundings(before, landed, hunk, original):
        return None
    now, then = before.functions, original.functions
    found = _of_change(now, landed, hunk)
    origin = _own_head(hunk)
    if origin is None:
        origin = _in_base(before, original, hunk, found)
    if origin is None and is_head(hunk.section.strip()):
        if same_heading(before.heading(landed), hunk.section):
            return None
        origin = _by_heading((before, original), hunk, found)
    if origin is None and not _distinctive(before, landed, hunk):
        origin = _by_number(now, then, expected, hunk, found)
    return None if origin is None or origin == found else Move(expected=origin, landed=found)


def origin(
    hunk: Hunk, expected: int, at: int | None, now: Sequence[Function], then: Sequence[Function]
) -> str:
    """The function that a hunk was made for, as far as can be known without a place where it matches; "" if it is
    outside of functions or nothing tells.

    `expected` is the index where the file should have the hunk, `at` that where the base has it; `now` and `then` are
    the functions of file and base.
    """
    own = _own_head(hunk)
    if own is not None:
        return own
    if at is not None:
        return _of_change(then, at, hunk)
    named = NAME.search(hunk.section)
    if named and is_head(hunk.section.strip()) and _is_inner(hunk):
        return named[1].decode("utf-8", "replace")
    return _of_change(then, hunk.old_start - 1, hunk) or _of_change(now, expected, hunk)


def _same_surroundings(before: CFile, landed: int, hunk: Hunk, original: CFile) -> bool:
    """Whether base and file have the hunk's lines under the same head: the usual case, told without parsing."""
    start, old = hunk.old_start - 1, hunk.old
    if original.lines[start : start + len(old)] != old or before.lines[landed : landed + len(old)] != old:
        return False
    head = original.head_above(start)
    return bool(head) and head == before.head_above(landed)


def _changes(hunk: Hunk) -> Iterator[tuple[int, int]]:
    """The old lines on both sides of each change, relative to the hunk's first; a removed line is both itself."""
    return ((edit.at, edit.at) if edit.removed else (edit.at - 1, edit.at) for edit in hunk.edits)


def _of_change(known: Sequence[Function], start: int, hunk: Hunk) -> str:
    """The first function that a hunk changes if its first line is at index `start`."""
    names = (inside(known, start + before, start + after) for before, after in _changes(hunk))
    return next((name for name in names if name), "")


def _above_change(hunk: Hunk) -> Sequence[bytes]:
    return hunk.old[: next((after for _, after in _changes(hunk)), 0)]


def _own_head(hunk: Hunk) -> str | None:
    """The function whose head and opening brace stand in the hunk above its first change; None if there is none."""
    above = _above_change(hunk)
    for index in range(len(above) - 1, -1, -1):
        line = above[index].rstrip()
        if line.startswith(b"}"):
            return None
        named = NAME.search(line)
        if named and HEADING.match(line) and is_head(line):
            opened = any(b"{" in following for following in above[index:])
            return named[1].decode("utf-8", "replace") if opened else None
    return None


def _is_inner(hunk: Hunk) -> bool:
    """Whether nothing above the first change ends a function or begins one: its heading then is of that function."""
    above = _above_change(hunk)
    return not any(line.startswith(b"}") or (HEADING.match(line) and b"(" in line) for line in above)


def occurrence(index: LineIndex, hunk: Hunk) -> int | None:
    """Where the hunk's old lines are in a file: at its own line number, or at the only place that has them."""
    old = hunk.old
    if not old:
        return None
    if hunk.old_start and index.has(old, hunk.old_start - 1):
        return hunk.old_start - 1
    return _only_place(index, old)


def _only_place(index: LineIndex, block: tuple[bytes, ...]) -> int | None:
    last = len(index.lines) - len(block)
    first = index.first(block, 0, last)
    return first if first is not None and index.first(block, first + 1, last) is None else None


def _in_base(before: CFile, original: CFile, hunk: Hunk, found: str) -> str | None:
    """The function that has the hunk's lines in the base. One that was only renamed since counts as the same."""
    at = occurrence(original.index, hunk)
    if at is None:
        return None
    name = _of_change(original.functions, at, hunk)
    renamed = name not in before.names and found not in original.names
    return found if name and found and renamed else name


def _by_heading(files: Sequence[CFile], hunk: Hunk, found: str) -> str | None:
    """The function that the heading tells of; `found` if that can be it.

    A heading is the last line before the hunk that begins a name, so the change is in the heading's function or
    behind it: outside of functions or, if the hunk has a head or the end of a function above its change, in the next.
    """
    named = NAME.search(hunk.section)
    if not found or named is None:
        return None
    inner = _is_inner(hunk)
    names = [named[1].decode("utf-8", "replace")]
    known_here = False
    for file in files:
        known = file.functions
        for index in file.under(hunk.section):
            known_here = True
            names.append(inside(known, index, index))
            if not inner:
                at = bisect_right(known, index, key=lambda function: function.first)
                names += [function.name for function in known[at : at + 1]]
    if found in names:
        return found
    return names[0] if inner or known_here else None


def _distinctive(before: CFile, landed: int, hunk: Hunk) -> bool:
    """Whether what matched is found at this place only: the whole hunk or, with fuzz, enough letters in lines that
    the file has once. Two lines such as "int i;" and "{" are no sign."""
    matched = [
        old
        for old, line in zip(hunk.old, before.lines[landed : landed + len(hunk.old)], strict=False)
        if old == line
    ]
    if len(matched) == len(hunk.old):
        return _only_place(before.index, hunk.old) is not None
    letters = sum(len(_LETTERS.findall(line)) for line in matched if before.counts[line] == 1)
    return letters >= _ENOUGH_LETTERS


def _by_number(
    now: Sequence[Function], then: Sequence[Function], expected: int, hunk: Hunk, found: str
) -> str:
    """The function at the line that the patch names, in the base or in the file; `found` if either is it."""
    names = [_of_change(then, hunk.old_start - 1, hunk), _of_change(now, expected, hunk)]
    return found if found in names or not found else next((name for name in names if name), "")
