"""Writing git's binary patches: the whole new bytes and the whole old ones, as zlib in base85."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator

_BYTES_PER_LINE = 52
_LETTERS = 26


def is_binary(data: bytes) -> bool:
    """Whether a file is no text, so that a diff of lines cannot hold it: it has a NUL byte."""
    return b"\0" in data


def write_payloads(old: bytes, new: bytes) -> bytes:
    """What stands below the head of a binary file, both directions; b"" for a side that does not exist.

    Literals only, where git may write a delta: they are larger, and can be read without the other side.
    """
    return b"GIT binary patch\n" + _literal(new) + _literal(old)


def _literal(data: bytes) -> bytes:
    return b"literal %d\n" % len(data) + b"".join(_lines(zlib.compress(data))) + b"\n"


def _lines(packed: bytes) -> Iterator[bytes]:
    """Up to 52 bytes a line; the first character is their number, A-Z for 1 to 26, a-z for 27 to 52."""
    for start in range(0, len(packed), _BYTES_PER_LINE):
        piece = packed[start : start + _BYTES_PER_LINE]
        first = len(piece) + (ord("A") - 1 if len(piece) <= _LETTERS else ord("a") - 1 - _LETTERS)
        yield bytes([first]) + base64.b85encode(piece, pad=True) + b"\n"
