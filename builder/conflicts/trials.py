"""Two patches applied one after the other: the whole series, or only the files in which that is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from builder.conflicts.quick import Fate, Known
from builder.conflicts.ranks import REJECTED, rank_of
from builder.conflicts.standing import Standing
from builder.patching.apply import apply
from builder.patching.findings import FileOutcome, HunkOutcome, HunkStatus
from builder.patching.patch import Patch
from builder.recipes.model import ApplyPolicy
from builder.sources.tree import File, Tree

_NAME = "conflicts.files"
_HARMLESS = (HunkStatus.CLEAN, HunkStatus.OFFSET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What became of a second patch after a first."""

    rank: int
    """How the worst of its hunks went in."""
    ok: bool
    """Whether everything applied: the first, what the second needs, and the second."""
    trouble: Mapping[str, frozenset[int]]
    """By path the numbers of the hunks that went in neither exactly nor as they do on the bare base."""
    moved: str = ""
    """If nothing but other functions keeps hunks from going in: what is said of the first of them."""
    made: Mapping[str, File | None]
    """What the orders could make differently; None: not there."""


Trials = Callable[[], tuple[Trial, Trial]]
"""Tries both orders of two patches: (one, other), then (other, one)."""


def plainly(one: Standing, other: Standing, policy: ApplyPolicy) -> tuple[Trial, Trial]:
    """Both orders, each applied as a whole."""
    return _whole(one, other, policy), _whole(other, one, policy)


def thriftily(
    found: Known | None, one: Standing, other: Standing, policy: ApplyPolicy
) -> tuple[Trial, Trial]:
    """The same by what is known of them already; only the files in doubt are applied, each by itself."""
    if found is None or not all(path in one.parts and path in other.parts for path in found.doubts):
        return plainly(one, other, policy)
    return (
        _by_file(one, other, found.doubts, found.there, policy),
        _by_file(other, one, found.doubts, found.back, policy),
    )


def series(first: Standing, second: Standing) -> tuple[Patch, ...]:
    """The patches of a pair: the first after what it needs, then the second after what it needs and is not there."""
    names = {patch.name for patch in first.series}
    return (*first.series, *(patch for patch in second.series if patch.name not in names))


def _whole(first: Standing, second: Standing, policy: ApplyPolicy) -> Trial:
    applied = apply(first.base, series(first, second), policy)
    files = [file for patch in applied.patches[len(first.series) :] for file in patch.files]
    paths = sorted({*applied.owned, *applied.gone})
    return Trial(
        rank=rank_of(applied.patches[-1].status),
        ok=applied.ok,
        trouble=_trouble(files, second),
        moved=_moved(files),
        made={path: applied.tree.get(path) for path in paths},
    )


def _by_file(
    first: Standing, second: Standing, paths: Iterable[str], rest: Fate, policy: ApplyPolicy
) -> Trial:
    """The files at `paths` applied each by itself. What becomes of the second's hunks in all others is `rest`."""
    rank = rest.rank
    files: list[FileOutcome] = []
    made: dict[str, File | None] = {}
    for path in paths:
        both = (first.parts[path].patch, second.parts[path].patch)
        applied = apply(_only(first.base, path), both, policy)
        rank = max(rank, rank_of(applied.patches[-1].status))
        files += applied.patches[-1].files
        made[path] = applied.tree[path]
    return Trial(
        rank=rank,
        ok=rank < REJECTED,
        trouble={**rest.rejected, **_trouble(files, second)},
        moved="" if rest.rejected else _moved(files),
        made=made,
    )


def _trouble(files: Iterable[FileOutcome], second: Standing) -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for file in files:
        for hunk in file.hunks:
            usual = hunk.status is HunkStatus.FUZZ and (file.path, hunk.n) in second.fuzzy
            if hunk.status not in _HARMLESS and not usual:
                found.setdefault(file.path, set()).add(hunk.n)
    return {path: frozenset(numbers) for path, numbers in found.items()}


def _moved(files: Iterable[FileOutcome]) -> str:
    failures: list[HunkOutcome] = [hunk for file in files for hunk in file.hunks if not hunk.status.applied]
    moved = all(hunk.status is HunkStatus.MISPLACED for hunk in failures)
    return failures[0].verdict if failures and moved else ""


def _only(tree: Tree, path: str) -> Tree:
    """The tree of one file; always the same one, for what the applier remembers of it."""
    alone: dict[str, Tree] = tree.memory.setdefault(_NAME, {})
    if path not in alone:
        alone[path] = Tree({path: tree[path]})
    return alone[path]
