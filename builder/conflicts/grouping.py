"""Things in groups: those that hang together, directly or through others."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)


def grouped(items: Sequence[Item], ties: Iterable[tuple[Item, Item]]) -> list[list[Item]]:
    """The items in groups without a tie between them, groups and members in the order of `items`.

    >>> grouped("abcd", [("b", "d")])
    [['a'], ['b', 'd'], ['c']]
    """
    leader = {item: item for item in items}
    for one, other in ties:
        leader[_top(leader, other)] = _top(leader, one)
    groups: dict[Item, list[Item]] = {}
    for item in items:
        groups.setdefault(_top(leader, item), []).append(item)
    return list(groups.values())


def _top(leader: dict[Item, Item], item: Item) -> Item:
    while leader[item] != item:
        leader[item] = item = leader[leader[item]]
    return item
