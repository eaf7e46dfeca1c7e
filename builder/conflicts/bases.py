"""The same patches on several bases at once: which still apply, and which still build."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from builder.conflicts.base_table import BaseState, BaseTable, Built, OnBase
from builder.conflicts.standing import Standing, stand
from builder.conflicts.values import Matrix, Outcome
from builder.patching.apply import Applied, apply
from builder.patching.patch import Patch
from builder.recipes.model import ApplyPolicy
from builder.sources.tree import Tree

Builder = Callable[[Applied], str]
"""Compiles the tree of a series; what the compiler said if it fails, empty if it does not."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A base with the patches in the form in which they are tried on it."""

    base: str
    tree: Tree
    patches: Sequence[Patch]
    needs: Mapping[str, Sequence[Patch]]
    forms: Mapping[str, str] = field(default_factory=dict)
    """By a patch's name the base that its file is for."""
    builder: Builder | None = None
    """None: nothing is compiled."""


def table(trials: Sequence[Trial], matrices: Sequence[Matrix], *, fuzz: int) -> BaseTable:
    """What becomes of every patch on every base. All trials have the same patches; `matrices` are their pairs."""
    policy = ApplyPolicy(fuzz=fuzz)
    columns = [list(_column(trial, policy)) for trial in trials]
    return BaseTable(
        bases=tuple(map(_base, trials, matrices)),
        patches=tuple(patch.name for patch in trials[0].patches),
        cells=tuple(cell for row in zip(*columns, strict=True) for cell in row),
    )


def _base(trial: Trial, matrix: Matrix) -> BaseState:
    counts = Counter(pair.outcome for pair in matrix.pairs)
    return BaseState(
        name=trial.base,
        tree=trial.tree.digest,
        pairs={outcome.value: counts[outcome] for outcome in Outcome if counts[outcome]},
        built=_built(trial, apply(trial.tree, ())),
    )


def _column(trial: Trial, policy: ApplyPolicy) -> Iterator[OnBase]:
    for patch in trial.patches:
        found = stand(trial.tree, patch, trial.needs.get(patch.name, ()), policy)
        hunks = [hunk for file in found.outcome.files for hunk in file.hunks]
        yield OnBase(
            patch=patch.name,
            base=trial.base,
            form=trial.forms.get(patch.name, ""),
            status=found.outcome.status,
            failed=sum(not hunk.status.applied for hunk in hunks),
            hunks=len(hunks),
            needs=_missing(found),
            built=_built(trial, found.applied) if found.ok else None,
        )


def _missing(found: Standing) -> str:
    """The first of the patches before it that does not apply."""
    return next((one.name for one in found.applied.patches[:-1] if not one.status.applied), "")


def _built(trial: Trial, applied: Applied) -> Built | None:
    if trial.builder is None:
        return None
    error = trial.builder(applied)
    return Built(ok=not error, error=error)
