"""Which C function a line belongs to, and whether a hunk landed in another one than it came from.

The only file that knows tree-sitter, which is loaded when the first C file is looked at. Its grammar does not know all
of C as qmail has it (`main() {`, `char *alloc(n) unsigned int n; {`), so it is asked only where bodies are; what it
does not name is read from the lines before a body.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from builder.patching.lines import LineIndex
from builder.patching.patch import Hunk

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

SOURCES = (".c", ".h")
"""The files that have C functions in them."""

_LARGEST = 1 << 20
"""Bytes of a file above which its functions are not looked for: no source is as long, and an attack must not cost."""
_HEAD_LINES = 20
"""Lines before a body in which its function's name is looked for."""
_NAME = re.compile(rb"([A-Za-z_]\w*)\s*\(")
_NO_FUNCTION = frozenset(
    (b"if", b"for", b"while", b"switch", b"return", b"sizeof", b"else", b"do", b"defined")
)
_LETTERS = re.compile(rb"[A-Za-z0-9]")
_ENOUGH_LETTERS = 16
_HEADING = re.compile(rb"[A-Za-z_$]")
"""How a line begins that `diff -p` puts behind the second @@."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function's definition: lines `first` (its name) to `last` (its closing brace), as indexes from 0."""

    name: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Move:
    """A hunk that was meant for the function `expected` and is in `landed`; "" is outside of any function."""

    expected: str
    landed: str


def is_source(path: str) -> bool:
    """Whether functions can be looked for in the file at `path`."""
    return path.endswith(SOURCES)


@lru_cache(maxsize=128)
def functions(data: bytes) -> tuple[Function, ...]:
    """The functions that a C file defines, in order. What cannot be parsed is passed over; never an error."""
    if len(data) > _LARGEST:
        return ()
    lines = data.split(b"\n")
    root = _parser().parse(data).root_node
    bodies = (_function(lines, node.start_point, node.end_point[0], name) for node, name in _bodies(root))
    found = [function for function in bodies if function is not None]
    return tuple(_without_runaways(found, list(_by_columns(lines))) if root.has_error else found)


def enclosing(data: bytes, index: int) -> str:
    """The name of the function that line `index` (from 0) is in; "" if in none."""
    return inside(functions(data), index, index)


def heading(lines: Sequence[bytes], index: int) -> bytes:
    """What `diff -p` would say of a hunk whose first line is `index`: the last line before it that begins a name."""
    for line in reversed(lines[:index]):
        if _HEADING.match(line):
            return line.rstrip()
    return b""


@cache
def _parser() -> Parser:
    import tree_sitter
    import tree_sitter_c

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_c.language()))


def _bodies(root: Node) -> Iterator[tuple[Node, bytes]]:
    """The outermost blocks of statements, each with the name that the grammar found for it."""
    waiting = [(root, b"")]
    while waiting:
        node, name = waiting.pop()
        if node.type == "compound_statement":
            yield node, name
            continue
        if node.type == "function_definition":
            name = _declared(node)
        # Backwards, so that what is first in the file is looked at first.
        waiting += [(child, name) for child in reversed(node.children)]


def _declared(definition: Node) -> bytes:
    node: Node | None = definition.child_by_field_name("declarator")
    while node is not None and node.type != "identifier":
        inner = node.child_by_field_name("declarator")
        node = inner or next((child for child in node.named_children if "declarator" in child.type), None)
    return (node.text or b"") if node is not None else b""


def _by_columns(lines: Sequence[bytes]) -> Iterator[Function]:
    """Functions by their braces in the first column, for where #ifdef makes braces uneven and the grammar gives up."""
    first: int | None = None
    for index, line in enumerate(lines):
        if line.startswith(b"{"):
            first = None if b"}" in line else index
        elif line.startswith(b"}") and first is not None:
            function = _function(lines, (first, 0), index, b"")
            first = None
            if function is not None:
                yield function


def _without_runaways(found: Sequence[Function], by_columns: Sequence[Function]) -> list[Function]:
    """Both together; where they disagree the braces in the first column are right, and a function that runs on for
    want of a brace ends before the next of them."""
    together = list(by_columns)
    for function in found:
        at = bisect_right(by_columns, function.first, key=lambda other: other.first)
        if at and function.first <= by_columns[at - 1].last:
            continue
        following = by_columns[at].first if at < len(by_columns) else function.last + 1
        together.append(replace(function, last=min(function.last, following - 1)))
    return sorted(together, key=lambda function: function.first)


def _function(lines: Sequence[bytes], brace: tuple[int, int], last: int, name: bytes) -> Function | None:
    """The function whose body begins with the brace at line and column `brace`; None if no head is above it.

    Upwards from the brace: the declarations of K&R parameters, then the line with the name. A preprocessor line, the
    end of another block or a blank line above other lines is no part of a head.
    """
    line, column = brace
    seen = False
    for index in range(line, max(line - _HEAD_LINES, -1), -1):
        text = lines[index][:column] if index == line else lines[index]
        for match in _NAME.finditer(text):
            if match[1] not in _NO_FUNCTION and name in (b"", match[1]):
                return Function(match[1].decode("utf-8", "replace"), index, last)
        if text.startswith((b"#", b"}")) or (seen and not text.strip()):
            return None
        seen = seen or bool(text.strip())
    return None


def inside(known: Sequence[Function], before: int, after: int) -> str:
    """The name of the function that both lines are in, which may be the two sides of an insertion; "" if in none."""
    at = bisect_right(known, after, key=lambda function: function.first) - 1
    if at >= 0 and known[at].first <= before and after <= known[at].last:
        return known[at].name
    return ""


