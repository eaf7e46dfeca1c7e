"""Archives that come out the same wherever and whenever they are written."""

from __future__ import annotations

import io
import sys
import tarfile
from collections.abc import Callable, Iterable

from builder.packaging.payload import Entry
from builder.sources.tree import EPOCH

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

COMPRESSOR = f"zstd {'.'.join(str(number) for number in zstd.zstd_version_info)}"
"""The library that compresses: another version of it may give other bytes."""

_LEVEL = 9
"""Level 19 makes a static build's archive a sixth smaller and takes forty times as long."""

_TYPES = {"dir": tarfile.DIRTYPE, "file": tarfile.REGTYPE, "fifo": tarfile.FIFOTYPE}


def tar(entries: Iterable[Entry], *, top: str = "") -> bytes:
    """A tar archive of the entries in order of their paths, whose names begin with `top` instead of "/".

    Nothing of the machine gets in: one time for everything, owners and modes as the entries have them. GNU's form of
    tar, since it holds any id and path without PAX records, and every tar and dpkg reads it.
    """
    return _tar(entries, tarfile.GNU_FORMAT, lambda path: top + path.lstrip("/"))


def ustar(entries: Iterable[Entry]) -> bytes:
    """The same in POSIX's older form and with the entries' own paths as names. ValueError for what that cannot hold."""
    return _tar(entries, tarfile.USTAR_FORMAT, str)


def _tar(entries: Iterable[Entry], form: int, name_of: Callable[[str], str]) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=form, errors="surrogateescape") as archive:
        for entry in sorted(entries, key=lambda entry: entry.path):
            archive.addfile(_header(entry, name_of(entry.path)), io.BytesIO(entry.data or b""))
    return written.getvalue()


def _header(entry: Entry, name: str) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.type = _TYPES[entry.kind]
    header.mode = entry.mode
    header.uid, header.gid = entry.uid, entry.gid
    header.uname, header.gname = entry.user, entry.group
    header.size = len(entry.data or b"")
    header.mtime = EPOCH
    return header


def compress(data: bytes) -> bytes:
    """zstd at a fixed level, in one thread, since several would cut the data by the number of processors."""
    parameter = zstd.CompressionParameter
    options: dict[int, int] = {
        parameter.compression_level: _LEVEL,
        parameter.checksum_flag: 1,
        parameter.nb_workers: 0,
    }
    return zstd.compress(data, options=options)


def tar_zst(entries: Iterable[Entry]) -> bytes:
    """The payload as it is unpacked over "/": `tar -C / -xpf`."""
    return compress(tar(entries))
