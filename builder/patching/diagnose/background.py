"""What may be looked at to find out why a hunk failed: the base, other bases, and the patches that are known."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from builder.patching import strip
from builder.patching.diagnose.candidate import squeezed
from builder.patching.lines import LineIndex, split_lines
from builder.patching.patch import FileChange, Hunk, Patch
from builder.recipes.again import Again
from builder.sources.tree import Tree

_IDENTIFIER = re.compile(rb"[A-Za-z_]\w{4,}")
_SHORTEST = 6
"""Characters of a line below which it says nothing about where it comes from."""


@dataclass(frozen=True, kw_only=True)
class Background:
    """Where a series was applied, and what else there is to compare it with."""

    tree: Tree
    """The base, before any patch."""
    base: str = ""
    """The base's name."""
    series: Sequence[Patch] = ()
    """The patches that were applied, in order."""
    reverse: bool = False
    """Whether they were to be taken back instead."""
    bases: Mapping[str, Tree] = field(default_factory=dict)
    """Other bases by name."""
    known: Mapping[str, Patch] = field(default_factory=dict)
    """Patches by name, some of which may be in the series."""
    again: Again = field(default_factory=Again)
    """How to type a command for this series."""
    typed: Mapping[str, str] = field(default_factory=dict)
    """What to type for a patch where it is not its name: the path of its file."""

    def original(self, path: str) -> tuple[bytes, ...]:
        """The lines of the base's file; none if it has no such file."""
        return tuple(split_lines(self.tree[path].data)) if path in self.tree else ()

    def fitting(self, patch: Patch, level: int, base: str | None) -> int:
        """How many hunks of a patch find their lines in the tree of a base (None: the one here), each for itself."""
        key = (id(patch), level, base)
        if key not in self._fitting:
            tree = self.tree if base is None else self.bases[base]
            self._fitting[key] = sum(
                fits(tree, strip.find_target(change, level, tree) or "", hunk)
                for change in patch.files
                for hunk in change.hunks
            )
        return self._fitting[key]

    def maker_of(self, path: str, patch: str) -> str | None:
        """The known patch, not before `patch` in the series, that creates the file at `path`."""
        before = self._up_to(patch)
        for name, other in self._candidates.items():
            if name not in before and any(
                change.creates and path in (strip.target(change, level) for level in (1, 0, 2, 3))
                for change in other.files
            ):
                return name
        return None

    def _up_to(self, patch: str) -> set[str]:
        names = [one.name for one in self.series]
        return set(names[: names.index(patch) + 1]) if patch in names else {patch}

    @cached_property
    def _fitting(self) -> dict[tuple[int, int, str | None], int]:
        return {}

    def source_of(self, lines: Iterable[bytes], patch: str) -> tuple[str, bytes] | None:
        """The known patch that adds most of `lines`, or else names that are in them and not in the base; with the
        first such line or name. None if no patch does. `patch` itself and those before it in the series do not count."""
        before = self._up_to(patch)
        wanted = [line for line in lines if len(squeezed(line)) >= _SHORTEST]
        unknown = {word for line in wanted for word in _IDENTIFIER.findall(line)} - self._identifiers
        by_line = _first_of({squeezed(line): line for line in wanted}, self._adders, before)
        return by_line or _first_of({word: word for word in sorted(unknown)}, self._namers, before)

    @cached_property
    def _identifiers(self) -> frozenset[bytes]:
        return frozenset(word for file in self.tree.values() for word in _IDENTIFIER.findall(file.data))

    @cached_property
    def _candidates(self) -> Mapping[str, Patch]:
        return {**self.known, **{patch.name: patch for patch in self.series}}

    @cached_property
    def _adders(self) -> Mapping[bytes, set[str]]:
        """Lines that patches add, by their words, with the patches."""
        found: defaultdict[bytes, set[str]] = defaultdict(set)
        for name, patch in self._candidates.items():
            for line in _added(patch):
                found[squeezed(line)].add(name)
        return found

    @cached_property
    def _namers(self) -> Mapping[bytes, set[str]]:
        """Names that patches add, with the patches."""
        found: defaultdict[bytes, set[str]] = defaultdict(set)
        for name, patch in self._candidates.items():
            for line in _added(patch):
                for word in _IDENTIFIER.findall(line):
                    found[word].add(name)
        return found


def fits(tree: Tree, path: str, hunk: Hunk) -> bool:
    """Whether a tree's file has the hunk's old lines somewhere."""
    if path not in tree or not hunk.old:
        return False
    index = _index(tree[path].data)
    return index.first(hunk.old, 0, len(index.lines)) is not None


def other_levels(change: FileChange, level: int) -> list[tuple[int, str]]:
    """The other strip levels that a change may be meant for, each with the path that it then has."""
    return [
        (other, path) for other in (1, 0, 2, 3) if other != level and (path := strip.target(change, other))
    ]


@lru_cache(maxsize=64)
def _index(data: bytes) -> LineIndex:
    return LineIndex(split_lines(data))


def _added(patch: Patch) -> Iterable[bytes]:
    return (
        line for change in patch.files for hunk in change.hunks for edit in hunk.edits for line in edit.added
    )


def _first_of(
    wanted: Mapping[bytes, bytes], sources: Mapping[bytes, set[str]], excluded: set[str]
) -> tuple[str, bytes] | None:
    """The source of most keys of `wanted`, and the value of the first key that it has."""
    hits = {shown: sources.get(key, set()) - excluded for key, shown in wanted.items()}
    counts = Counter(name for names in hits.values() for name in sorted(names))
    if not counts:
        return None
    best = max(sorted(counts), key=lambda name: counts[name])
    return best, next(shown for shown, names in hits.items() if best in names)
