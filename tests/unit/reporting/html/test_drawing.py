"""The graph's places: what comes before stands to the left, and nothing stands on anything else."""

from __future__ import annotations

import random

from builder.conflicts.graph import Edge, EdgeKind, Graph, Node
from builder.reporting.html.drawing import Box, draw
from builder.reporting.html.layers import Stop, layers


def _graph(names: str, *edges: tuple[str, str], kind: EdgeKind = EdgeKind.REQUIRES) -> Graph:
    return Graph(
        base="base",
        nodes=tuple(Node(name=name, alone="clean") for name in names),
        edges=tuple(Edge(first=first, second=second, kind=kind, note="") for first, second in edges),
    )


def _boxes(graph: Graph) -> dict[str, Box]:
    return {box.name: box for box in draw(graph).boxes}


def test_columns_are_the_longest_ways() -> None:
    found = layers("dcba", [("a", "b"), ("b", "c"), ("a", "c"), ("c", "d")])
    assert [[stop.name for stop in column if stop.is_patch] for column in found.columns] == [
        ["a"],
        ["b"],
        ["c"],
        ["d"],
    ]
    assert found.ways[2] == [Stop("a"), Stop("1", 2), Stop("c")]
    assert Stop("1", 2) in found.columns[1]


def test_what_comes_before_stands_to_the_left() -> None:
    boxes = _boxes(_graph("abc", ("a", "b"), ("b", "c"), ("a", "c")))
    assert boxes["a"].at.x + boxes["a"].width < boxes["b"].at.x
    assert boxes["b"].at.x + boxes["b"].width < boxes["c"].at.x


def test_conflicts_say_nothing_of_left_and_right() -> None:
    boxes = _boxes(_graph("ab", ("a", "b"), kind=EdgeKind.CONFLICTS))
    assert boxes["a"].at.x == boxes["b"].at.x
    assert boxes["a"].at.y != boxes["b"].at.y


def test_crossings_are_taken_out() -> None:
    """a needs y, b needs x: the second column is turned round."""
    found = layers("abxy", [("a", "y"), ("b", "x")])
    left, right = ([stop.name for stop in column] for column in found.columns)
    assert [dict(zip("ab", "yx", strict=True))[name] for name in left] == right


def test_a_circle_is_drawn_all_the_same() -> None:
    drawing = draw(_graph("abc", ("a", "b"), ("b", "c"), ("c", "a")))
    assert len(drawing.boxes) == 3
    assert len(drawing.lines) == 3


def test_patches_without_an_edge_are_named_apart() -> None:
    drawing = draw(_graph("abc", ("a", "c")))
    assert [box.name for box in drawing.boxes] == ["a", "c"]
    assert drawing.apart == ["b"]


def test_an_empty_graph() -> None:
    drawing = draw(_graph("ab"))
    assert drawing.boxes == []
    assert drawing.apart == ["a", "b"]


def test_no_box_covers_another_and_all_are_in_the_picture() -> None:
    chance = random.Random(7)  # noqa: S311 - not for secrets
    names = [f"patch-{'x' * chance.randrange(40)}{number}" for number in range(40)]
    edges = []
    for _ in range(60):
        first, second = sorted(chance.sample(range(40), 2))
        kind = chance.choice(list(EdgeKind))
        edges.append(Edge(first=names[first], second=names[second], kind=kind, note=""))
    nodes = tuple(Node(name=name, alone="clean") for name in names)
    drawing = draw(Graph(base="base", nodes=nodes, edges=tuple(edges)))
    for box in drawing.boxes:
        assert 0 <= box.at.x <= box.at.x + box.width <= drawing.width
        assert 0 <= box.at.y <= box.at.y + box.height <= drawing.height
        for other in drawing.boxes:
            if other is not box:
                apart_x = box.at.x + box.width < other.at.x or other.at.x + other.width < box.at.x
                apart_y = box.at.y + box.height < other.at.y or other.at.y + other.height < box.at.y
                assert apart_x or apart_y, (box, other)
