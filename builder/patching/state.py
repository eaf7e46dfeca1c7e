"""The tree while a series is applied to it."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from builder.patching.applied import NOTHING, OwnedLines
from builder.patching.done import Done, Put
from builder.sources.tree import PLAIN, File, Tree, folders_of

_pristine: WeakKeyDictionary[File, OwnedLines] = WeakKeyDictionary()
"""The lines of base files, for as long as their trees live: all series on one base share them and their indexes."""


def pristine(file: File) -> OwnedLines:
    """The lines of a base's file. The same value each time, which others may remember something about."""
    lines = _pristine.get(file)
    if lines is None:
        lines = _pristine[file] = OwnedLines.pristine(file.data)
    return lines


class State:
    """A base with what the patches so far made of it. Files that no patch touched stay those of the base."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._puts: dict[str, Put] = {}  # what was put in, also where it is not there any more
        self._new_folders: set[str] = set()
        self._differing: set[str] = set()  # what came or went, and the folders that it lies in
        self.owned: dict[str, OwnedLines] = {}
        """The files that were touched and are still there."""
        self.gone: dict[str, str] = {}
        """The files that were taken out, each with the name of the patch that did it."""

    def __contains__(self, path: object) -> bool:
        return path in self.owned or (path in self._tree and path not in self.gone)

    @property
    def base(self) -> Tree:
        """The tree that nothing was applied to."""
        return self._tree

    def untouched(self, paths: frozenset[str]) -> bool:
        """Whether the files at these paths are those of the base."""
        return paths.isdisjoint(self.owned) and paths.isdisjoint(self.gone)

    def has_same(self, paths: frozenset[str]) -> bool:
        """Whether what exists at these paths is what exists there in the base; it may have other lines or modes."""
        return self._differing.isdisjoint(paths)

    def is_base(self, paths: frozenset[str]) -> bool:
        """Whether all that is at these paths is as in the base."""
        return self.has_same(paths) and paths.isdisjoint(self.owned)

    @property
    def base_folders(self) -> frozenset[str]:
        """The folders of the base."""
        return self._tree.folders

    def lines(self, path: str) -> OwnedLines:
        """The lines of a file; none if it is not there."""
        if path in self.owned:
            return self.owned[path]
        return self.base_lines(path) if path not in self.gone else NOTHING

    def base_lines(self, path: str) -> OwnedLines:
        """The lines of a file as the base has it; none if it is not in the base."""
        file = self._tree.get(path)
        return NOTHING if file is None else pristine(file)

    def mode(self, path: str) -> int:
        """The mode of a file; that of a plain one if it is not there."""
        if path in self.owned:
            return self._puts[path].mode
        return self._tree[path].mode if path in self else PLAIN

    def join(self, other: State) -> None:
        """Take over all that was made of the same base elsewhere. Nothing here may have been touched there."""
        self.owned |= other.owned
        self.gone |= other.gone
        self._puts |= other._puts
        self._new_folders |= other._new_folders
        self._differing |= other._differing

    def carry_out(self, done: Done, patch: str) -> None:
        """Do to the tree what came of a file of the patch of that name."""
        if done.take_out is not None:
            self._take_out(done.take_out, patch)
        if done.put is not None:
            self._put(done.put)

    def _put(self, put: Put) -> None:
        path = put.path
        if path not in self._tree:
            folders = folders_of(path)
            self._new_folders.update(folders)
            self._differing.update(folders, (path,))
        self.owned[path] = put.lines
        self._puts[path] = put
        self.gone.pop(path, None)

    def _take_out(self, path: str, patch: str) -> None:
        self._differing.update(folders_of(path), (path,))
        self.owned.pop(path, None)
        self.gone[path] = patch

    def has_room(self, path: str) -> bool:
        """Whether a new file can be at `path`: that is no folder, and none of its folders is a file."""
        if path in self._tree.folders or path in self._new_folders:
            below = f"{path}/"
            if any(other.startswith(below) and other in self for other in (*self._tree, *self.owned)):
                return False
        folders = folders_of(path)
        return not folders or not any(folder in self for folder in folders)

    def result(self) -> Tree:
        """The tree as it is now."""
        changes: dict[str, File | None] = dict.fromkeys(self.gone)
        changes.update([(path, self._puts[path].file) for path in self.owned])
        return self._tree.changed(changes)
