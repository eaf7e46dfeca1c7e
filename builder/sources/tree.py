"""A source tree as a value: path to bytes and mode, never a folder that something could change underneath."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from msgspec import Struct

PLAIN = 0o644
EXECUTABLE = 0o755

EPOCH = 1196380800
"""The one time that every file of a build and a package has, in seconds: 2007-11-30, the date of netqmail 1.06."""


class File(Struct, frozen=True, weakref=True):
    """A regular file. `mode` is PLAIN or EXECUTABLE: nothing else of a mode matters to a build."""

    data: bytes
    mode: int = PLAIN


def folders_of(path: str) -> list[str]:
    """All folders that a path lies in: for "a/b/c" these are "a" and "a/b"."""
    if "/" not in path:
        return []
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


class Tree(Mapping[str, File]):
    """Files by their path relative to the top ("spawn.c", "tests/a.c"), sorted, immutable.

    Changing a tree gives a new one; the files that stay are shared, so that a thousand versions are cheap.
    """

    def __init__(self, files: Mapping[str, File]) -> None:
        self._files = dict(files)
        self.memory: dict[str, Any] = {}
        """For what others worked out about this very tree, by their name, for as long as it lives."""

    def __getitem__(self, path: str) -> File:
        return self._files[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __contains__(self, path: object) -> bool:
        return path in self._files

    def __len__(self) -> int:
        return len(self._files)

    def __hash__(self) -> int:
        return hash(self.digest)

    def __reduce__(self) -> tuple[type[Tree], tuple[Mapping[str, File]]]:
        """What goes to another process: the files alone. Much of what is remembered is by the id of a value here, which
        there is another one's."""
        return type(self), (self._files,)

    @cached_property
    def _paths(self) -> list[str]:
        # Of a thousand versions of a tree hardly one is gone through, and to sort takes longer than to make it.
        return sorted(self._files)

    @cached_property
    def digest(self) -> str:
        """SHA256 over what `pack` gives: "sha256:…"."""
        total = hashlib.sha256()
        for chunk in self._chunks():
            total.update(chunk)
        return f"sha256:{total.hexdigest()}"

    @cached_property
    def folders(self) -> frozenset[str]:
        """The folders that the files lie in, but not the top."""
        return frozenset(folder for path in self._files for folder in folders_of(path))

    def pack(self) -> bytes:
        """The whole tree as bytes: mode, length, path and data of every file in order of path. `unpack` reads it."""
        return b"".join(self._chunks())

    def _chunks(self) -> Iterator[bytes]:
        for path, file in self.items():
            yield b"%o %d %s\0" % (file.mode, len(file.data), path.encode("utf-8", "surrogateescape"))
            yield file.data

    @classmethod
    def unpack(cls, packed: bytes) -> Tree:
        """The tree that `pack` made these bytes of. They must be those: check their SHA256 first."""
        files = {}
        at = 0
        while at < len(packed):
            start = packed.index(b"\0", at) + 1
            mode, size, path = packed[at : start - 1].split(b" ", 2)
            at = start + int(size)
            files[path.decode("utf-8", "surrogateescape")] = File(packed[start:at], int(mode, 8))
        return cls(files)

    def changed(self, changes: Mapping[str, File | None]) -> Tree:
        """The tree with these files put in, or taken out where the value is None."""
        files = dict(self._files)
        for path, file in changes.items():
            if file is None:
                files.pop(path, None)
            else:
                files[path] = file
        return Tree(files)

    def without(self, folders: tuple[str, ...]) -> Tree:
        """The tree less the named top-level files and folders."""
        return Tree({path: file for path, file in self.items() if path.split("/", 1)[0] not in folders})

    def write(self, folder: Path) -> None:
        """Write all files below `folder`. All get one time, so that make sees no file as older than another."""
        for path, file in self.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.data)
            target.chmod(file.mode)
            os.utime(target, (EPOCH, EPOCH))

    @classmethod
    def read(cls, folder: Path) -> Tree:
        """The regular files below `folder`. A link to one of them is read as a copy of it, other links are left out,
        as are version control's own folders."""
        files = {}
        top = folder.resolve()
        for path in folder.rglob("*"):
            name = path.relative_to(folder).as_posix()
            if name.split("/", 1)[0] == ".git" or not path.is_file():
                continue
            if path.is_symlink() and not path.resolve().is_relative_to(top):
                continue
            executable = path.stat().st_mode & 0o100
            files[name] = File(path.read_bytes(), EXECUTABLE if executable else PLAIN)
        return cls(files)
