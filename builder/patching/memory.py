"""What changes made of the files of a base, to be used again: every pair of many patches begins on the same base."""

from __future__ import annotations

from collections.abc import Hashable

from builder.patching.done import Done
from builder.patching.patch import FileChange
from builder.sources.tree import Tree

_NAME = "patching"
_MOST_LINES = 500_000
"""Of all the results together; each line costs two references, 16 bytes. Then everything is forgotten."""


class Memory:
    """The results of one tree, which forgets them when it goes itself."""

    def __init__(self) -> None:
        self._results: dict[Hashable, tuple[FileChange, Done]] = {}
        self._lines = 0

    @classmethod
    def of(cls, tree: Tree) -> Memory:
        memory: Memory = tree.memory.setdefault(_NAME, cls())
        return memory

    def recall(self, change: FileChange, circumstances: Hashable) -> Done | None:
        """What came of the change on the untouched base, in the same circumstances; None if that is not known."""
        known = self._results.get((id(change), circumstances))
        return known[1] if known else None

    def keep(self, change: FileChange, circumstances: Hashable, done: Done) -> None:
        """Remember a result. The change is kept with it, so that no other one can get its id."""
        self._lines += done.lines
        if self._lines > _MOST_LINES:
            self._results.clear()
            self._lines = done.lines
        self._results[id(change), circumstances] = (change, done)
