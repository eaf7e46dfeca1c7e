"""Which symbols object files and archives define: what `nm` says, read from ELF itself, so that no nm is needed.

Sources: System V ABI, chapter 4 (object files); ar(5) for archives with GNU's and BSD's long names.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_ELF, _ARCHIVE = b"\x7fELF", b"!<arch>\n"
_SYMBOL_TABLE = 2
_GLOBAL = 1
_FIRST_RESERVED, _ABSOLUTE = 0xFF00, 0xFFF1
_MEMBER_HEAD = 60


def defined(data: bytes) -> frozenset[str]:
    """The global symbols that an ELF object defines for good: not weak, not common. Empty for anything else."""
    if not data.startswith(_ELF):
        return frozenset()
    try:
        return frozenset(_defined(data))
    except (struct.error, IndexError, ValueError):
        return frozenset()  # cut short, or of a kind that is not known


def members(data: bytes) -> Iterator[tuple[str, bytes]]:
    """The files in an archive, with their names; nothing if it is no archive."""
    if not data.startswith(_ARCHIVE):
        return
    long_names = b""
    at = len(_ARCHIVE)
    while at + _MEMBER_HEAD <= len(data):
        name = data[at : at + 16].rstrip()
        size = int(data[at + 48 : at + 58])
        body = data[at + _MEMBER_HEAD : at + _MEMBER_HEAD + size]
        at += _MEMBER_HEAD + size + size % 2
        if name == b"//":
            long_names = body
        elif name.startswith(b"#1/"):
            length = int(name[3:])
            yield _text(body[:length].rstrip(b"\0")), body[length:]
        elif name not in (b"/", b"/SYM64/"):
            if name.startswith(b"/"):
                name = long_names[int(name[1:]) :].split(b"\n", 1)[0]
            yield _text(name.removesuffix(b"/")), body


def _defined(data: bytes) -> Iterator[str]:
    wide, order = data[4] == 2, "<" if data[5] == 1 else ">"
    if wide:
        (table,), (entry, count) = (
            struct.unpack_from(f"{order}Q", data, 0x28),
            struct.unpack_from(f"{order}HH", data, 0x3A),
        )
    else:
        (table,), (entry, count) = (
            struct.unpack_from(f"{order}I", data, 0x20),
            struct.unpack_from(f"{order}HH", data, 0x2E),
        )
    sections = [_section(data, table + entry * number, order, wide=wide) for number in range(count)]
    for kind, offset, size, link, step in sections:
        if kind == _SYMBOL_TABLE and step:
            names = sections[link][1]
            for at in range(offset, offset + size, step):
                yield from _symbol(data, at, names, order, wide=wide)


def _section(data: bytes, at: int, order: str, *, wide: bool) -> tuple[int, int, int, int, int]:
    """A section's type, offset, size, link and size of an entry."""
    if wide:
        _, kind, _, _, offset, size, link, _, _, step = struct.unpack_from(f"{order}IIQQQQIIQQ", data, at)
    else:
        _, kind, _, _, offset, size, link, _, _, step = struct.unpack_from(f"{order}10I", data, at)
    return kind, offset, size, link, step


def _symbol(data: bytes, at: int, names: int, order: str, *, wide: bool) -> Iterator[str]:
    if wide:
        name, info, _, section = struct.unpack_from(f"{order}IBBH", data, at)
    else:
        name, _, _, info, _, section = struct.unpack_from(f"{order}IIIBBH", data, at)
    here = 0 < section < _FIRST_RESERVED or section == _ABSOLUTE
    if here and info >> 4 == _GLOBAL:
        yield _text(data[names + name : data.index(b"\0", names + name)])


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")
