"""The dependency graph as coordinates: boxes and lines for a template to write as SVG. Lengths are in pixels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from builder.conflicts.graph import Edge, EdgeKind, Graph
from builder.reporting.html.layers import Layers, Stop, layers
from builder.reporting.html.orders import together
from builder.reporting.screen import columns as width_of
from builder.reporting.screen import printable, shortened

_HEIGHT = 26
_ROW = 38
_GAP = 110
"""Between two columns: room for lines, and for the arcs between patches of one column."""
_MARGIN = 12
_LETTER = 7.4
"""The width of a letter of the page's 12 pixel monospaced font."""
_LONGEST = 34
"""Letters of a name; a longer one is cut off."""
_SMALLEST_ARC = 20
_ARC = 0.1
"""How far an arc reaches out to the left, of its height, beyond the smallest one."""


@dataclass(frozen=True, slots=True)
class Point:
    """From the left and the upper edge of the drawing."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Box:
    """A patch. `at` is its upper left corner."""

    name: str
    label: str
    alone: str
    at: Point
    width: float
    height: float = _HEIGHT


@dataclass(frozen=True, slots=True)
class Line:
    """An edge. `path` is what SVG calls so."""

    edge: Edge
    path: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """All of it. `apart` are the patches that no edge touches: they are not drawn."""

    width: float
    height: float
    boxes: Sequence[Box]
    lines: Sequence[Line]
    apart: Sequence[str]


def draw(graph: Graph) -> Drawing:
    """Patches in columns, what comes before to the left; conflicts as arcs, as they have no direction."""
    touched = {name for edge in graph.edges for name in (edge.first, edge.second)}
    nodes = [graph.nodes[place] for place in _side_by_side(graph) if graph.nodes[place].name in touched]
    directed = [edge for edge in graph.edges if edge.kind is not EdgeKind.CONFLICTS]
    placed = layers([node.name for node in nodes], [(edge.first, edge.second) for edge in directed])
    alone = {node.name: node.alone for node in nodes}
    boxes = {box.name: box for box in _boxes(placed, alone)}
    lines = [
        *(_arc(edge, boxes) for edge in graph.edges if edge.kind is EdgeKind.CONFLICTS),
        *_arrows(directed, placed, boxes),
    ]
    return Drawing(
        width=max((box.at.x + box.width for box in boxes.values()), default=0) + _GAP,
        height=max((len(column) for column in placed.columns), default=0) * _ROW + 2 * _MARGIN,
        boxes=list(boxes.values()),
        lines=lines,
        apart=[node.name for node in graph.nodes if node.name not in touched],
    )


def _side_by_side(graph: Graph) -> Sequence[int]:
    """The places of the nodes, those with a conflict next to each other: their arcs are short then."""
    place = {node.name: number for number, node in enumerate(graph.nodes)}
    attraction: list[dict[int, int]] = [{} for _ in place]
    for edge in graph.edges:
        if edge.kind is EdgeKind.CONFLICTS:
            first, second = place[edge.first], place[edge.second]
            attraction[first][second] = attraction[second][first] = 1
    return together(len(place), attraction)


def _boxes(placed: Layers, alone: Mapping[str, str]) -> Iterator[Box]:
    tallest = max((len(column) for column in placed.columns), default=0)
    # Left of the first column is room for an arc from its first patch to its last.
    x = _MARGIN + _SMALLEST_ARC + _ARC * tallest * _ROW
    for column in placed.columns:
        labels = {stop: shortened(printable(stop.name), _LONGEST) for stop in column if stop.is_patch}
        width = max(width_of(label) for label in labels.values()) * _LETTER + 2 * _MARGIN
        top = _MARGIN + (tallest - len(column)) * _ROW / 2
        for place, stop in enumerate(column):
            if stop.is_patch:
                yield Box(stop.name, labels[stop], alone[stop.name], Point(x, top + place * _ROW), width)
        x += width + _GAP


def _arrows(edges: Sequence[Edge], placed: Layers, boxes: Mapping[str, Box]) -> Iterator[Line]:
    rows = _rows_of_ways(placed)
    across = [next(boxes[stop.name] for stop in column if stop.is_patch) for column in placed.columns]
    for number, edge in enumerate(edges):
        first, second = boxes[edge.first], boxes[edge.second]
        points = [Point(first.at.x + first.width, _middle(first))]
        for stop in placed.ways[number][1:-1]:
            passed = across[int(stop.name)]
            points += [Point(passed.at.x, rows[stop]), Point(passed.at.x + passed.width, rows[stop])]
        # The arrow's head takes the last pixels.
        points.append(Point(second.at.x - 4, _middle(second)))
        yield Line(edge, _through(points))


def _rows_of_ways(placed: Layers) -> Mapping[Stop, float]:
    tallest = max((len(column) for column in placed.columns), default=0)
    return {
        stop: _MARGIN + (tallest - len(column)) * _ROW / 2 + place * _ROW + _HEIGHT / 2
        for column in placed.columns
        for place, stop in enumerate(column)
        if not stop.is_patch
    }


def _arc(edge: Edge, boxes: Mapping[str, Box]) -> Line:
    first, second = sorted((boxes[edge.first], boxes[edge.second]), key=lambda box: (box.at.x, box.at.y))
    if first.at.x != second.at.x:
        ends = [Point(first.at.x + first.width, _middle(first)), Point(second.at.x, _middle(second))]
        return Line(edge, _through(ends))
    x, top, bottom = first.at.x, _middle(first), _middle(second)
    out = x - _SMALLEST_ARC - _ARC * (bottom - top)
    return Line(edge, f"M{x:g} {top:g}C{out:g} {top:g} {out:g} {bottom:g} {x:g} {bottom:g}")


def _through(points: Sequence[Point]) -> str:
    """A curve that leaves and reaches every point level with the lines of text."""
    path = f"M{points[0].x:g} {points[0].y:g}"
    for left, right in pairwise(points):
        bend = (left.x + right.x) / 2
        path += f"C{bend:g} {left.y:g} {bend:g} {right.y:g} {right.x:g} {right.y:g}"
    return path


def _middle(box: Box) -> float:
    return box.at.y + box.height / 2
