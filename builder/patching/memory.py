"""What patches made of a base, to be used again: every pair of many patches begins on the same base."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from builder.patching import strip
from builder.patching.applied import Reject
from builder.patching.done import Done
from builder.patching.findings import PatchOutcome
from builder.patching.patch import Patch
from builder.patching.state import State
from builder.sources.tree import Tree

_NAME = "patching"
_MOST_LINES = 500_000
"""Of all that is remembered together; then everything is forgotten. A line of a result costs a reference, 8 bytes, its
bytes once more in the whole file, and about 100 more in a file where blocks of lines were looked for."""
_BYTES = 32
"""Of a usual line of a patch."""


@dataclass(frozen=True, slots=True)
class Whole:
    """What came of a whole patch, and the tree after it."""

    outcome: PatchOutcome
    rejects: tuple[Reject, ...]
    state: State


class Known:
    """What is known of one patch on the bare base."""

    def __init__(self, patch: Patch, base: Tree) -> None:
        self.patch = patch  # kept with the rest, so that no other one can get its id
        self.level = strip.find_level(patch, base)
        self.paths = strip.all_paths(patch)
        """Where anything in the tree could change what comes of the patch."""
        self.names = [frozenset(strip.names_of(change, self.level)) for change in patch.files]
        """Of each file of the patch the names that it may have."""
        self.files: list[Done | None] = [None] * len(patch.files)
        """What came of each file of the patch, where it can be used on its own."""
        self.whole: Whole | None = None
        self.more = len(patch.data) // _BYTES
        """How many lines are kept here that `Memory.count` has not counted."""

    def keep_file(self, number: int, done: Done) -> None:
        """Remember what came of one file of the patch."""
        self.files[number] = done
        self.more += done.lines

    def keep_whole(self, whole: Whole) -> None:
        """Remember what came of all of them."""
        self.whole = whole
        counted = {id(done.put.lines) for done in self.files if done is not None and done.put is not None}
        others = [lines for lines in whole.state.owned.values() if id(lines) not in counted]
        self.more += sum(len(lines.lines) for lines in others)


class Memory:
    """What is known about the patches of one tree, which forgets it when it goes itself."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Known] = {}
        self._lines = 0

    @classmethod
    def of(cls, tree: Tree) -> Memory:
        memory: Memory | None = tree.memory.get(_NAME)
        if memory is None:
            memory = tree.memory[_NAME] = cls()
        return memory

    def known(self, patch: Patch, base: Tree, circumstances: Hashable) -> Known:
        """What is known of the patch in the same circumstances. What is found out is to be put in, and counted."""
        key = (id(patch), circumstances)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = Known(patch, base)
        return known

    def count(self, known: Known) -> None:
        """Count what was put in, and forget everything if that is too much."""
        self._lines += known.more
        known.more = 0
        if self._lines > _MOST_LINES:
            self._known.clear()
            self._lines = 0
