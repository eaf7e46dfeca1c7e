"""Folders as tar archives, on their way into a container and back."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from builder.errors import BackendError


def packed(folder: Path, paths: Sequence[Path]) -> bytes:
    """Files below a folder as a tar archive with nobody's name in it; times and modes are kept."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in paths:
            archive.add(path, arcname=os.fspath(path.relative_to(folder)), recursive=False, filter=_anonymous)
    return buffer.getvalue()


def packed_scripts(programs: Mapping[str, str]) -> bytes:
    """sh scripts as a tar archive, by their names."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, body in programs.items():
            data = f"#!/bin/sh\n{body}\n".encode()
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o755
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def split_changes(changes: bytes) -> tuple[frozenset[str], bytes]:
    """What a container says of a folder: the names of all files in it, and an archive of those that changed.

    Each name ends with a NUL, and the list of them with another one. BackendError if its end is not there.
    """
    names = []
    start = 0
    while (end := changes.find(b"\0", start)) > start:
        names.append(os.fsdecode(changes[start:end]).removeprefix("./"))
        start = end + 1
    if end < 0:
        raise BackendError("The container did not give back what was made in it.", hint="Run this again.")
    return frozenset(names), changes[start + 1 :]


def unpacked(archive: bytes, folder: Path) -> None:
    """Unpack what a container gave back; what would end up outside of the folder, or is no plain file, is left out."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
            opened.extractall(folder, filter=_harmless)  # noqa: S202 - that filter is the answer to the rule's worry
    except (tarfile.TarError, EOFError) as error:
        raise BackendError(f"What the container gave back is no whole archive: {error}.") from error


def _anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def _harmless(entry: tarfile.TarInfo, folder: str) -> tarfile.TarInfo | None:
    with suppress(tarfile.FilterError):
        return tarfile.data_filter(entry, folder)
    return None
