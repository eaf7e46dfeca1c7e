"""Why patches cannot all be ordered: the smallest sets that cannot go together, and the most that can.

Patches *can go together* if there is an order that has them all, with whatever else of the given patches helps. A core
is a set that cannot, while every smaller one in it can. So to leave out the fewest patches is to leave out one of each
core, and what remains is the largest set that can be ordered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, count

from builder.conflicts.search import Order, Patches, Search, interleaved

_MOST_ROUNDS = 200
"""Cores of three and more that are looked for in one group of patches."""


def largest(search: Search) -> tuple[Order, list[Patches]]:
    """The largest set of patches that can be ordered, in its order, and the cores that say why it is not larger.

    All cores of one and two patches are among them, those of more as far as they count. Of two sets as large it is the
    one that keeps the patches with the lower numbers. If `search` had to give up, the set may not be the largest.
    """
    orders, cores = [], []
    for group in search.groups:
        order, found = _of_group(search, group)
        orders.append(order)
        cores += found
    return interleaved(orders), sorted(cores, key=lambda core: (len(core), sorted(core)))


def _of_group(search: Search, group: Sequence[int]) -> tuple[Order, list[Patches]]:
    cores = list(_small(search, group))
    for _ in range(_MOST_ROUNDS):
        out = fewest(cores)
        kept = [patch for patch in group if patch not in out]
        order = search.order(kept)
        if order is not None:
            return order, cores
        if not search.complete:
            break
        cores.append(_shrunk(search, kept, group))
    search.complete = False
    return _greedy(search, group), cores


def _small(search: Search, group: Sequence[int]) -> Iterator[Patches]:
    """The cores of one patch and of two."""
    stand = []
    for patch in group:
        if search.order([patch], group) is None:
            yield frozenset((patch,))
        else:
            stand.append(patch)
    for pair in combinations(stand, 2):
        apart = frozenset(pair) not in search.ties and all(search.follows((patch,)) for patch in pair)
        if not apart and search.order(pair, group) is None:
            yield frozenset(pair)


def _shrunk(search: Search, patches: Sequence[int], others: Sequence[int]) -> Patches:
    """The core in patches that cannot go together: what need not be in it is taken away, the last first."""
    core = list(patches)
    for patch in reversed(patches):
        rest = [other for other in core if other != patch]
        if search.order(rest, others) is None:
            core = rest
    return frozenset(core)


def _greedy(search: Search, group: Sequence[int]) -> Order:
    """An order of many patches, if not of the most: one after the other is taken if an order for it is found."""
    order: Order = ()
    for patch in group:
        order = order if patch in order else search.order((*order, patch), group) or order
    return order


def fewest(cores: Iterable[Patches]) -> Patches:
    """The fewest patches of which every core has one; where there is a choice those with the higher numbers.

    >>> sorted(fewest([frozenset((0, 1)), frozenset((1, 2)), frozenset((3, 4))]))
    [1, 4]
    """
    wanted = frozenset(cores)
    return next(found for most in count() if (found := _hitting(wanted, most)) is not None)


def _hitting(cores: frozenset[Patches], most: int) -> Patches | None:
    """At most `most` patches of which every core has one. Each patch in turn is spared, or else taken."""
    taken = frozenset(patch for core in cores if len(core) == 1 for patch in core)
    cores = frozenset(core for core in cores if not core & taken)
    if len(taken) + _disjoint(cores) > most:
        return None
    if not cores:
        return taken
    patch = min(min(core) for core in cores)
    spared = _hitting(frozenset(core - {patch} for core in cores), most - len(taken))
    if spared is not None:
        return taken | spared
    rest = _hitting(frozenset(core for core in cores if patch not in core), most - len(taken) - 1)
    return None if rest is None else taken | rest | {patch}


def _disjoint(cores: Iterable[Patches]) -> int:
    """A number of cores that have nothing in common: so many patches must be taken at least."""
    seen: set[int] = set()
    number = 0
    for core in sorted(cores, key=lambda core: (len(core), sorted(core))):
        if not core & seen:
            seen |= core
            number += 1
    return number
