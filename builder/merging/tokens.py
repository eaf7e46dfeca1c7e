"""Words of a file: the tokens of C, good enough for all that is in a tree, with the blanks before each of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain

# What repeats with a `+` behind is never tried again with less of it: that could not fit either.
_SPACE = rb"\s*(?:\\\r?\n\s*)*"
_LONG = (
    rb"\#[^\n]*(?:\\\n[^\n]*)*\n?"  # a directive with its line end: it needs one
    rb"|/\*.*?\*/|//[^\n]*\n?"
    rb"|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'"
)
_WORD = (
    rb"[\w\x80-\xff]+"
    rb"|" + _LONG + rb"|\+\+|--|->|<<=?|>>=?|[=!<>+*/%&|^-]=|&&|\|\||[^\s]"
)
_TOKEN = re.compile(b"(" + _SPACE + b")(" + _WORD + b")", re.DOTALL)
_TEXT = re.compile(_SPACE + b"(" + _WORD + b")", re.DOTALL)
_MARK = re.compile(rb"[;(){}\[\]]|" + _LONG, re.DOTALL)
_PLAIN = re.compile(rb"[\w\x80-\xff]+|[^\s\w]")
_CONTINUED = re.compile(rb"\\\r?\n")
_STEP = re.compile(rb"(?<=[;{})\n])(\s*)(\w+)\s*(\+\+|--)\s*;")
"""A statement that counts a variable up or down."""


Token = tuple[bytes, bytes]
"""The blanks, line ends and continuations before a token, and the token."""


def tokens(lines: Iterable[bytes]) -> tuple[list[Token], bytes]:
    """The tokens of some lines of C, and the blanks behind the last. A comment or a directive is one token."""
    data = b"".join(lines)
    found: list[Token] = _TOKEN.findall(data)
    return found, data[sum(map(len, chain.from_iterable(found))) :]


def texts(data: bytes) -> list[bytes]:
    """The tokens of some C without the blanks between them, and without comments and directives."""
    return [text for text in _TEXT.findall(data) if not text.startswith((b"#", b"/*", b"//"))]


def marks(data: bytes) -> Iterator[re.Match[bytes]]:
    """Those tokens of some C that tell how far its parts go: brackets, semicolons, and what could have such in it."""
    return _MARK.finditer(data)


def next_token(data: bytes, start: int) -> int:
    """Where the first token from `start` on begins; the end of the data if there is none."""
    found = _TEXT.match(data, start)
    return found.start(1) if found else len(data)


def plain(data: bytes) -> list[bytes]:
    """The tokens that the proof counts: words and single signs, whatever the file is. Continuations of lines count as
    blanks."""
    return _PLAIN.findall(_CONTINUED.sub(b" ", data))


def counted_up(data: bytes) -> bytes:
    """Some C with `x++;` as `++x;`: as statements they are the same."""
    return _STEP.sub(rb"\1\3\2;", b"\n" + data) if b"++" in data or b"--" in data else data


@lru_cache(maxsize=4096)
def meaning(data: bytes) -> tuple[bytes, ...]:
    """What lines say to the compiler, whatever their blanks and comments are."""
    return tuple([text for text in wording(data) if not text.startswith((b"/*", b"//"))])


@lru_cache(maxsize=4096)
def wording(data: bytes) -> tuple[bytes, ...]:
    """What lines say with their comments, whatever their blanks are: two that say the same compare equal."""
    said = [
        b" ".join(text.split()) if text.startswith((b"#", b"/*", b"//")) else text
        for text in _TEXT.findall(data)
    ]
    for at in range(len(said) - 2):
        before = said[at - 1] if at else b";"
        if said[at + 1] in {b"++", b"--"} and said[at + 2] == b";" and before in {b";", b"{", b"}", b")"}:
            said[at], said[at + 1] = said[at + 1], said[at]
    return tuple(said)
