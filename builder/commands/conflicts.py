"""`conflicts`: every ordered pair of some patches, in the form that is asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from builder.commands.common import Flags, Selection
from builder.commands.compared import Compared, bring_together
from builder.commands.patched import in_repository
from builder.commands.proving import proved
from builder.commands.workers import workers
from builder.conflicts.graph import graph_of
from builder.conflicts.matrix import compare
from builder.conflicts.values import Matrix, Outcome
from builder.errors import FindingsError, UsageError
from builder.patching import strip
from builder.patching.patch import Patch
from builder.recipes.again import Again
from builder.reporting.conflicts import json, sarif, text
from builder.reporting.conflicts.files import ComparedFile
from builder.reporting.screen import Screen
from builder.sources.tree import Tree

FORMATS = ("text", "json", "sarif", "html")
_MANY = 60
"""Patches from which on it pays to start processes."""
_BAD = (Outcome.CONFLICT, Outcome.HIDDEN, Outcome.SEMANTIC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to come out. `output` is the file for the report; stdout if None."""

    format: str = "text"
    output: Path | None = None
    html: Path | None = None
    """The file for a page of it all, besides the report; None: not written."""


def conflicts(
    selection: Selection,
    flags: Flags,
    *,
    fuzz: int,
    compiling: bool = False,
    scheduler: str | None,
    wanted: Wanted,
) -> None:
    """Compare the patches, compile the pairs if that is wanted, and report. FindingsError if some do not go together."""
    if wanted.format not in FORMATS:
        raise UsageError(f"--format is {wanted.format!r}, but must be one of: {', '.join(FORMATS)}.")
    compared = bring_together(selection.base, selection.patches, selection.library, flags)
    again = selection.again(given=flags.given)
    worthwhile = compiling or len(compared.patches) >= _MANY
    with workers(flags.processes, scheduler, worthwhile=worthwhile) as executor:
        matrix = compare(
            compared.base,
            compared.tree,
            compared.patches,
            needs=compared.needs,
            typed=compared.typed,
            specs=compared.specs,
            again=again,
            fuzz=fuzz,
            executor=executor,
        )
        if compiling:
            matrix = proved(
                matrix, compared, flags, fuzz=fuzz, platform=selection.platform, executor=executor
            )
    _show(matrix, compared, wanted, again)
    require_no_conflict(matrix)


def require_no_conflict(matrix: Matrix) -> None:
    """FindingsError that says how many pairs do not go together."""
    bad = sum(pair.outcome in _BAD for pair in matrix.pairs)
    if bad:
        raise FindingsError(f"{bad} of {len(matrix.pairs)} ordered pairs do not go together.")


def _show(matrix: Matrix, compared: Compared, wanted: Wanted, again: Again) -> None:
    screen = Screen.of_stdout() if wanted.output is None else Screen()
    if wanted.format == "json":
        shown = json.render(matrix)
    elif wanted.format == "sarif":
        shown = sarif.render(matrix, _files(compared))
    elif wanted.format == "html":
        shown = _page(matrix, compared, again)
    else:
        shown = text.render(matrix, screen)
    if wanted.output is None:
        sys.stdout.write(shown)
    else:
        wanted.output.write_text(shown, encoding="utf-8")
    if wanted.html is not None:
        wanted.html.write_text(_page(matrix, compared, again), encoding="utf-8")


def _page(matrix: Matrix, compared: Compared, again: Again) -> str:
    # Here and not above: who wants no page need not wait for Jinja2.
    from builder.reporting.html.page import render

    specs = {one.stem: one.spec for one in compared.inputs if one.spec}
    graph = graph_of(matrix, specs)
    return render(matrix, graph, patches=compared.patches, typed=compared.typed, again=again)


def _files(compared: Compared) -> dict[str, ComparedFile]:
    return {
        patch.name: ComparedFile(
            path=in_repository(given.path), sha256=given.sha256, lines=dict(_lines(patch, compared.tree))
        )
        for patch, given in zip(compared.patches, compared.inputs, strict=True)
    }


def _lines(patch: Patch, tree: Tree) -> Iterator[tuple[tuple[str, int], int]]:
    """For the files of a patch and their hunks: where they begin in the patch file."""
    level = strip.find_level(patch, tree)
    for change in patch.files:
        path = strip.find_target(change, level, tree) or strip.target(change, level)
        yield (path, 0), change.header_line
        for hunk in change.hunks:
            yield (path, hunk.number), hunk.patch_line
