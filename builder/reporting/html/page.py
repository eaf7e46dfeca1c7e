"""One page of everything that is known about the pairs of some patches. It holds all that it needs, and asks for nothing.

The page's policy allows exactly its own style and script, by their hashes: neither a request nor a script that patches
smuggle in could run, even if their text got into the markup. It cannot: Jinja2 escapes it.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from builder.conflicts.graph import EdgeKind, Graph
from builder.conflicts.values import Matrix
from builder.patching.patch import Patch
from builder.recipes.again import Again
from builder.reporting.conflicts.words import SIGNS
from builder.reporting.html.drawing import draw
from builder.reporting.html.island import island, mark
from builder.reporting.html.orders import pairs_to_work_on
from builder.reporting.screen import printable

_TEMPLATES = Path(__file__).parent / "templates"
_SCRIPTS = ("elements.js", "model.js", "code.js", "panel.js", "matrix.js", "graph.js", "keys.js", "start.js")
"""In this order they are one script: each uses what those before it define."""
_EDGES: Mapping[EdgeKind, str] = {
    EdgeKind.REQUIRES: "is required by",
    EdgeKind.AFTER: "if taken, comes before",
    EdgeKind.FOUND: "was found to be needed by",
    EdgeKind.ORDER: "applies only before",
    EdgeKind.CONFLICTS: "is in the way of",
}


def render(
    matrix: Matrix,
    graph: Graph,
    *,
    patches: Sequence[Patch] = (),
    typed: Mapping[str, str] | None = None,
    again: Again | None = None,
) -> str:
    """The page as HTML.

    `patches` are the compared patches, so that whole hunks can be shown; `typed` is what a user types for a patch
    where that is not its name: the path of its file. `again` is how the comparison was called.
    """
    counts = Counter(pair.outcome for pair in matrix.pairs)
    style = Markup(_text("page.css"))  # noqa: S704 - our own file
    script = Markup("".join(_text(f"script/{name}") for name in _SCRIPTS))  # noqa: S704 - our own files
    data = island(matrix, {patch.name: patch for patch in patches}, typed or {}, again or Again())
    page = _environment().get_template("page.html")
    return page.render(
        matrix=matrix,
        outcomes=[(outcome, mark(outcome), sign, counts[outcome]) for outcome, sign in SIGNS.items()],
        rows=list(zip(matrix.patches, pairs_to_work_on(matrix), strict=True)),
        drawing=draw(graph),
        graph=graph,
        edges=_EDGES,
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        data=Markup(data),  # noqa: S704 - escaped in island.py
    )


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=True,
    )
    environment.filters["printable"] = printable
    environment.filters["fragment"] = _fragment
    return environment


@cache
def _text(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _fragment(patch: str) -> str:
    """The address, within the page, of what is known of one patch alone."""
    quoted = quote(printable(patch), safe="")
    return f"#{quoted}/{quoted}"


def _hash(text: str) -> str:
    """As a Content-Security-Policy names an inline script or style."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
