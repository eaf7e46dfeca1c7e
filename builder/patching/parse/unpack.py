"""Compressed patch files: gzip, bzip2, xz and zstd, told by their first bytes, unpacked within bounds."""

from __future__ import annotations

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable
from typing import Protocol

from builder.patching.parse import limits
from builder.patching.parse.error import PatchError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_MOST_MEMORY = 128 * limits.MIB
_MOST_PARTS = 1000  # a file may be several compressed ones, one after the other
_ZSTD_WINDOW = 27  # 2^27 bytes, what the zstd program itself accepts


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


def _gzip() -> _Decompressor:
    return zlib.decompressobj(wbits=31)


def _xz() -> _Decompressor:
    return lzma.LZMADecompressor(memlimit=_MOST_MEMORY)


def _zstd() -> _Decompressor:
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW})


_FORMATS = (
    (b"\x1f\x8b", "gzip", _gzip),
    (b"BZh", "bzip2", bz2.BZ2Decompressor),
    (b"\xfd7zXZ\x00", "xz", _xz),
    (b"\x28\xb5\x2f\xfd", "zstd", _zstd),
)


def unpack(name: str, data: bytes) -> bytes:
    """The patch file itself. PatchError if what is compressed is damaged or unpacks to too much."""
    for magic, kind, make in _FORMATS:
        if data.startswith(magic):
            try:
                return _unpacked(name, data, magic, make)
            except (zlib.error, OSError, EOFError, lzma.LZMAError, zstd.ZstdError, MemoryError) as error:
                raise _damaged(name, kind, str(error)) from error
    return data


def _unpacked(name: str, data: bytes, magic: bytes, make: Callable[[], _Decompressor]) -> bytes:
    out: list[bytes] = []
    room = limits.MOST_BYTES + 1
    for _ in range(_MOST_PARTS):
        part = make()
        out.append(part.decompress(data, room))
        room -= len(out[-1])
        if room <= 0:
            raise limits.too_much(name, f"unpacks to more than {limits.MOST_BYTES // limits.MIB} MiB")
        if not part.eof:
            raise EOFError("it is cut short")
        data = part.unused_data
        if not data.startswith(magic):
            return b"".join(out)
    raise limits.too_much(name, f"is made of more than {_MOST_PARTS} compressed parts")


def _damaged(name: str, kind: str, why: str) -> PatchError:
    return PatchError(
        f"Patch {name} is a damaged {kind} file: {why}.", rule="damaged-archive", hint="Fetch it again."
    )
