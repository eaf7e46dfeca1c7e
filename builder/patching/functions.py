"""Which C function a line belongs to.

The only file that knows tree-sitter, which is loaded when the first C file is looked at. Its grammar does not know all
of C as qmail has it (`main() {`, `char *alloc(n) unsigned int n; {`), so it is asked only where bodies are; what it
does not name is read from the lines before a body. Files are looked at in parts, each about a function, which are
remembered; a part that is laid out as most are needs no grammar.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

SOURCES = (".c", ".h")
"""The files that have C functions in them."""

LARGEST = 1 << 20
"""Bytes of a file above which its functions are not looked for: no source is as long, and an attack must not cost."""
_KEPT = 1 << 16
"""Bytes of a part of a file up to which it is remembered what functions are in it."""
_MOST_PARTS = 4096
"""Of a file; one with more is no source either, and is taken as a whole."""
_PART = re.compile(rb"^(?:\}|[ \t]*#[ \t]*(?:(?P<if>if)|(?P<endif>endif)))[^\n]*\n?", re.MULTILINE)
"""A line that may end a part of a file, or that begins or ends what is conditional."""
_BEFORE_PARAMETERS = re.compile(rb"[A-Za-z_][\w \t*]*")
_PARAMETERS = re.compile(rb"[\w \t,*]*\)[ \t]*(?:[A-Za-z_][\w \t*,\[\]]*;[ \t]*)*")
_OLD_PARAMETERS = re.compile(rb"(?:[A-Za-z_][\w \t*,\[\]]*;[ \t]*)+")
"""Declarations of parameters below the head."""
_INITIAL = re.compile(rb"[\w \t*\[\]]+=[ \t]*\{[^{}()]*\}[^{}()]*")
_NO_BRACES = re.compile(rb"[^{}]+")
_OPENING = ord("{")
_HEAD_LINES = 20
"""Lines before a body in which its function's name is looked for."""
NAME = re.compile(rb"([A-Za-z_]\w*)\s*\(")
"""The name of a function in its head."""
NO_FUNCTION = frozenset(
    (b"if", b"for", b"while", b"switch", b"return", b"sizeof", b"else", b"do", b"defined")
)
"""Words of C that a parenthesis may follow, and that are no names."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function's definition: lines `first` (its name) to `last` (its closing brace), as indexes from 0."""

    name: str
    first: int
    last: int


def is_source(path: str) -> bool:
    """Whether functions can be looked for in the file at `path`."""
    return path.endswith(SOURCES)


@lru_cache(maxsize=128)
def functions(data: bytes) -> tuple[Function, ...]:
    """The functions that a C file defines, in order. What cannot be parsed is passed over; never an error."""
    return tuple([function for part in _parts(data) for function in part.functions])


def around(data: bytes, before: int, after: int) -> str:
    """The name of the function that both lines (from 0) are in, which may be the two sides of an insertion; "" if in
    none. No more of the file is parsed than that takes."""
    parts = _parts(data)
    at = bisect_right(parts, after, key=lambda part: part.line) - 1
    return inside(tuple(parts[at].functions), before, after) if at >= 0 else ""


class _Part(NamedTuple):
    """Some lines of a C file that can be looked at by themselves."""

    line: int
    """The index of the first."""
    text: bytes

    @property
    def functions(self) -> Iterator[Function]:
        look = _kept_functions if len(self.text) <= _KEPT else _functions
        return (Function(one.name, one.first + self.line, one.last + self.line) for one in look(self.text))


@lru_cache(maxsize=128)
def _parts(data: bytes) -> Sequence[_Part]:
    """A C file in parts that each end with a brace in the first column, outside of #if: a function in each, as a rule.

    The versions of a file have most of them in common, and what the grammar cannot make sense of stays in one of them.
    """
    if len(data) > LARGEST:
        return ()
    parts: list[_Part] = []
    start = depth = line = 0
    for mark in _PART.finditer(data):
        if mark["if"]:
            depth += 1
        elif mark["endif"]:
            depth = max(depth - 1, 0)
        elif not depth:
            parts.append(_Part(line, data[start : mark.end()]))
            line += parts[-1].text.count(b"\n")
            start = mark.end()
            if len(parts) > _MOST_PARTS:
                return (_Part(0, data),)
    return (*parts, _Part(line, data[start:]))


def _functions(part: bytes) -> tuple[Function, ...]:
    if b"{" not in part:
        return ()
    lines = part.split(b"\n")
    if _is_plain(lines):
        return tuple(_by_columns(lines))
    root = _parser().parse(part).root_node
    bodies = (_function(lines, node.start_point, node.end_point[0], name) for node, name in _bodies(root))
    found = [function for function in bodies if function is not None]
    return tuple(_without_runaways(found, list(_by_columns(lines))) if root.has_error else found)


def _is_plain(lines: Sequence[bytes]) -> bool:
    """Whether a part is one function laid out as most are, so that its columns say all that the grammar could.

    That is: a line with the head, the declarations of K&R parameters, the outermost braces on lines of their own, all
    others even; above it nothing in braces but initial values on one line.
    """
    braces = [at for at, line in enumerate(lines) if line.startswith((b"{", b"}"))]
    if len(braces) != 2 or any(
        lines[at].rstrip() != brace for at, brace in zip(braces, (b"{", b"}"), strict=True)
    ):
        return False
    head = braces[0] - 1
    while head > 0 and _OLD_PARAMETERS.fullmatch(lines[head]):
        head -= 1
    before, _, inner = lines[head].partition(b"(")
    if not _BEFORE_PARAMETERS.fullmatch(before) or not _PARAMETERS.fullmatch(inner):
        return False
    if any((b"{" in line or b"}" in line) and not _INITIAL.fullmatch(line) for line in lines[:head]):
        return False
    return _is_even(b"".join(lines[braces[0] : braces[1] + 1]))


def _is_even(body: bytes) -> bool:
    """Whether the first brace is closed by the last one, and not before."""
    depth = 0
    found = _NO_BRACES.sub(b"", body)
    for at, brace in enumerate(found, 1):
        depth += 1 if brace == _OPENING else -1
        if depth == 0:
            return at == len(found)
    return False


_kept_functions = lru_cache(maxsize=2048)(_functions)


@lru_cache(maxsize=1024)
def mistakes(data: bytes) -> int:
    """How many places of some C the grammar cannot make sense of. A few are no sign: it does not know all of C."""
    root = _parser().parse(data).root_node
    waiting = [root] if root.has_error else []
    found = 0
    while waiting:
        node = waiting.pop()
        found += node.is_error or node.is_missing
        waiting += [child for child in node.children if child.has_error or child.is_missing]
    return found


def enclosing(data: bytes, index: int) -> str:
    """The name of the function that line `index` (from 0) is in; "" if in none."""
    return around(data, index, index)


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
        waiting += [(child, name) for child in reversed(node.named_children)]


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
        for match in NAME.finditer(text):
            if match[1] not in NO_FUNCTION and name in (b"", match[1]):
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
