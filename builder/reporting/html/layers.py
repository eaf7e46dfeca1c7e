"""Which column of the drawing each patch stands in, and where in it: what comes before stands to the left.

The method is Sugiyama's, in its plainest form: longest paths give the columns, an edge that passes a column gets a
place of its own in it, and each column is sorted by the middle of its neighbours, a few times back and forth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

_SWEEPS = 6


class Stop(NamedTuple):
    """What has a place in a column: a patch, or an edge (by its number) on its way between two patches."""

    name: str
    edge: int = -1

    @property
    def is_patch(self) -> bool:
        return self.edge < 0


@dataclass(frozen=True, slots=True)
class Layers:
    """`columns` are from left to right, each from top to bottom; `ways` has the stops of each edge, ends included."""

    columns: Sequence[Sequence[Stop]]
    ways: Sequence[Sequence[Stop]]


def layers(names: Sequence[str], edges: Sequence[tuple[str, str]]) -> Layers:
    """Places for patches and the edges between them. In a circle of edges one of them points backwards."""
    depth = _depths(names, edges)
    columns: list[list[Stop]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for name in names:
        columns[depth[name]].append(Stop(name))
    ways = []
    for number, (first, second) in enumerate(edges):
        passed = range(depth[first] + 1, depth[second])
        for column in passed:
            columns[column].append(Stop(f"{column}", number))
        ways.append([Stop(first), *(Stop(f"{column}", number) for column in passed), Stop(second)])
    _untangle(columns, ways)
    return Layers(columns, ways)


def _depths(names: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """For each name the number of edges on the longest way to it."""
    before: dict[str, list[str]] = {name: [] for name in names}
    for first, second in edges:
        before[second].append(first)
    depth: dict[str, int] = {}
    for name in names:
        _visit(name, before, depth, ())
    return depth


def _visit(name: str, before: Mapping[str, list[str]], depth: dict[str, int], above: tuple[str, ...]) -> int:
    if name not in depth:
        on_way = (*above, name)
        ends = [other for other in before[name] if other not in on_way]
        depth[name] = max((_visit(other, before, depth, on_way) + 1 for other in ends), default=0)
    return depth[name]


def _untangle(columns: Sequence[list[Stop]], ways: Sequence[Sequence[Stop]]) -> None:
    neighbours: dict[Stop, list[Stop]] = {}
    for way in ways:
        for left, right in pairwise(way):
            neighbours.setdefault(left, []).append(right)
            neighbours.setdefault(right, []).append(left)
    for sweep in range(_SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            places = {stop: place for other in columns for place, stop in enumerate(other)}
            middles = {}
            for stop in column:
                near = [places[other] for other in neighbours.get(stop, [stop])]
                middles[stop] = sum(near) / len(near)
            column.sort(key=middles.__getitem__)
