"""What a line is: the one answer for patches and for the files that they change."""

from __future__ import annotations


def split_lines(data: bytes) -> list[bytes]:
    """Lines with their line ends; only a line feed ends a line."""
    lines = data.split(b"\n")
    last = lines.pop()
    return [line + b"\n" for line in lines] + ([last] if last else [])
