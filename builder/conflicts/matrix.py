"""Every ordered pair of many patches on one base. The door of this room: `compare(…) -> Matrix`."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import lru_cache, partial

from builder.conflicts.comparison import TOLERANCE, Comparison
from builder.conflicts.pairs import judge
from builder.conflicts.quick import known
from builder.conflicts.ranks import OUTCOMES
from builder.conflicts.said import with_said
from builder.conflicts.standing import Standing
from builder.conflicts.trials import plainly, thriftily
from builder.conflicts.values import Matrix, Outcome, Pair
from builder.patching.patch import Patch
from builder.recipes.again import Again
from builder.recipes.model import PatchSpec
from builder.sources.tree import Tree

_SHARES = 16
"""Into how many shares the rows are dealt, so that no worker has to wait long for another."""

Found = dict[tuple[int, int], Pair | Outcome]
"""By row and column the pair, or only its outcome if there is nothing else to say."""


def compare(
    base: str,
    tree: Tree,
    patches: Sequence[Patch],
    *,
    needs: Mapping[str, Sequence[Patch]] | None = None,
    typed: Mapping[str, str] | None = None,
    specs: Mapping[str, PatchSpec] | None = None,
    again: Again | None = None,
    fuzz: int = TOLERANCE,
    executor: Executor | None = None,
) -> Matrix:
    """What becomes of every patch after every other one on the base called `base`. Each has another name.

    `needs` are, by a patch's name, the patches that must come before it, in order and with their own needs; `typed`
    is what a user types for a patch, where that is not its name, and `again` how the comparison was called, for the
    advice; `specs` are their patch.toml. With an `executor` the work is split over its processes.
    """
    comparison = Comparison(
        base=base,
        tree=tree,
        patches=patches,
        needs=needs or {},
        typed=typed or {},
        specs=specs or {},
        again=again or Again(),
        fuzz=fuzz,
    )
    found: Found = {}
    if executor is None:
        found.update(_share(comparison, 0, 1))
    else:
        packed = _pack(comparison)
        for share in executor.map(_packed_share, [packed] * _SHARES, range(_SHARES)):
            found.update(share)
    return _matrix(comparison, found)


def compare_plainly(comparison: Comparison) -> Matrix:
    """The same by applying every pair as a whole, which is what `compare` must never differ from."""
    return _matrix(comparison, _share(comparison, 0, 1, plain=True))


def _share(comparison: Comparison, number: int, of: int, *, plain: bool = False) -> Found:
    """The pairs of every row whose number is `number` modulo `of` with later rows, in both orders."""
    standings = comparison.standings
    found: Found = {}
    for row in range(number, len(standings), of):
        for column in range(row + 1, len(standings)):
            both = meet(comparison, standings[row], standings[column], plain=plain)
            found[row, column], found[column, row] = both
    return found


def meet(
    comparison: Comparison, one: Standing, other: Standing, *, plain: bool = False
) -> tuple[Pair | Outcome, Pair | Outcome]:
    """The pairs (one, other) and (other, one), or only their outcomes if there is nothing else to say."""
    policy = comparison.policy
    sure = None if plain else known(one, other)
    if sure is not None and sure.harmless:
        return OUTCOMES[sure.there.rank], OUTCOMES[sure.back.rank]
    trials = partial(plainly, one, other, policy) if plain else partial(thriftily, sure, one, other, policy)
    return judge(comparison, one, other, trials)


def _matrix(comparison: Comparison, found: Found) -> Matrix:
    return Matrix(
        base=comparison.base,
        base_tree=comparison.tree.digest,
        patches=tuple(standing.state for standing in comparison.standings),
        pairs=tuple(_pairs(comparison, found)),
    )


def _pairs(comparison: Comparison, found: Found) -> Iterator[Pair]:
    names = [patch.name for patch in comparison.patches]
    for row, first in enumerate(names):
        for column, second in enumerate(names):
            if row == column:
                continue
            pair = found[row, column]
            whole = pair if isinstance(pair, Pair) else Pair(first=first, second=second, outcome=pair)
            yield with_said(whole, comparison.specs)


def _pack(comparison: Comparison) -> bytes:
    # A new tree, without all that was worked out about this one.
    return pickle.dumps(replace(comparison, tree=Tree(comparison.tree)), pickle.HIGHEST_PROTOCOL)


@lru_cache(maxsize=1)
def _unpack(packed: bytes) -> Comparison:
    """Once for all shares that a worker gets."""
    comparison: Comparison = pickle.loads(packed)  # noqa: S301  (what another process of ours has packed)
    return comparison


def _packed_share(packed: bytes, number: int) -> Found:
    return _share(_unpack(packed), number, _SHARES)
