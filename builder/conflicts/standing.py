"""One of the compared patches by itself: on the base, after the patches that it requires."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from builder.conflicts.facts import Facts, facts_of
from builder.conflicts.prints import FilePrint, file_prints
from builder.conflicts.ranks import rank_of
from builder.conflicts.values import PatchState
from builder.merging.edits import Side, side_of_owned
from builder.patching.applied import Applied, OwnedLines
from builder.patching.apply import apply
from builder.patching.findings import FileOutcome, HunkStatus, PatchOutcome
from builder.patching.lazy import lazy
from builder.patching.patch import FileChange, Kind, Patch
from builder.patching.strip import names_of
from builder.recipes.model import ApplyPolicy
from builder.sources.tree import Tree, folders_of

_LEVELS = range(4)
"""The strip levels that the applier looks at."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Part:
    """What a patch does to one file that the base has, where that depends on nothing but this file's lines.

    Its side and its facts are worked out when they are asked for: most files of a patch are changed by no other.
    """

    patch: Patch
    """A patch of this change alone, with a strip level."""
    change: FileChange
    outcome: FileOutcome
    """On the bare base."""
    base: Tree
    after: OwnedLines
    prints: FilePrint
    fuzz: int

    @lazy
    def side(self) -> Side:
        """What it made of the file, to be merged."""
        return side_of_owned(self.after)

    @lazy
    def facts(self) -> Facts | None:
        """What is known of it; None where it takes applying it to know."""
        return facts_of(self.base, self.change, self.outcome, self.prints, self.after.lines, self.fuzz)


@dataclass(frozen=True, eq=False, kw_only=True)
class Standing:
    """A patch alone on the base. `needs` come before it, in order."""

    base: Tree
    patch: Patch
    needs: tuple[Patch, ...]
    applied: Applied
    """Of the needs and the patch."""
    fuzz: int
    """With how much fuzz."""

    @property
    def name(self) -> str:
        return self.patch.name

    @property
    def outcome(self) -> PatchOutcome:
        return self.applied.patches[-1]

    @cached_property
    def ok(self) -> bool:
        """Whether it applies, and all that it needs."""
        return self.applied.ok

    @property
    def series(self) -> tuple[Patch, ...]:
        """The needs, then the patch."""
        return (*self.needs, self.patch)

    @cached_property
    def need_names(self) -> frozenset[str]:
        return frozenset(patch.name for patch in self.needs)

    @cached_property
    def touched(self) -> frozenset[str]:
        """The paths of all files that may be other ones than in the base."""
        return frozenset((*self.applied.owned, *self.applied.gone))

    @cached_property
    def parts(self) -> Mapping[str, Part]:
        """Its files that can be looked at by themselves, by path; none if it needs other patches or does not apply."""
        if self.needs or not self.ok:
            return {}
        found: dict[str, Part] = {}
        several: set[str] = set()
        for change, outcome in zip(self.patch.files, self.outcome.files, strict=True):
            path = outcome.path
            if path in found or not self._is_part(change, outcome):
                several.add(path)
                continue
            found[path] = Part(
                patch=replace(self.patch, files=(change,), strip=outcome.strip),
                change=change,
                outcome=outcome,
                base=self.base,
                after=self.applied.owned[path],
                prints=self.prints[path],
                fuzz=self.fuzz,
            )
        return {path: part for path, part in found.items() if path not in several}

    def _is_part(self, change: FileChange, outcome: FileOutcome) -> bool:
        plain = change.kind is Kind.CHANGE and not change.creates and not change.removes
        # Hunks for line 0 speak of files that are empty or not there.
        lines = bool(change.hunks) and all(hunk.old_start and hunk.new_start for hunk in change.hunks)
        before, after = (tree.get(outcome.path) for tree in (self.base, self.applied.tree))
        if before is None or after is None or not before.data:
            return False
        return plain and lines and before.mode == after.mode

    @cached_property
    def elsewhere(self) -> frozenset[str]:
        """The files it touches that are no parts: made, removed, moved, of bytes, with other modes."""
        return self.touched - self.parts.keys()

    @cached_property
    def looked_at(self) -> frozenset[str]:
        """All paths whose being there or not may count for it, and the folders of those."""
        names = {
            name
            for patch in self.series
            for change in patch.files
            for level in (*_LEVELS, *({patch.strip} - {None}))
            for name in names_of(change, level)
        }
        return frozenset((*names, *(folder for name in names for folder in folders_of(name))))

    @cached_property
    def ranks(self) -> Mapping[str, int]:
        """By path how the worst of its hunks goes in on the bare base."""
        found: dict[str, int] = {}
        for file in self.outcome.files:
            rank = max((rank_of(hunk.status) for hunk in file.hunks), default=0)
            found[file.path] = max(rank, found.get(file.path, 0))
        return found

    @cached_property
    def rank(self) -> int:
        """The worst of the ranks."""
        return max(self.ranks.values(), default=0)

    def rank_without(self, paths: frozenset[str]) -> int:
        """The worst of the ranks of the other files."""
        return max((rank for path, rank in self.ranks.items() if path not in paths), default=0)

    @cached_property
    def fuzzy(self) -> frozenset[tuple[str, int]]:
        """Path and number of the hunks that go in on the bare base only with fuzz."""
        return frozenset(
            (file.path, hunk.n)
            for file in self.outcome.files
            for hunk in file.hunks
            if hunk.status is HunkStatus.FUZZ
        )

    @cached_property
    def prints(self) -> Mapping[str, FilePrint]:
        """Where its hunks are in the base's files."""
        return file_prints(self.base, self.patch, self.needs, self.applied)

    @cached_property
    def state(self) -> PatchState:
        """What a report says of it."""
        return PatchState(
            name=self.name,
            sha256=hashlib.sha256(self.patch.data).hexdigest(),
            alone=self.outcome.status.value,
            needs=tuple(patch.name for patch in self.needs),
        )


def stand(tree: Tree, patch: Patch, needs: Sequence[Patch], policy: ApplyPolicy) -> Standing:
    """The patch applied to the base by itself."""
    applied = apply(tree, (*needs, patch), policy)
    return Standing(base=tree, patch=patch, needs=tuple(needs), applied=applied, fuzz=policy.fuzz)
