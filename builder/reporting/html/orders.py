"""Orders in which the patches of a matrix can be shown: each is a list of places in `Matrix.patches`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from builder.conflicts.values import Matrix, Outcome

_WEIGHT = {
    Outcome.CONFLICT: 4,
    Outcome.SEMANTIC: 4,
    Outcome.HIDDEN: 3,
    Outcome.RESOLVED: 2,
    Outcome.FUZZ: 1,
}
"""How strongly two patches are drawn to each other: the less they get on, the more."""
NEEDS_WORK = frozenset({Outcome.RESOLVED, Outcome.HIDDEN, Outcome.SEMANTIC, Outcome.CONFLICT})
"""Outcomes that somebody must do something about: without that, the two do not go together."""
_FADING = 0.5
"""How much less a patch counts for what is drawn to it, with each further patch placed after it."""


def orders(matrix: Matrix) -> Mapping[str, Sequence[int]]:
    """The places by name of the order: as given, by name, most work first, and those that collide together."""
    places = range(len(matrix.patches))
    names = [patch.name for patch in matrix.patches]
    work = pairs_to_work_on(matrix)
    return {
        "given": list(places),
        "name": sorted(places, key=lambda place: (names[place].lower(), names[place])),
        "work": sorted(places, key=lambda place: (-work[place], place)),
        "together": together(len(names), _attraction(matrix)),
    }


def pairs_to_work_on(matrix: Matrix) -> list[int]:
    """For each patch the number of its pairs, as first or second, that need work."""
    place = {patch.name: number for number, patch in enumerate(matrix.patches)}
    found = [0] * len(place)
    for pair in matrix.pairs:
        if pair.outcome in NEEDS_WORK:
            found[place[pair.first]] += 1
            found[place[pair.second]] += 1
    return found


def together(count: int, attraction: Sequence[Mapping[int, int]]) -> list[int]:
    """`count` places, those that attract each other side by side. `attraction[a][b]` is how much b is drawn to a.

    It begins with the one that attracts most. Each next one is the one most drawn to those placed last; where nothing
    is drawn to them any more, a new group begins in the same way. That takes time in the square of `count` at most.
    """
    strength = [sum(others.values()) for others in attraction]
    left = set(range(count))
    drawn = [0.0] * count
    placed: list[int] = []
    while left:
        best = max(left, key=lambda place: (drawn[place], strength[place], -place))
        left.remove(best)
        placed.append(best)
        drawn = [amount * _FADING for amount in drawn]
        for other, weight in attraction[best].items():
            drawn[other] += weight
    return placed


def _attraction(matrix: Matrix) -> list[dict[int, int]]:
    place = {patch.name: number for number, patch in enumerate(matrix.patches)}
    attraction: list[dict[int, int]] = [{} for _ in place]
    for pair in matrix.pairs:
        weight = _WEIGHT.get(pair.outcome, 0)
        if weight:
            first, second = place[pair.first], place[pair.second]
            attraction[first][second] = attraction[first].get(second, 0) + weight
            attraction[second][first] = attraction[second].get(first, 0) + weight
    return attraction
