"""What an archive or a commit may contain, and the tree that it makes.

An archive is made by somebody else: its names may lead out of it, its links may point anywhere, and its sizes may be
meant to fill the memory. Everything that a source tree does not need is refused here, whatever the format.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from builder.errors import SourceError
from builder.sources.tree import EXECUTABLE, PLAIN, File, Tree

MAX_FILES = 20_000
MAX_BYTES = 160 * 1024 * 1024
"""Bytes of all files together. The largest of our bases has 1.3 million, OpenSSL 131 million."""
MAX_NAME = 255
"""Bytes of a path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file or a link. `target` is None for a file; for a link it is a path from the top, as `path` is."""

    path: str
    data: bytes = b""
    executable: bool = False
    target: str | None = None


def grow(members: Iterable[Member]) -> Tree:
    """The tree of these members, with a link to a file as a copy of that file. SourceError if one is not acceptable."""
    files: dict[str, File] = {}
    links: dict[str, str] = {}
    for member in members:
        path = clean(member.path)
        if path in files or path in links:
            raise SourceError(f"it has {path!r} twice")
        if member.target is None:
            files[path] = File(member.data, EXECUTABLE if member.executable else PLAIN)
        else:
            links[path] = clean(member.target)
    copies = {path: files[_end(path, links, files)] for path in links}
    files.update(copies)
    _check_folders(files)
    check_size(len(files), sum(len(file.data) for file in files.values()))
    return Tree(files)


def clean(name: str) -> str:
    """The name itself; SourceError if it is not a plain relative path in UTF-8."""
    if name.startswith("/"):
        raise SourceError(f"it has an absolute name: {name!a}")
    if ".." in name.split("/"):
        raise SourceError(f"a name in it leads out of it: {name!a}")
    if not name.isprintable() or posixpath.normpath(name) != name or name == ".":
        raise SourceError(f"it has a name that is not clean: {name!a}")
    if len(name.encode()) > MAX_NAME:
        raise SourceError(f"it has a name of more than {MAX_NAME} bytes: {name[:40]!a}…")
    return name


def linked(path: str, target: str) -> str:
    """What a symbolic link at `path` points to, as a path from the top. SourceError if that is outside."""
    if target.startswith("/"):
        raise SourceError(f"the link {path!a} leads out of it, to {target!a}")
    place = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    if place.split("/", 1)[0] == "..":
        raise SourceError(f"the link {path!a} leads out of it, to {target!a}")
    return place


def check_size(files: int, size: int) -> None:
    """SourceError if there is more than a source tree can have."""
    if files > MAX_FILES:
        raise SourceError(f"it has more than {MAX_FILES} files")
    if size > MAX_BYTES:
        raise SourceError(f"its files have more than {MAX_BYTES} bytes together")


def _end(path: str, links: Mapping[str, str], files: Mapping[str, File]) -> str:
    """The file at the end of a chain of links."""
    seen = {path}
    place = links[path]
    while place in links and place not in seen:
        seen.add(place)
        place = links[place]
    if place not in files:
        raise SourceError(f"the link {path!a} leads to no file in it: {links[path]!a}")
    return place


def _check_folders(files: Mapping[str, File]) -> None:
    for path in files:
        folder = posixpath.dirname(path)
        while folder:
            if folder in files:
                raise SourceError(f"it has {folder!a} both as a file and as a folder")
            folder = posixpath.dirname(folder)
