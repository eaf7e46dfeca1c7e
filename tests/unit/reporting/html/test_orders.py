"""The orders of rows and columns, and above all the one that puts patches that collide side by side."""

from __future__ import annotations

import random
from itertools import pairwise

from builder.reporting.html.orders import orders, pairs_to_work_on, together
from tests.matrices import small


def test_of_the_small_matrix() -> None:
    matrix = small()
    names = [patch.name for patch in matrix.patches]
    found = {order: [names[place] for place in places] for order, places in orders(matrix).items()}
    assert found["given"] == names
    assert found["name"] == sorted(names)
    assert found["work"][:3] == ["tls", "ban", "spf"]
    assert found["together"][:3] == ["tls", "ban", "spf"]
    assert all(sorted(order) == sorted(names) for order in found.values())


def test_work_counts_both_places_of_a_pair() -> None:
    matrix = small()
    counted = dict(zip([patch.name for patch in matrix.patches], pairs_to_work_on(matrix), strict=True))
    # tls: a conflict in both orders, resolved after and before another, does not compile after log/file.
    assert counted["tls"] == 5
    assert counted["spf"] == 2
    assert counted["log/file"] == 1


def test_groups_stay_together_however_they_were_mixed() -> None:
    groups = [list(range(6)), list(range(6, 11)), list(range(11, 18))]
    places = list(range(20))
    random.Random(1).shuffle(places)  # noqa: S311 - not for secrets
    attraction: list[dict[int, int]] = [{} for _ in places]
    for group in groups:
        for one in group:
            for other in group:
                if one != other:
                    attraction[places[one]][places[other]] = 4
    found = together(20, attraction)
    group_of = {places[member]: number for number, group in enumerate(groups) for member in group}
    seen = [group_of.get(place) for place in found]
    changes = sum(left != right for left, right in pairwise(seen))
    assert changes == 3, seen
    assert seen[-2:] == [None, None]


def test_a_chain_stays_a_chain() -> None:
    attraction = [{1: 4}, {0: 4, 2: 4}, {1: 4, 3: 4}, {2: 4, 4: 4}, {3: 4}]
    found = together(5, attraction)
    near = sum(abs(left - right) == 1 for left, right in pairwise(found))
    assert near >= 3, found


def test_none_and_one() -> None:
    assert together(0, []) == []
    assert together(1, [{}]) == [0]
