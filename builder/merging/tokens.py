"""Words of a file: the tokens of C, good enough for all that is in a tree, with the blanks before each of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

_TOKEN = re.compile(
    rb"((?:\s|\\\r?\n)*)"
    rb"(\#[^\n]*(?:\\\n[^\n]*)*\n?"  # a directive with its line end: it needs one
    rb"|/\*.*?\*/|//[^\n]*\n?"
    rb"|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'"
    rb"|[\w\x80-\xff]+|\+\+|--|->|<<=?|>>=?|[=!<>+*/%&|^-]=|&&|\|\||[^\s])",
    re.DOTALL,
)
_PLAIN = re.compile(rb"[\w\x80-\xff]+|[^\s\w]")
_CONTINUED = re.compile(rb"\\\r?\n")
_STEP = re.compile(rb"(?<=[;{})\n])(\s*)(\w+)\s*(\+\+|--)\s*;")
"""A statement that counts a variable up or down."""


class Token(NamedTuple):
    """A token and the blanks, line ends and continuations before it."""

    space: bytes
    text: bytes


def tokens(lines: Iterable[bytes]) -> tuple[list[Token], bytes]:
    """The tokens of some lines of C, and the blanks behind the last. A comment or a directive is one token."""
    data = b"".join(lines)
    found = list(map(Token._make, _TOKEN.findall(data)))
    end = sum(len(space) + len(text) for space, text in found)
    return found, data[end:]


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
        b" ".join(token.text.split()) if token.text.startswith((b"#", b"/*", b"//")) else token.text
        for token in tokens([data])[0]
    ]
    for at in range(len(said) - 2):
        before = said[at - 1] if at else b";"
        if said[at + 1] in {b"++", b"--"} and said[at + 2] == b";" and before in {b";", b"{", b"}", b")"}:
            said[at], said[at + 1] = said[at + 1], said[at]
    return tuple(said)
