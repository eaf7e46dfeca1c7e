"""`make it` for every pair of a matrix: which of those that apply, or could be merged, also compile.

The two orders of a pair mostly give one tree, which is compiled once. First the base and each patch alone are compiled:
what is wrong with a patch by itself is not held against its pairs, and most objects are there then.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import msgspec

from builder.conflicts.values import Matrix, Outcome, Pair
from builder.console import Progress
from builder.errors import BackendError
from builder.merging.merge import merge_trees
from builder.patching.applied import Applied
from builder.patching.apply import apply
from builder.patching.parse import parse
from builder.patching.patch import Patch
from builder.patching.write import write_diff
from builder.proofs.compilation import Compilation
from builder.proofs.setting import Setting
from builder.proofs.verdict import weigh
from builder.recipes.model import ApplyPolicy
from builder.sources.tree import Tree

_SAID = 3
"""Lines of an error that a table has room for: what, where, and whose line it is."""

Key = TypeVar("Key", str, tuple[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Patches on a base, and the checks (scripts by name) that what comes out must pass. Other processes can have it."""

    base: Tree
    patches: tuple[Patch, ...]
    policy: ApplyPolicy
    scripts: Mapping[str, Path] = field(default_factory=dict)

    def applied(self) -> Applied:
        return apply(self.base, self.patches, self.policy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """What is compared, and how it is compiled."""

    tree: Tree
    patches: Sequence[Patch]
    needs: Mapping[str, Sequence[Patch]]
    """By a patch's name what must come before it, in order."""
    scripts: Mapping[str, Mapping[str, Path]]
    """By a patch's name its own checks."""
    policy: ApplyPolicy
    setting: Setting
    progress: Progress
    executor: Executor | None = None

    def complete(self, matrix: Matrix) -> Matrix:
        """The matrix with what compiling says of each pair whose tree there is."""
        alone = self._alone()
        together = {
            (pair.first, pair.second): self._together(pair)
            for pair in matrix.pairs
            if pair.outcome is not Outcome.CONFLICT
        }
        found = self._compiled("pairs", {pair: one for pair, one in together.items() if one is not None})
        pairs = [_completed(pair, found.get((pair.first, pair.second)), alone) for pair in matrix.pairs]
        return msgspec.structs.replace(matrix, pairs=tuple(pairs))

    def _alone(self) -> Mapping[str, Compilation]:
        """What becomes of each patch by itself; under "" of the bare base."""
        # The base comes before the others, so that they find its objects.
        bare = {"": Series(base=self.tree, patches=(), policy=self.policy)}
        series = {
            patch.name: Series(base=self.tree, patches=self._series(patch), policy=self.policy)
            for patch in self.patches
        }
        found = self._compiled("base", bare)
        return {**found, **self._compiled("patches", series)}

    def _series(self, patch: Patch) -> tuple[Patch, ...]:
        return (*self.needs.get(patch.name, ()), patch)

    def _together(self, pair: Pair) -> Series | None:
        """The series of a pair; where the second does not apply, what a merge makes of it stands in its place."""
        by_name = {patch.name: patch for patch in self.patches}
        first, second = self._series(by_name[pair.first]), self._series(by_name[pair.second])
        names = {patch.name for patch in first}
        patches = (*first, *(patch for patch in second if patch.name not in names))
        scripts = {**self.scripts.get(pair.first, {}), **self.scripts.get(pair.second, {})}
        series = Series(base=self.tree, patches=patches, policy=self.policy, scripts=scripts)
        if pair.outcome is Outcome.RESOLVED:
            return self._merged(series, first, second)
        return series if series.applied().ok else None

    def _merged(self, series: Series, first: tuple[Patch, ...], second: tuple[Patch, ...]) -> Series | None:
        common = [patch for patch in first[:-1] if patch in second]
        base, ours, theirs = (apply(self.tree, some, self.policy) for some in (common, first, second))
        names = (first[-1].name, second[-1].name)
        merged = merge_trees(base.tree, ours.tree, theirs.tree, names=names)
        if not (ours.ok and theirs.ok and merged.ok):
            return None
        difference = write_diff(ours.tree, merged.tree)
        # Nothing is left of a patch that the first one has in it.
        left = (parse(second[-1].name, difference, strip=1),) if difference else ()
        return replace(series, patches=(*first, *left))

    def _compiled(self, what: str, series: Mapping[Key, Series]) -> dict[Key, Compilation]:
        """What becomes of each series; those that make the same tree are compiled once."""
        trees = {key: one.applied().tree.digest for key, one in series.items()}
        first = {(trees[key], tuple(one.scripts)): one for key, one in series.items()}
        results: dict[object, Compilation] = {}
        for done, (tree, found) in enumerate(zip(first, self._map(list(first.values())), strict=True), 1):
            results[tree] = found
            self.progress.advance(f"compiling {what}", done, len(first))
        return {key: results[trees[key], tuple(one.scripts)] for key, one in series.items()}

    def _map(self, series: Sequence[Series]) -> Iterator[Compilation]:
        settings = [self.setting] * len(series)
        if self.executor is None:
            return map(compiled, settings, series)
        return self.executor.map(compiled, settings, series)


def compiled(setting: Setting, series: Series) -> Compilation:
    """Make the tree of a series and run its checks, in whatever process this is.

    BackendError if that is on a machine, or in a container, that has not the files which the processes share.
    """
    if not setting.objects.is_dir():
        raise BackendError(
            f"The worker on {socket.gethostname()} does not see the files of this machine, and compiling needs them.",
            hint="Give --scheduler the address of a cluster on this machine, or leave it out.",
        )
    applied = series.applied()
    return setting.compile(applied.tree, applied.owner, series.scripts)


def _completed(pair: Pair, found: Compilation | None, alone: Mapping[str, Compilation]) -> Pair:
    if found is None:
        return pair
    parts = {
        name or "the base": (lambda one=one: one)
        for name, one in alone.items()
        if name in ("", pair.first, pair.second)
    }
    verdict = weigh(found, parts)
    if not verdict.error:
        return msgspec.structs.replace(pair, compiles=True)
    said = " ".join(line.strip() for line in verdict.error.splitlines()[:_SAID])
    note = f"{pair.note}; {said}" if pair.note else said
    if verdict.before:
        return msgspec.structs.replace(pair, compiles=False, note=note)
    return msgspec.structs.replace(pair, compiles=False, note=note, outcome=Outcome.SEMANTIC)
