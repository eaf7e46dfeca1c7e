"""The symbols of FreeBSD's C library, from the list of which zig makes the stubs that it links with.

The file `abilists`: a count and the names of libraries, a count and the versions of their symbols (three bytes each),
a count and the targets. Then come functions, variables, and variables of each thread: a 16-bit count, and so many
entries of a mask of targets (LEB128), for variables a size (LEB128), a byte with the library in its low six bits, and
versions as bytes, of which the last has bit 7 set. A symbol's name stands before its first entry, and the byte with
the library has bit 7 set in its last one.
"""

from __future__ import annotations

from collections.abc import Iterator

from builder.errors import BackendError
from builder.toolchains.platforms import Platform
from builder.toolchains.toolchain import zig_program

_LAST = 0x80
_LIBRARY = 0x3F
_NEWEST = 7
"""FreeBSD 14 has the symbols up to version FBSD_1.7."""


def libc_symbols(platform: Platform) -> frozenset[str]:
    """What libc.so.7 gives to programs for a FreeBSD platform. BackendError if zig's list is not of the known form."""
    path = zig_program().parent / "lib/libc/freebsd/abilists"
    processor, _, _ = (platform.zig_target or "").partition("-")
    try:
        return frozenset(_Reader(path.read_bytes()).symbols("c", f"{processor}-freebsd-none"))
    except (OSError, ValueError, IndexError) as error:
        raise BackendError(f"zig's list of FreeBSD's C library cannot be read: {path}: {error!r}.") from error


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def symbols(self, library: str, target: str) -> Iterator[str]:
        """The names that a library gives to a target."""
        libraries = [self._text() for _ in range(self._byte())]
        versions = [(self._byte(), self._byte(), self._byte()) for _ in range(self._byte())]
        targets = [self._text() for _ in range(self._byte())]
        number, bit = libraries.index(library), 1 << targets.index(target)
        newest = versions.index((1, _NEWEST, 0))
        for sized in (False, True, True):
            for name, mask, owner, oldest in self._entries(sized=sized):
                if mask & bit and owner == number and oldest <= newest:
                    yield name

    def _entries(self, *, sized: bool) -> Iterator[tuple[str, int, int, int]]:
        """Name, mask of targets, library and first version of each entry of a section."""
        count, name = self._byte() | self._byte() << 8, ""
        for _ in range(count):
            name = name or self._text()
            mask = self._number()
            if sized:
                self._number()
            library = self._byte()
            yield name, mask, library & _LIBRARY, min(self._versions())
            if library & _LAST:
                name = ""

    def _versions(self) -> Iterator[int]:
        last = False
        while not last:
            byte = self._byte()
            last = bool(byte & _LAST)
            yield byte & ~_LAST

    def _number(self) -> int:
        """An unsigned number in LEB128: seven bits a byte, the lowest first, bit 7 set in all but the last."""
        value, shift, more = 0, 0, True
        while more:
            byte = self._byte()
            more = bool(byte & 0x80)
            value |= (byte & 0x7F) << shift
            shift += 7
        return value

    def _text(self) -> str:
        end = self._data.index(0, self._at)
        text = self._data[self._at : end].decode("ascii")
        self._at = end + 1
        return text

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]
