"""Reading a FreeBSD package back, as one who does not trust it: every name, sum, owner and mode, nothing unpacked."""

from __future__ import annotations

import hashlib
import io
import json
import posixpath
import sys
import tarfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from builder.errors import PackageError
from builder.packaging.pkg import COMPACT_MANIFEST, MANIFEST, SUM

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_MOST = 1 << 28
"""Bytes that a package may have unpacked: many times what any qmail has."""


def verify_pkg(data: bytes) -> tuple[str, ...]:
    """What is wrong with a package, a sentence each; nothing if all is well. PackageError if it is none at all."""
    unpacked = io.BytesIO(_unpacked(data))
    try:
        archive = tarfile.open(fileobj=unpacked, mode="r:", errors="surrogateescape")  # noqa: SIM115 - closed below
        members = archive.getmembers()
    except tarfile.TarError as error:
        raise PackageError(f"This is no FreeBSD package: {error}.") from error
    with archive:
        names = [member.name for member in members[:2]]
        if names != [COMPACT_MANIFEST, MANIFEST]:
            raise PackageError(f"This is no FreeBSD package: it begins with {names}, not with its manifests.")
        brief, whole = (_json(archive, member) for member in members[:2])
        return (
            *_manifests(brief, whole),
            *_names(members[2:]),
            *_contents(archive, members[2:], whole),
        )


def _unpacked(data: bytes) -> bytes:
    reader = zstd.ZstdDecompressor()
    try:
        unpacked = reader.decompress(data, max_length=_MOST)
    except zstd.ZstdError as error:
        raise PackageError(f"This is no FreeBSD package that zstd can unpack: {error}.") from error
    if not reader.eof:
        raise PackageError("The package is cut short, or is far larger unpacked than any qmail.")
    return unpacked


def _json(archive: tarfile.TarFile, member: tarfile.TarInfo) -> dict[str, Any]:
    try:
        value = json.loads(_data(archive, member))
    except ValueError as error:
        raise PackageError(f"{member.name} is no JSON: {error}.") from error
    if not isinstance(value, dict):
        raise PackageError(f"{member.name} is no JSON object.")
    return value


def _data(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member) if member.isreg() else None
    return file.read() if file else b""


def _manifests(brief: dict[str, Any], whole: dict[str, Any]) -> Iterator[str]:
    for key in ("name", "version", "origin", "comment", "maintainer", "prefix", "abi", "www"):
        if not isinstance(whole.get(key), str):
            yield f"{MANIFEST} has no {key}."
    for key, value in brief.items():
        if value != whole.get(key):
            yield f"{COMPACT_MANIFEST} and {MANIFEST} differ in {key}."


def _names(members: list[tarfile.TarInfo]) -> Iterator[str]:
    """Names that lead elsewhere than they say, and kinds of files that no package of ours has."""
    seen: set[str] = set()
    for member in members:
        path = _path(member)
        if not path.startswith("/") or path.startswith("//") or posixpath.normpath(path) != path:
            yield f"{member.name!r} is no plain absolute name."
        if path in seen:
            yield f"{path} is in the package twice."
        seen.add(path)
        if not (member.isreg() or member.isdir()):
            yield f"{path} is neither a file nor a folder."
        if not member.isdir() and any(other != path and other.startswith(f"{path}/") for other in seen):
            yield f"{path} is a file, but something lies in it."


def _contents(
    archive: tarfile.TarFile, members: list[tarfile.TarInfo], whole: dict[str, Any]
) -> Iterator[str]:
    """Whether the manifest says of every file what is there."""
    files, folders = _entries(whole, "files"), _entries(whole, "directories")
    for member in members:
        path = _path(member)
        said = (folders if member.isdir() else files).pop(path, None)
        if said is None:
            yield f"{path} is not in {MANIFEST}."
            continue
        found = {"uname": member.uname, "gname": member.gname, "perm": f"{member.mode:04o}"}
        if not member.isdir():
            found["sum"] = SUM + hashlib.sha256(_data(archive, member)).hexdigest()
        for key, value in found.items():
            if said.get(key) != value:
                yield f"{path}: {key} is {value}, but {MANIFEST} says {said.get(key)}."
    for path in (*files, *folders):
        yield f"{path} is in {MANIFEST}, but not in the package."
    size = sum(member.size for member in members)
    if whole.get("flatsize") != size:
        yield f"The files have {size} bytes, but {MANIFEST} says {whole.get('flatsize')}."


def _entries(whole: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    said = whole.get(kind, {})
    entries = said.items() if isinstance(said, dict) else ()
    return {unquote(path): about if isinstance(about, dict) else {"sum": about} for path, about in entries}


def _path(member: tarfile.TarInfo) -> str:
    return member.name.rstrip("/") if member.isdir() else member.name
