"""An order in which patches apply, or the most of them that can. The door: `find_order(base, tree, patches) -> Ordered`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations

from builder.conflicts.core import largest
from builder.conflicts.ground import Ground
from builder.conflicts.ordered import Before, Core, Failure, Needed, Ordered, Rule
from builder.conflicts.prerequisites import Needs, prerequisites, required
from builder.conflicts.search import Order, Patches, Rules, Search, rules_of
from builder.patching.apply import apply
from builder.patching.patch import Patch
from builder.recipes.model import ApplyPolicy, PatchSpec
from builder.sources.tree import Tree

_STRICT = ApplyPolicy()
_MOST_JOINED = 2000
"""States of all files together that are looked at: each means to apply a whole series."""


def find_order(
    base: str,
    tree: Tree,
    patches: Sequence[Patch],
    *,
    specs: Mapping[str, PatchSpec] | None = None,
    policy: ApplyPolicy = _STRICT,
    added: Sequence[str] = (),
) -> Ordered:
    """The order of `patches` on the tree of `base` that is nearest to the given one and in which all apply.

    Their names must differ. `specs` are the patch.toml of those that have one, by name; what they require must be among
    the patches, and `added` says which of them are there for that reason only. If there is no order it is that of the
    largest set that has one. It is proved by applying it.
    """
    names = [patch.name for patch in patches]
    search, order, cores = _searched(tree, patches, rules_of(names, specs or {}), policy)
    outcomes = apply(tree, [patches[patch] for patch in order], policy).patches
    needs = prerequisites(search)
    return Ordered(
        base=base,
        base_tree=tree.digest,
        policy=policy,
        given=tuple(name for name in names if name not in added),
        alone={names[patch]: _alone(search, patch) for patch in range(len(names))},
        added=tuple(added),
        order=tuple(names[patch] for patch in order),
        left_out=tuple(name for number, name in enumerate(names) if number not in order),
        statuses=tuple(outcome.status.value for outcome in outcomes),
        needed=tuple(
            Needed(patch=names[patch], before=tuple(names[other] for other in way)) for patch, way in needs
        ),
        rules=tuple(
            Before(first=names[first], second=names[second], rule=rule)
            for (first, second), rule in _rules(search, needs).items()
        ),
        cores=tuple(_core(search, core, needs) for core in cores),
        complete=search.complete,
    )


def _searched(
    tree: Tree, patches: Sequence[Patch], rules: Sequence[Rules], policy: ApplyPolicy
) -> tuple[Search, Order, list[Patches]]:
    """The search with what it found. Nearly always it may take patches on different lines as apart."""
    search = Search(Ground(tree, patches, policy), rules)
    order, cores = largest(search)
    if not apply(tree, [patches[patch] for patch in order], policy).ok:
        # A hunk went to other lines that look the same.
        search = Search(Ground(tree, patches, policy, joined=True), rules, most=_MOST_JOINED)
        order, cores = largest(search)
    return search, order, cores


def _alone(search: Search, patch: int) -> str:
    series = [search.ground.patches[one] for one in (*required(search, patch), patch)]
    return apply(search.ground.tree, series, search.ground.policy).patches[-1].status.value


def _rules(search: Search, needs: Sequence[Needs]) -> dict[tuple[int, int], Rule]:
    """The pairs that have to be in one order, with the reason."""
    found = dict.fromkeys(_only_so(search), Rule.ORDER)
    found.update({(other, patch): Rule.FOUND for patch, way in needs for other in way})
    for patch, rules in enumerate(search.rules):
        found.update({(other, patch): Rule.AFTER for other in rules.after})
        found.update({(other, patch): Rule.REQUIRES for other in rules.requires})
    return dict(sorted(found.items()))


def _only_so(search: Search) -> Iterator[tuple[int, int]]:
    """The pairs of patches that stand alone and go together in one order only."""
    alone = {patch: (*required(search, patch), patch) for patch in sorted(search.everything)}
    alone = {patch: series for patch, series in alone.items() if search.follows(series)}
    works = {
        (one, other): search.ground.applies(_joined(alone[one], alone[other]))
        for one, other in permutations(alone, 2)
    }
    return (pair for pair, ok in works.items() if ok and not works[pair[::-1]])


def _joined(first: Order, second: Order) -> Order:
    return (*first, *(patch for patch in second if patch not in first))


def _core(search: Search, core: Patches, needs: Sequence[Needs]) -> Core:
    patches = [search.ground.patches[patch] for patch in sorted(core)]
    return Core(
        patches=tuple(patch.name for patch in patches),
        excluded=any(search.rules[patch].excludes & core for patch in core),
        failures=tuple(_failures(search, core, needs)),
    )


def _failures(search: Search, core: Patches, needs: Sequence[Needs]) -> Iterator[Failure]:
    """What fails of a core if its patches are applied as they were given, each after what it needs."""
    before = dict(reversed(needs))
    series: Order = ()
    for patch in sorted(core):
        mine = before.get(patch, ())
        for other in (*mine, patch):
            series = _joined(series, (*required(search, other), other))
    names = {search.ground.patches[patch].name for patch in core}
    for outcome in apply(
        search.ground.tree, [search.ground.patches[patch] for patch in series], search.ground.policy
    ).patches:
        for file in outcome.files:
            hunks = tuple(hunk.n for hunk in file.hunks if not hunk.status.applied)
            if hunks and outcome.name in names:
                yield Failure(patch=outcome.name, path=file.path, hunks=hunks)
