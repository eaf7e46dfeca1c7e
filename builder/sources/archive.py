"""Unpacks a tar archive in memory: nothing is written, so that nothing can be written outside."""

from __future__ import annotations

import bz2
import io
import lzma
import sys
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Protocol

from builder.errors import SourceError
from builder.sources.members import MAX_BYTES, Member, check_size, clean, grow, linked
from builder.sources.tree import Tree

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_ARCHIVE = 64 * 1024 * 1024
"""Bytes of a packed archive."""
MAX_RATIO = 100
"""How many times its own size an archive may unpack to; source code gives 4 to 10."""
_ALWAYS_ALLOWED = 4 * 1024 * 1024
"""Bytes that even the smallest archive may unpack to: a tar file of a few short files is mostly zeros."""
_MAX_STREAMS = 100
_MAX_XZ_MEMORY = 256 * 1024 * 1024

SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz", ".tbz2", ".tar.zst", ".tzst")


class _Decompressor(Protocol):
    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...


_FORMATS: dict[bytes, Callable[[], _Decompressor]] = {
    b"\x1f\x8b": lambda: zlib.decompressobj(wbits=31),
    b"\xfd7zXZ\0": lambda: lzma.LZMADecompressor(memlimit=_MAX_XZ_MEMORY),
    b"BZh": bz2.BZ2Decompressor,
    b"\x28\xb5\x2f\xfd": zstd.ZstdDecompressor,
}


def unpack(archive: bytes, *, top: str | None = None, drop: tuple[str, ...] = ()) -> Tree:
    """The tree in a tar archive that is plain or packed with gzip, xz, bzip2 or zstd, whatever its file is called.

    Everything must lie in the folder `top`, which is stripped; with None it is the one folder that everything lies
    in, if there is one. `drop` names files and folders below it that are left out. SourceError says what "it", the
    archive, has that is not acceptable.
    """
    if len(archive) > MAX_ARCHIVE:
        raise SourceError(f"it has more than {MAX_ARCHIVE} bytes")
    members = list(_members(_decompressed(archive)))
    tree = grow(_below(top if top is not None else _common_top(members), members))
    # A checkout that somebody packed has version control's own folder in it, which is no source.
    return tree.without((".git", *drop))


def _decompressed(archive: bytes) -> bytes:
    make = next((make for magic, make in _FORMATS.items() if archive.startswith(magic)), None)
    if make is None:
        return archive
    limit = min(MAX_BYTES, max(_ALWAYS_ALLOWED, MAX_RATIO * len(archive)))
    unpacked = b""
    try:
        # More than one stream after another is what parallel compressors write.
        for _ in range(_MAX_STREAMS):
            stream = make()
            unpacked += stream.decompress(archive, limit + 1 - len(unpacked))
            if len(unpacked) > limit:
                raise SourceError(f"it unpacks to more than {limit} bytes")
            if not stream.eof:
                raise SourceError("its end is missing")
            archive = stream.unused_data
            if not archive.strip(b"\0"):
                return unpacked
    except (zlib.error, lzma.LZMAError, zstd.ZstdError, OSError, EOFError, ValueError) as error:
        raise SourceError(f"it is damaged: {error}") from error
    raise SourceError(f"it is made of more than {_MAX_STREAMS} packed streams")


def _members(unpacked: bytes) -> Iterator[Member]:
    """Files and links with their full names; the targets of links as full names, too."""
    size = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:") as tar:
            for count, entry in enumerate(tar, 1):
                member = _member(tar, entry)
                # Counted while reading: a crafted header can make the parser go round in circles.
                size += len(member.data) if member is not None else 0
                check_size(count, size)
                if member is not None:
                    yield member
            rest = unpacked[tar.offset :]
    # What a crafted header makes the standard library's parser raise: it has no one exception for it.
    except (tarfile.TarError, ValueError, OverflowError, RecursionError, EOFError) as error:
        raise SourceError(f"it is no tar archive, or damaged: {error}") from error
    # The parser stops silently at a header that makes no sense.
    if rest.strip(b"\0"):
        raise SourceError(f"it is damaged, or something else follows, at byte {len(unpacked) - len(rest)}")


def _member(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> Member | None:
    """None for a folder: trees know only files."""
    if entry.isdir() and entry.name == ".":
        return None
    name = clean(entry.name.removeprefix("./"))
    if entry.isdir():
        return None
    if entry.issym():
        return Member(path=name, target=linked(name, entry.linkname))
    if entry.islnk():
        return Member(path=name, target=clean(entry.linkname.removeprefix("./")))
    if not entry.isreg() or entry.issparse():
        raise SourceError(f"it has a {_kind(entry)}: {name!a}")
    content = tar.extractfile(entry)
    data = content.read() if content is not None else b""
    if len(data) != entry.size:
        raise SourceError(f"{name!a} in it is cut off")
    return Member(path=name, data=data, executable=bool(entry.mode & 0o100))


def _kind(entry: tarfile.TarInfo) -> str:
    if entry.issparse():
        return "sparse file"
    if entry.isfifo():
        return "fifo"
    return "device" if entry.isdev() else f"member of an unknown kind ({entry.type!r})"


def _common_top(members: Iterable[Member]) -> str:
    tops = {member.path.partition("/")[0] if "/" in member.path else "" for member in members}
    return tops.pop() if len(tops) == 1 else ""


def _below(top: str, members: Iterable[Member]) -> Iterator[Member]:
    """The members with `top` stripped from their names and targets."""
    prefix = f"{top}/" if top else ""
    for member in members:
        path, target = member.path, member.target
        if not path.startswith(prefix):
            raise SourceError(f"it has {path!a}, which is not in the folder {top!a}")
        if target is not None and not target.startswith(prefix):
            raise SourceError(f"the link {path!a} leads out of {top!a}, to {target!a}")
        target = None if target is None else target.removeprefix(prefix)
        yield replace(member, path=path.removeprefix(prefix), target=target)
