"""What is in dispute, as diff3 -m and git show it."""

from __future__ import annotations

from collections.abc import Sequence

_LENGTH = 7


def marked(
    base: Sequence[bytes], ours: Sequence[bytes], theirs: Sequence[bytes], names: tuple[str, str]
) -> tuple[bytes, ...]:
    """Ours, base and theirs between markers. A side whose last line has no end gets one, for the marker's sake."""
    end = b"\r\n" if any(line.endswith(b"\r\n") for line in (*base, *ours, *theirs)) else b"\n"
    first, second = (name.encode("utf-8", "surrogateescape") for name in names)
    return (
        b"<" * _LENGTH + b" " + first + end,
        *_ended(ours, end),
        b"|" * _LENGTH + b" base" + end,
        *_ended(base, end),
        b"=" * _LENGTH + end,
        *_ended(theirs, end),
        b">" * _LENGTH + b" " + second + end,
    )


def _ended(lines: Sequence[bytes], end: bytes) -> list[bytes]:
    return [line if line.endswith(b"\n") else line + end for line in lines]
