"""Which patches build on which, and which are in each other's way: a graph for people, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import combinations

import msgspec

from builder.conflicts.ordered import Ordered, Rule
from builder.conflicts.values import Matrix, Outcome, Pair
from builder.recipes.model import PatchSpec


class EdgeKind(StrEnum):
    """How two patches hang together. All but CONFLICTS have a direction: `first` comes before `second`."""

    REQUIRES = "requires"
    """The second one's patch.toml requires the first."""
    AFTER = "after"
    """Where both are taken the first comes before the second: the second one's patch.toml says so."""
    FOUND = "found"
    """A prerequisite that no patch.toml names: the second does not apply by itself, but does after the first."""
    ORDER = "order"
    """Both apply, but only in this order. It was found by trying."""
    CONFLICTS = "conflicts"
    """They do not go together: in neither order, or a patch.toml excludes it."""


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """One patch. `alone` is its status on the bare base after what it requires: clean, offset, rejected, …"""

    name: str
    alone: str


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """Two patches, by name. With CONFLICTS they are in the order in which the patches were given."""

    first: str
    second: str
    kind: EdgeKind
    note: str
    """One sentence for a person."""


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """The patches that were compared on a base, and at most one edge from one to another."""

    base: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


_NOTES = {
    Rule.REQUIRES: "{second} requires {first}: its patch.toml says so.",
    Rule.AFTER: "{second} comes after {first}: its patch.toml says so.",
    Rule.FOUND: "{second} does not apply without {first} before it.",
    Rule.ORDER: "{first} comes before {second}: the other way round it does not apply.",
}
_EXCLUDED = "{first} and {second} cannot be combined: a patch.toml says so."
_NEVER = "{first} and {second} cannot go together in any order."

_FITS = (Outcome.CLEAN, Outcome.OFFSET, Outcome.FUZZ)
_APPLIES = ("clean", "offset", "fuzz")


def graph_of(matrix: Matrix, specs: Mapping[str, PatchSpec] | None = None) -> Graph:
    """What the pairs of a matrix tell; `specs` are the patch.toml of those patches that have one, by name."""
    names = [patch.name for patch in matrix.patches]
    nodes = tuple(Node(name=patch.name, alone=patch.alone) for patch in matrix.patches)
    # What people wrote down comes before what was found.
    edges = (*_said(names, specs or {}), *_tried(matrix))
    return Graph(base=matrix.base, nodes=nodes, edges=_without_repeats(edges))


def graph_of_order(ordered: Ordered) -> Graph:
    """What the search for an order found out."""
    nodes = tuple(Node(name=name, alone=alone) for name, alone in ordered.alone.items())
    edges = (*_known_rules(ordered), *_conflicts(ordered))
    return Graph(base=ordered.base, nodes=nodes, edges=_without_repeats(edges))


def _without_repeats(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """The first of the edges from one patch to another; where two conflict there is nothing else to say."""
    found: dict[tuple[str, str], Edge] = {}
    for edge in edges:
        back = found.get((edge.second, edge.first))
        if back is None or back.kind is not EdgeKind.CONFLICTS:
            found.setdefault((edge.first, edge.second), edge)
    return tuple(found.values())


def _known_rules(ordered: Ordered) -> Iterator[Edge]:
    for rule in ordered.rules:
        note = _NOTES[rule.rule].format(first=rule.first, second=rule.second)
        yield Edge(first=rule.first, second=rule.second, kind=EdgeKind(rule.rule.value), note=note)


def _conflicts(ordered: Ordered) -> Iterator[Edge]:
    for core in ordered.cores:
        if len(core.patches) == 2:
            first, second = core.patches
            note = _EXCLUDED if core.excluded else _NEVER
            yield Edge(
                first=first,
                second=second,
                kind=EdgeKind.CONFLICTS,
                note=note.format(first=first, second=second),
            )


def _said(names: Sequence[str], specs: Mapping[str, PatchSpec]) -> Iterator[Edge]:
    for name in names:
        spec = specs.get(name)
        if spec is None:
            continue
        for other in _among(names, spec.requires):
            note = _NOTES[Rule.REQUIRES].format(first=other, second=name)
            yield Edge(first=other, second=name, kind=EdgeKind.REQUIRES, note=note)
        for other in _among(names, spec.after):
            note = _NOTES[Rule.AFTER].format(first=other, second=name)
            yield Edge(first=other, second=name, kind=EdgeKind.AFTER, note=note)
        for other in _among(names, spec.excludes):
            first, second = sorted((name, other), key=names.index)
            note = _EXCLUDED.format(first=first, second=second)
            yield Edge(first=first, second=second, kind=EdgeKind.CONFLICTS, note=note)


def _among(names: Sequence[str], others: Sequence[str]) -> list[str]:
    return [other for other in others if other in names]


def _tried(matrix: Matrix) -> Iterator[Edge]:
    """What the pairs tell. A patch that does not apply alone is in nobody's way: only who helps it counts."""
    stands = {patch.name: patch.alone in _APPLIES for patch in matrix.patches}
    pairs = {(pair.first, pair.second): pair for pair in matrix.pairs}
    for one, other in combinations(stands, 2):
        there, back = pairs.get((one, other)), pairs.get((other, one))
        if there is None or back is None:
            continue
        yield from _between(there, back, stands)


def _between(there: Pair, back: Pair, stands: Mapping[str, bool]) -> Iterator[Edge]:
    for pair in (there, back):
        if not stands[pair.second] and pair.outcome in _FITS:
            note = _NOTES[Rule.FOUND].format(first=pair.first, second=pair.second)
            yield Edge(first=pair.first, second=pair.second, kind=EdgeKind.FOUND, note=note)
    if not (stands[there.first] and stands[there.second]):
        return
    fits = [pair for pair in (there, back) if pair.outcome in _FITS]
    if not fits:
        note = f"{there.first} then {there.second}: {there.outcome}; the other way round: {back.outcome}."
        yield Edge(first=there.first, second=there.second, kind=EdgeKind.CONFLICTS, note=note)
    if len(fits) == 1:
        (pair,) = fits
        other = back if pair is there else there
        note = f"{pair.second} applies after {pair.first}; the other way round: {other.outcome}."
        yield Edge(first=pair.first, second=pair.second, kind=EdgeKind.ORDER, note=note)
