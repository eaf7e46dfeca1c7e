"""What the dependency graph says of the pairs of a matrix and of what patches say themselves."""

from __future__ import annotations

from builder.conflicts.graph import EdgeKind, Graph, graph_of
from builder.conflicts.values import Matrix, Outcome, Pair, PatchState
from builder.recipes.model import PatchSpec
from builder.reporting import dot


def matrix(alone: dict[str, str], outcomes: dict[tuple[str, str], Outcome]) -> Matrix:
    """All other pairs are clean."""
    pairs = [
        Pair(first=first, second=second, outcome=outcomes.get((first, second), Outcome.CLEAN))
        for first in alone
        for second in alone
        if first != second
    ]
    states = [PatchState(name=name, sha256="0" * 64, alone=status) for name, status in alone.items()]
    return Matrix(base="b", base_tree="sha256:0", patches=tuple(states), pairs=tuple(pairs))


def kinds(graph: Graph) -> dict[tuple[str, str], EdgeKind]:
    return {(edge.first, edge.second): edge.kind for edge in graph.edges}


def test_pairs_that_go_together_have_no_edge() -> None:
    assert graph_of(matrix({"a": "clean", "b": "offset"}, {("a", "b"): Outcome.OFFSET})).edges == ()


def test_one_order_is_an_arrow_and_none_is_a_conflict() -> None:
    found = matrix(
        {"a": "clean", "b": "clean", "c": "clean"},
        {
            ("b", "a"): Outcome.CONFLICT,
            ("a", "c"): Outcome.RESOLVED,
            ("c", "a"): Outcome.CONFLICT,
        },
    )
    graph = graph_of(found)
    assert kinds(graph) == {("a", "b"): EdgeKind.ORDER, ("a", "c"): EdgeKind.CONFLICTS}
    assert [edge.note for edge in graph.edges] == [
        "b applies after a; the other way round: conflict.",
        "a then c: resolved; the other way round: conflict.",
    ]


def test_who_helps_a_patch_that_does_not_stand_alone_is_found_and_nobody_is_in_its_way() -> None:
    alone = {"tls": "clean", "force": "rejected", "other": "clean"}
    broken = dict.fromkeys((("force", "tls"), ("force", "other"), ("other", "force")), Outcome.CONFLICT)
    assert kinds(graph_of(matrix(alone, broken))) == {("tls", "force"): EdgeKind.FOUND}


def test_what_a_patch_toml_says_comes_first() -> None:
    spec = PatchSpec(
        name="b",
        summary="",
        license="0BSD",
        variants={},
        requires=("a",),
        after=("c",),
        excludes=("d", "gone"),
    )
    found = matrix(
        dict.fromkeys("abcd", "clean"), {("b", "a"): Outcome.CONFLICT, ("b", "d"): Outcome.CONFLICT}
    )
    assert kinds(graph_of(found, {"b": spec})) == {
        ("a", "b"): EdgeKind.REQUIRES,
        ("c", "b"): EdgeKind.AFTER,
        ("b", "d"): EdgeKind.CONFLICTS,
    }


def test_names_cannot_break_out_of_dot() -> None:
    graph = graph_of(matrix({'a"]; x [y="': "rejected", "b\\": "clean", "c\n": "clean"}, {}))
    shown = dot.render(graph)
    assert '"a\\"]; x [y=\\""' in shown
    assert '"b\\\\"' in shown
    assert len(shown.splitlines()) == 3 + len(graph.nodes) + len(graph.edges) + 1
