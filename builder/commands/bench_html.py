"""What `bench --what html` measures: how soon the page of sixty patches can be read and used in a browser."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from builder.agreement.crowd import crowd
from builder.commands import chromium
from builder.commands.figure import Figure
from builder.conflicts.graph import graph_of
from builder.conflicts.matrix import compare
from builder.patching.parse import parse
from builder.recipes.library import Library
from builder.reporting.html.page import render
from builder.sources.fetch import obtain
from builder.sources.store import default_store

_BASE = "netqmail-1.06"
_PATCHES = 60


def measure(rounds: int) -> Iterator[Figure]:
    """The figure. A BackendError if there is no browser to measure with."""
    browser = chromium.start()
    try:
        with TemporaryDirectory(prefix="qmail-builder-bench-") as folder:
            page = Path(folder) / "page.html"
            page.write_text(_page(), encoding="utf-8")
            opened = []
            for _ in range(rounds):
                browser.get("about:blank")
                opened.append(chromium.open_page(browser, page.as_uri()))
            name = f"page of {_PATCHES} patches, {page.stat().st_size // 1000} kB: drawn and usable"
    finally:
        browser.quit()
    yield Figure(name, statistics.median(opened) / 1000, "s", 2)


def _page() -> str:
    """Made-up patches, compared in earnest."""
    file, path = Library.of().base(_BASE)
    tree = obtain(file, bases_folder=path.parent, store=default_store())
    patches = [parse(name, data) for name, data in crowd(tree, _PATCHES, seed=1)]
    matrix = compare(_BASE, tree, patches)
    return render(matrix, graph_of(matrix), patches=patches)
