"""Matrices made by hand, for tests of what shows them: presenters are given values, and need no patches."""

from __future__ import annotations

from builder.conflicts.graph import Edge, EdgeKind, Graph, Node
from builder.conflicts.values import Collision, CollisionKind, Matrix, Outcome, Pair, PatchState

HOSTILE = "</script><img src=x onerror=document.title='owned'>"
"""What patch text would have to be to get out of the page's data, or to run."""

TLS = Collision(
    path="qmail-smtpd.c",
    function="smtp_rcpt",
    kind=CollisionKind.REWRITTEN,
    first_hunk=3,
    second_hunk=2,
    base_line=251,
    base="  if (relayclient) {\n\t--addr.len;\n  }\n",
    first="  if (relayclient || ssl) {\n\t--addr.len;\n  }\n",
    second="  if (relayclient && !banned) {\n\t--addr.len;  \n  }\n",
    merged=(
        "<<<<<<< tls\n  if (relayclient || ssl) {\n||||||| netqmail-1.06\n  if (relayclient) {\n=======\n"
        "  if (relayclient && !banned) {\n>>>>>>> ban\n\t--addr.len;  \n  }\n"
    ),
    how="conflict",
    advice="write by hand which condition is meant, with `resolve`",
)
SWAPPED = Collision(
    path=TLS.path,
    function=TLS.function,
    kind=TLS.kind,
    first_hunk=TLS.second_hunk,
    second_hunk=TLS.first_hunk,
    base_line=TLS.base_line,
    base=TLS.base,
    first=TLS.second,
    second=TLS.first,
    how=TLS.how,
    advice=TLS.advice,
)
EVIL = Collision(
    path="evil.c",
    function="",
    kind=CollisionKind.BOTH_ADD,
    first_hunk=1,
    second_hunk=0,
    base_line=0,
    base="",
    first=f"{HOSTILE}\n",
    second="<!-- <script>document.title='owned'</script>\n\x1b[31m\u202ered\u2028\n",
    merged=f"{HOSTILE}\n<!-- <script>document.title='owned'</script>\n",
    how="both-added",
    advice=HOSTILE,
)


def small() -> Matrix:
    """Five patches with pairs of every outcome, and one patch whose name is markup."""
    names = ("spf", "log/file", "tls", HOSTILE, "ban")
    special = {
        ("tls", "ban"): _pair("tls", "ban", Outcome.CONFLICT, (TLS,)),
        ("ban", "tls"): _pair("ban", "tls", Outcome.CONFLICT, (SWAPPED,)),
        ("tls", "spf"): _pair("tls", "spf", Outcome.RESOLVED, note="only the order of additions differs"),
        ("spf", "tls"): _pair("spf", "tls", Outcome.OFFSET),
        ("spf", "ban"): _pair("spf", "ban", Outcome.FUZZ),
        ("ban", "spf"): _pair("ban", "spf", Outcome.HIDDEN),
        ("log/file", "tls"): _pair("log/file", "tls", Outcome.SEMANTIC, note="error: 'ssl' undeclared"),
        (HOSTILE, "tls"): _pair(HOSTILE, "tls", Outcome.RESOLVED, (EVIL,), note=HOSTILE),
    }
    return Matrix(
        base="netqmail-1.06",
        base_tree="sha256:0123456789abcdef",
        patches=tuple(
            PatchState(
                name=name,
                sha256=f"{number:064x}",
                alone="rejected" if name == "spf" else "clean",
                needs=("tls",) if name == "log/file" else (),
            )
            for number, name in enumerate(names)
        ),
        pairs=tuple(
            special.get((first, second)) or _pair(first, second, Outcome.CLEAN)
            for first in names
            for second in names
            if first != second
        ),
    )


def graph_of(matrix: Matrix) -> Graph:
    """A graph with an edge of each kind between the first patches of a matrix."""
    names = [patch.name for patch in matrix.patches]
    edges = [
        Edge(first=names[0], second=names[number], kind=kind, note=f"because of {HOSTILE}")
        for number, kind in enumerate(EdgeKind, start=1)
        if number < len(names)
    ]
    return Graph(
        base=matrix.base,
        nodes=tuple(Node(name=patch.name, alone=patch.alone) for patch in matrix.patches),
        edges=tuple(edges),
    )


def _pair(
    first: str, second: str, outcome: Outcome, collisions: tuple[Collision, ...] = (), note: str = ""
) -> Pair:
    compiles = False if outcome is Outcome.SEMANTIC else None
    return Pair(
        first=first, second=second, outcome=outcome, compiles=compiles, collisions=collisions, note=note
    )


def big(count: int) -> Matrix:
    """`count` patches, of which every fifth collides with every other fifth."""
    names = [f"patch-{number:02}" for number in range(count)]
    return Matrix(
        base="netqmail-1.06",
        base_tree="sha256:0123456789abcdef",
        patches=tuple(PatchState(name=name, sha256="0" * 64, alone="clean") for name in names),
        pairs=tuple(
            _pair(first, second, Outcome.CONFLICT, (TLS,))
            if row % 5 == column % 5
            else _pair(first, second, Outcome.OFFSET)
            for row, first in enumerate(names)
            for column, second in enumerate(names)
            if first != second
        ),
    )
