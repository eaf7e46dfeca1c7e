"""How many leading folders of a patch's paths are not part of the tree (patch -pN)."""

from __future__ import annotations

from collections.abc import Container

from builder.patching.patch import NO_FILE, FileChange, Patch

_LEVELS = (1, 0, 2, 3)


def stripped(path: str, level: int) -> str:
    """The path without its first `level` folders; nothing if it has fewer."""
    return "/".join(path.split("/")[level:])


def target(change: FileChange, level: int) -> str:
    """The path in the tree that a change is for."""
    path = change.old_path if change.new_path == NO_FILE else change.new_path
    return stripped(path, level)


def find_level(patch: Patch, existing: Container[str]) -> int:
    """The level under which most of the patch's targets exist; 1, as diff and git make it, if that does not tell."""
    if patch.strip is not None:
        return patch.strip
    changes = [change for change in patch.files if not change.creates]
    return max(_LEVELS, key=lambda level: sum(_exists(change, level, existing) for change in changes))


def _exists(change: FileChange, level: int, existing: Container[str]) -> bool:
    return any(stripped(path, level) in existing for path in (change.old_path, change.new_path))
