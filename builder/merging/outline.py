"""What C has outside of functions: definitions, declarations, directives and comments, one unit each.

Read from the tokens alone, as both ANSI C and C of before 1989 is to be read, and pieces of files too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from functools import lru_cache

from msgspec import Struct

from builder.merging.tokens import marks, next_token, texts, wording
from builder.patching.functions import NO_FUNCTION

_NESTING = {b"{": 1, b"(": 1, b"[": 1, b"}": -1, b")": -1, b"]": -1}


class Kind(Enum):
    """What a unit is."""

    FUNCTION = "function"
    """With its body."""
    DECLARATION = "declaration"
    """A function without a body, or anything that is `extern`."""
    VARIABLE = "variable"
    TYPE = "type"
    DIRECTIVE = "directive"
    COMMENT = "comment"


class Unit(Struct, frozen=True):
    """One of them, with the blanks and line ends before it."""

    kind: Kind
    name: bytes
    """What is defined or declared; for a `#define` the macro; empty where there is no name."""
    text: bytes
    parameters: int = 0
    """How many names are between the parentheses of a function."""

    @property
    def wording(self) -> tuple[bytes, ...]:
        """What it says, however it is laid out."""
        return wording(self.text)


@lru_cache(maxsize=1024)
def units(lines: tuple[bytes, ...]) -> tuple[Unit, ...] | None:
    """The units of some lines of C outside of functions; None if one of them does not end, or ends twice."""
    data = b"".join(lines)
    result: list[Unit] = []
    start = depth = 0
    body: int | None = None  # where the first braces since `start` begin
    for mark in marks(data):
        sign, end = mark[0], mark.end()
        if sign == b"{" and not depth and body is None:
            body = mark.start()
        nested = _NESTING.get(sign, 0)
        depth += nested
        if depth < 0:
            return None
        if depth:
            continue
        unit = None
        if sign == b"}":
            unit = _function(texts(data[start:body]), data[start:end])
        elif sign == b";":
            unit = _statement(texts(data[start:end]), data[start:end])
        elif sign.startswith((b"#", b"/*", b"//")) and next_token(data, start) == mark.start():
            unit = _apart(sign, data[start:end])
        if unit is not None:
            result.append(unit)
            start, body = end, None
    if depth or next_token(data, start) < len(data):
        return None
    return tuple(_with_line_ends(result, data[start:]))


def new_functions(lines: tuple[bytes, ...]) -> list[Unit]:
    """The functions that some lines define; none if the lines are no whole units."""
    if not any(b"}" in line for line in lines):
        return []
    return [unit for unit in units(lines) or () if unit.kind is Kind.FUNCTION]


def named(lines: tuple[bytes, ...]) -> Sequence[Unit] | None:
    """The units of a file, but it is not said with which of them the blanks between them go."""
    parts = [units(part) for part in _parts(lines)]
    if any(part is None for part in parts):
        return units(lines)
    return [unit for part in parts for unit in part or ()]


def _parts(lines: tuple[bytes, ...]) -> Iterator[tuple[bytes, ...]]:
    """Some C, cut behind each brace in the first column: most such parts are the same in all versions of a file."""
    start = 0
    for at, line in enumerate(lines):
        if line.startswith(b"}"):
            yield lines[start : at + 1]
            start = at + 1
    yield lines[start:]


def _with_line_ends(found: Sequence[Unit], rest: bytes) -> Iterator[Unit]:
    """The units, each with the end of its last line rather than with that of the unit before."""
    for at, unit in enumerate(found):
        following = found[at + 1].text if at + 1 < len(found) else rest
        text = unit.text[_line_end(unit.text) if at and not found[at - 1].text.endswith(b"\n") else 0 :]
        if at + 1 == len(found):
            text += rest
        elif not unit.text.endswith(b"\n"):
            text += following[: _line_end(following)]
        yield Unit(unit.kind, unit.name, text, unit.parameters)


def _line_end(text: bytes) -> int:
    """How many bytes of blanks and a line end a text begins with; 0 if something else comes before the line end."""
    blanks = len(text) - len(text.lstrip(b" \t\r"))
    return blanks + 1 if text[blanks : blanks + 1] == b"\n" else 0


def _apart(sign: bytes, text: bytes) -> Unit:
    """A comment or directive that is a unit of its own."""
    if not sign.startswith(b"#"):
        return Unit(Kind.COMMENT, b"", text)
    words = sign.replace(b"#", b"# ", 1).split(None, 3)
    name = words[2].partition(b"(")[0] if len(words) > 2 and words[1] == b"define" else b""
    return Unit(Kind.DIRECTIVE, name, text)


def _head_end(said: Sequence[bytes]) -> int | None:
    """The index of the parenthesis that closes the parameters of a function; None if it is no function's head."""
    if b"(" not in said:
        return None
    start = said.index(b"(")
    if (
        start == 0
        or said[start - 1] in NO_FUNCTION
        or not said[start - 1][:1].replace(b"_", b"a").isalpha()
        or b"=" in said[:start]
        or b"{" in said[:start]
    ):
        return None
    depth = 0
    for at in range(start, len(said)):
        depth += {b"(": 1, b")": -1}.get(said[at], 0)
        if depth == 0:
            return at
    return None


def _in_old_head(said: Sequence[bytes]) -> bool:
    """Whether a semicolon here ends no declaration, but that of a parameter: `int f(a) char *a; {`."""
    end = _head_end(said)
    return end is not None and end + 1 < len(said) and said[end + 1] not in {b"{", b"__attribute__"}


def _function(head: Sequence[bytes], text: bytes) -> Unit | None:
    """The function with a head, which is all that stands before its body; None if braces behind that are no body."""
    end = _head_end(head)
    return None if end is None else _with_parameters(Kind.FUNCTION, head, end, text)


def _with_parameters(kind: Kind, said: Sequence[bytes], end: int, text: bytes) -> Unit:
    start = said.index(b"(")
    inner = said[start + 1 : end]
    count = 0 if inner in ([], [b"void"]) else inner.count(b",") + 1
    return Unit(kind, said[start - 1], text, count)


def _statement(said: Sequence[bytes], text: bytes) -> Unit | None:
    """What ends with a semicolon; None if that only ends the declaration of a parameter."""
    if _in_old_head(said[:-1]):
        return None
    end = _head_end(said)
    if end is not None:
        return _with_parameters(Kind.DECLARATION, said, end, text)
    if said[:1] == [b"extern"]:
        return Unit(Kind.DECLARATION, _variable(said), text)
    if said[:1] and said[0] in {b"struct", b"union", b"enum", b"typedef"} and b"=" not in said:
        tagged = said[0] != b"typedef" and b"{" in said and said[-2:] == [b"}", b";"]
        return Unit(Kind.TYPE, said[1] if tagged and said[1] != b"{" else _variable(said), text)
    return Unit(Kind.VARIABLE, _variable(said), text)


def _variable(said: Sequence[bytes]) -> bytes:
    """The first name that is declared: the word before the first `=`, `[`, `,` or the end."""
    depth = 0
    name = b""
    for word in said:
        depth += {b"{": 1, b"}": -1}.get(word, 0)
        if depth == 0 and word in {b"=", b"[", b",", b";", b"("} and name:
            return name
        if depth == 0 and (word[:1].isalpha() or word[:1] == b"_"):
            name = word
    return name
