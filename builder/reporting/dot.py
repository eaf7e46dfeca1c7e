"""A dependency graph in DOT, the language of Graphviz: `… | dot -Tsvg`."""

from __future__ import annotations

from collections.abc import Iterator

from builder.conflicts.graph import Edge, EdgeKind, Graph, Node
from builder.reporting.screen import printable

_STYLES = {
    EdgeKind.REQUIRES: "",
    EdgeKind.AFTER: "style=dashed, ",
    EdgeKind.FOUND: "style=bold, ",
    EdgeKind.ORDER: "style=dotted, ",
    EdgeKind.CONFLICTS: 'color=red, dir=none, constraint=false, label="✗", ',
}
_APPLIES = ("clean", "offset", "fuzz")


def render(graph: Graph) -> str:
    """The graph: arrows go from the patch that comes first; a patch that does not apply alone has a dashed frame."""
    return "".join(f"{line}\n" for line in _lines(graph))


def _lines(graph: Graph) -> Iterator[str]:
    yield f"digraph {_quoted(graph.base)} {{"
    yield "  rankdir=LR;"
    yield "  node [shape=box];"
    yield from map(_node, graph.nodes)
    yield from map(_edge, graph.edges)
    yield "}"


def _node(node: Node) -> str:
    style = "" if node.alone in _APPLIES else "style=dashed, "
    return f"  {_quoted(node.name)} [{style}tooltip={_quoted(node.alone)}];"


def _edge(edge: Edge) -> str:
    ends = f"{_quoted(edge.first)} -> {_quoted(edge.second)}"
    return f"  {ends} [{_STYLES[edge.kind]}tooltip={_quoted(edge.note)}];"


def _quoted(text: str) -> str:
    plain = printable(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'
