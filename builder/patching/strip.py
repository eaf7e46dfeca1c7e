"""Which file of the tree a change is for: how many leading folders to strip (patch -pN), and which of its names counts."""

from __future__ import annotations

from collections.abc import Container
from functools import lru_cache

from builder.patching.patch import NO_FILE, FileChange, Kind, Patch
from builder.sources.tree import folders_of

_LEVELS = (1, 0, 2, 3)
"""The most usual first: `diff -r OLD NEW` and git make 1."""


@lru_cache(maxsize=4096)
def stripped(path: str, level: int) -> str:
    """The path without its first `level` folders; nothing if it has fewer.

    >>> stripped("a/sub//spawn.c", 1), stripped("./spawn.c", 0), stripped("spawn.c", 1)
    ('sub/spawn.c', 'spawn.c', '')
    """
    parts = [part for part in path.split("/") if part][level:]
    return "/".join([part for part in parts if part != "."])


def target(change: FileChange, level: int) -> str:
    """The path that a change is for, going by the change alone."""
    path = change.old_path if change.new_path == NO_FILE else change.new_path
    return stripped(path, level)


def find_level(patch: Patch, existing: Container[str]) -> int:
    """The level for most of a patch: the one under which most of what it changes exists.

    If that does not tell it is 1, or for a patch that only creates files the most that their paths allow up to 1.
    """
    if patch.strip is not None:
        return patch.strip
    changes = [change for change in patch.files if not change.creates]
    if not changes:
        return 1 if all(target(change, 1) for change in patch.files) else 0
    best, most = _LEVELS[0], -1
    for level in _LEVELS:
        count = sum(find_target(change, level, existing) is not None for change in changes)
        if count > most:
            best, most = level, count
        if most == len(changes):
            break
    return best


def other_level(change: FileChange, level: int, patch: Patch, existing: Container[str]) -> int:
    """The level for a file that the patch's own `level` does not find: another one where the patch mixes them.

    A file that begins with the same folders as others of the patch is at their level: if it is not in the tree it is
    missing, and one of the same name elsewhere must not be taken for it.
    """
    if patch.strip is not None:
        return level
    if change.creates:
        return next(lower for lower in range(level, -1, -1) if lower == 0 or target(change, lower))
    heads = {
        _head(path, level)
        for other in patch.files
        if find_target(other, level, existing) is not None
        for path in _paths(other)
    }
    if any(_head(path, level) in heads for path in _paths(change)):
        return level
    return next((other for other in _LEVELS if find_target(change, other, existing) is not None), level)


def find_target(change: FileChange, level: int, existing: Container[str]) -> str | None:
    """The path of the file that is to be changed; None if it does not exist. Of old and new name as GNU patch chooses."""
    if change.kind in (Kind.RENAME, Kind.COPY):
        source = stripped(change.old_path, level)
        return source if source in existing else None
    return _best([name for name in names_of(change, level) if name in existing])


def new_target(change: FileChange, level: int, folders: Container[str]) -> str | None:
    """The path of a file that is to be created; None if its path has too few folders.

    Where old and new name differ it is the one for which fewer folders must be made beside those that there are.
    """
    names = names_of(change, level)
    if len(names) < 2:
        return _best(names)
    missing = [sum(folder not in folders for folder in folders_of(name)) for name in names]
    return _best([name for name, count in zip(names, missing, strict=True) if count == min(missing)])


def names_of(change: FileChange, level: int) -> list[str]:
    """The names that the file may have, each once, in the order of the patch."""
    old = stripped(change.old_path, level) if change.old_path != NO_FILE else ""
    new = stripped(change.new_path, level) if change.new_path != NO_FILE else ""
    if not old and not new:
        old = stripped(change.index_path, level)
    if not new or old == new:
        return [old] if old else []
    return [old, new] if old else [new]


def all_paths(patch: Patch) -> frozenset[str]:
    """All paths that any level makes of the names in a patch, and the folders that they lie in."""
    levels = _LEVELS if patch.strip is None else (patch.strip, 0)
    names = {name for change in patch.files for name in (change.old_path, change.new_path, change.index_path)}
    paths = {stripped(name, level) for name in names for level in levels}
    return frozenset(paths.union(*map(folders_of, paths)))


def _paths(change: FileChange) -> list[str]:
    return [path for path in (change.old_path, change.new_path) if path != NO_FILE]


def _head(path: str, level: int) -> tuple[str, ...]:
    return tuple(path.split("/")[:level])


def _best(names: list[str]) -> str | None:
    """Of several names that with the fewest folders, then the shortest last part, then the shortest; else the first."""
    if len(names) < 2:
        return names[0] if names else None
    return min(names, key=lambda name: (name.count("/"), len(name.rpartition("/")[2]), len(name)))