def moved(
    before: Sequence[bytes], expected: int, landed: int, hunk: Hunk, original: Sequence[bytes]
) -> Move | None:
    """Whether a hunk that matched at index `landed` is in another function than the one that it came from.

    `before` are the file's lines as the hunk found them, `expected` the index in them where it should have been and
    `original` the same file in the base. None: the same function, or nothing says otherwise. The witnesses, best
    first: the head of a function inside the hunk, the place of the hunk's lines in the base, the heading behind the
    second @@, and, only for a match that says little by itself, the line number.
    """
    if len(before) > _LARGEST // 8 or _same_surroundings(before, landed, hunk, original):
        return None
    now, then = functions(b"".join(before)), functions(b"".join(original))
    found = _of_change(now, landed, hunk)
    origin = _own_head(hunk)
    if origin is None:
        origin = _in_base(now, then, original, hunk, found)
    if origin is None and _is_head(hunk.section.strip()):
        if _same_heading(heading(before, landed), hunk.section):
            return None
        origin = _by_heading(((before, now), (original, then)), hunk, found)
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
    named = _NAME.search(hunk.section)
    if named and _is_head(hunk.section.strip()) and _is_inner(hunk):
        return named[1].decode("utf-8", "replace")
    return _of_change(then, hunk.old_start - 1, hunk) or _of_change(now, expected, hunk)


def _same_surroundings(before: Sequence[bytes], landed: int, hunk: Hunk, original: Sequence[bytes]) -> bool:
    """Whether base and file have the hunk's lines under the same head: the usual case, told without parsing."""
    start, old = hunk.old_start - 1, hunk.old
    if tuple(original[start : start + len(old)]) != old or tuple(before[landed : landed + len(old)]) != old:
        return False
    head = _head_above(original, start)
    return bool(head) and head == _head_above(before, landed)


def _head_above(lines: Sequence[bytes], index: int) -> bytes:
    for at in range(min(index, len(lines)) - 1, -1, -1):
        if _HEADING.match(lines[at]) and _is_head(lines[at].strip()):
            return lines[at]
    return b""


def _is_head(line: bytes) -> bool:
    """Whether a line that begins in the first column looks like the head of a function with its body below."""
    return b"(" in line and not line.endswith((b";", b"}"))


def _changes(hunk: Hunk) -> Iterator[tuple[int, int]]:
    """The old lines on both sides of each change, relative to the hunk's first; a removed line is both itself."""
    return ((at, at) if removed else (at - 1, at) for at, removed, _ in hunk.edits)


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
        named = _NAME.search(line)
        if named and _HEADING.match(line) and _is_head(line):
            opened = any(b"{" in following for following in above[index:])
            return named[1].decode("utf-8", "replace") if opened else None
    return None


def _is_inner(hunk: Hunk) -> bool:
    """Whether nothing above the first change ends a function or begins one: its heading then is of that function."""
    above = _above_change(hunk)
    return not any(line.startswith(b"}") or (_HEADING.match(line) and b"(" in line) for line in above)


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


def _in_base(
    now: Sequence[Function], then: Sequence[Function], original: Sequence[bytes], hunk: Hunk, found: str
) -> str | None:
    """The function that has the hunk's lines in the base. One that was only renamed since counts as the same."""
    at = occurrence(LineIndex(original), hunk)
    if at is None:
        return None
    name = _of_change(then, at, hunk)
    renamed = name not in {function.name for function in now} and found not in {f.name for f in then}
    return found if name and found and renamed else name


def _same_heading(line: bytes, section: bytes) -> bool:
    """GNU diff cuts headings off after 40 bytes, git after 80."""
    line, section = line.strip(), section.strip()
    return line == section or (len(section) >= 39 and line.startswith(section))


def _by_heading(
    files: Sequence[tuple[Sequence[bytes], Sequence[Function]]], hunk: Hunk, found: str
) -> str | None:
    """The function that the heading tells of; `found` if that can be it.

    A heading is the last line before the hunk that begins a name, so the change is in the heading's function or
    behind it: outside of functions or, if the hunk has a head or the end of a function above its change, in the next.
    """
    named = _NAME.search(hunk.section)
    if not found or named is None:
        return None
    inner = _is_inner(hunk)
    names = [named[1].decode("utf-8", "replace")]
    known_here = False
    for lines, known in files:
        for index, line in enumerate(lines):
            if _HEADING.match(line) and _same_heading(line, hunk.section):
                known_here = True
                at = bisect_right(known, index, key=lambda function: function.first)
                names.append(inside(known, index, index))
                if not inner:
                    names += [function.name for function in known[at : at + 1]]
    if found in names:
        return found
    return names[0] if inner or known_here else None


def _distinctive(before: Sequence[bytes], landed: int, hunk: Hunk) -> bool:
    """Whether what matched is found at this place only: the whole hunk or, with fuzz, enough letters in lines that
    the file has once. Two lines such as "int i;" and "{" are no sign."""
    matched = [old for old, line in zip(hunk.old, before[landed:], strict=False) if old == line]
    if len(matched) == len(hunk.old):
        return _only_place(LineIndex(before), hunk.old) is not None
    letters = sum(len(_LETTERS.findall(line)) for line in matched if before.count(line) == 1)
    return letters >= _ENOUGH_LETTERS


def _by_number(
    now: Sequence[Function], then: Sequence[Function], expected: int, hunk: Hunk, found: str
) -> str:
    """The function at the line that the patch names, in the base or in the file; `found` if either is it."""
    names = [_of_change(then, hunk.old_start - 1, hunk), _of_change(now, expected, hunk)]
    return found if found in names or not found else next((name for name in names if name), "")
