"""Prerequisites that nobody wrote down: a patch that does not apply by itself, but does after others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from builder.conflicts.search import Order, Search

Needs = tuple[int, Order]
"""A patch, and what must come before it, in order."""


def prerequisites(search: Search) -> list[Needs]:
    """What was found for each patch that does not apply with only its patch.toml's requirements before it.

    Several of one patch are ways to choose from, which have nothing in common. What a prerequisite needs in its turn is
    not repeated: after "b needs a" it is "c needs b".
    """
    found = [
        (patch, way)
        for patch in sorted(search.everything)
        if not search.follows((*required(search, patch), patch))
        for way in _ways(search, patch)
    ]
    return [(patch, direct) for patch, way in found if (direct := _direct(search, patch, way, found))]


def required(search: Search, patch: int) -> Order:
    """What patch.toml files require before a patch, directly or not, in an order that they allow."""
    order: list[int] = []
    waiting = [patch]
    while waiting:
        missing = sorted(search.rules[waiting[-1]].requires - set(order) - set(waiting))
        if missing:
            waiting.append(missing[0])
        else:
            order.append(waiting.pop())
    return tuple(order[:-1])


def _ways(search: Search, patch: int) -> Iterator[Order]:
    others = search.everything - {patch}
    while (order := search.order([patch], others)) is not None:
        way = _shrunk(search, order[: order.index(patch)], patch)
        yield way
        said = set(required(search, patch))
        others -= {other for other in way if other not in said}


def _shrunk(search: Search, before: Sequence[int], patch: int) -> Order:
    """What of `before` is needed for the patch to apply; what comes last is tried first."""
    kept = list(before)
    for other in reversed(before):
        rest = [one for one in kept if one != other]
        if search.follows((*rest, patch)):
            kept = rest
    return tuple(kept)


def _direct(search: Search, patch: int, way: Order, found: Sequence[Needs]) -> Order:
    """A way without what patch.toml files say, and without what the others in it need anyway."""
    implied = set(required(search, patch))
    for other in way:
        implied.update(required(search, other), *(its for one, its in found if one == other))
    return tuple(other for other in way if other not in implied)
