"""Which patches a merge must have together: who is in dispute, and what each of them cannot stand without."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from builder.patching.applied import Applied, Reject
from builder.patching.apply import apply
from builder.patching.diagnose import Background, diagnose
from builder.patching.findings import Owner
from builder.patching.patch import Patch
from builder.recipes.model import ApplyPolicy
from builder.resolving.values import Member, Used
from builder.sources.tree import Tree

_AROUND = 4
"""Lines next to a hunk's in which others may be in its way: the context of a hunk, and one."""
_MOST_NEEDED = 2
"""How many patches are looked for at once that another one needs without saying so."""


def with_needs(names: Iterable[str], used: Sequence[Used]) -> tuple[Used, ...]:
    """Those of `used` that are named, with all that their patch.toml or fix-up asks for, in the order of the series."""
    by_name = {one.name: one for one in used}
    wanted: set[str] = set()
    waiting = list(names)
    while waiting:
        one = by_name.get(waiting.pop())
        if one is None or one.name in wanted:
            continue
        wanted.add(one.name)
        waiting += one.member.requires
        if one.fixup is not None:
            waiting += [other.name for other in (*one.fixup.after, *one.fixup.needs)]
    return tuple(one for one in used if one.name in wanted)


def widening(tree: Tree, before: Sequence[Used], failed: Applied, patch: Patch) -> Iterator[tuple[Used, ...]]:
    """Ever more of the patches before `patch` that it may be in dispute with, each set larger than the last.

    `failed` is the series with the patch, which did not apply.
    """
    touched = {file.path for file in failed.patches[-1].files}
    near = [
        one.name
        for one, outcome in zip(before, failed.patches, strict=False)
        if touched & {file.path for file in outcome.files}
    ]
    tried: set[tuple[str, ...]] = set()
    for names in (_in_the_way(tree, failed, patch), near, [one.name for one in before]):
        found = with_needs(names, before)
        key = tuple(one.name for one in found)
        if key and key not in tried:
            tried.add(key)
            yield found


def _in_the_way(tree: Tree, failed: Applied, patch: Patch) -> set[str]:
    """The patches that own lines where hunks of `patch` failed."""
    rejects = [reject for reject in failed.rejects if reject.patch.name == patch.name]
    background = Background(tree=tree, base="", series=(), bases={}, known={}, typed={})
    diagnoses = diagnose(rejects, background)
    found = {one.owner.patch for one in diagnoses if one.owner is not None}
    places = {(one.path, one.patch_line): one.candidate_line for one in diagnoses}
    for reject in rejects:
        candidate = places.get((reject.path, reject.hunk.patch_line))
        starts = {reject.expected, *(() if candidate is None else (candidate - 1,))}
        found.update(owner.patch for start in starts for owner in _owners(reject, start))
        if reject.path in failed.gone:
            found.add(failed.gone[reject.path])
    return found - {patch.name}


def _owners(reject: Reject, start: int) -> Iterator[Owner]:
    """Who put lines in or took some away around a place."""
    first, last = max(start - _AROUND, 0), start + len(reject.hunk.old) + _AROUND
    yield from (owner for owner in reject.before.owners[first:last] if owner is not None)
    yield from (gone.owner for gone in reject.before.removed if first <= gone.at <= last)


def standing(
    tree: Tree, member: Member, before: Sequence[Used], policy: ApplyPolicy
) -> tuple[tuple[Used, ...], Applied, Applied] | None:
    """What a patch needs to stand, the base with that, and the patch on it. None if it does not stand on anything.

    That is what its patch.toml requires; if it does not apply there, the fewest patches before it that make it.
    """
    required = with_needs(member.requires, before)
    for needs in _candidates(required, before):
        for forms in dict.fromkeys(
            (tuple(one.member.patch for one in needs), tuple(one.patch for one in needs))
        ):
            alone = apply(tree, (*forms, member.patch), policy)
            if alone.ok:
                return needs, apply(tree, forms, policy), alone
    return None


def _candidates(required: tuple[Used, ...], before: Sequence[Used]) -> Iterator[tuple[Used, ...]]:
    yield required
    names = [one.name for one in required]
    others = [one.name for one in before if one.name not in names]
    for count in range(1, _MOST_NEEDED + 1):
        for chosen in combinations(others, count):
            yield with_needs((*names, *chosen), before)
    yield tuple(before)
