"""`conflicts --base A,B,C`: which patches apply and build on several bases, as a table for a wiki."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from builder.commands.common import Flags, Selection
from builder.commands.compared import DEFAULT_BASE, Compared, bring_together
from builder.conflicts.base_table import BaseTable
from builder.conflicts.bases import Builder, Trial, table
from builder.conflicts.matrix import compare
from builder.errors import FindingsError, UsageError
from builder.patching.applied import Applied
from builder.pipeline import Settings
from builder.proofs.setting import Setting
from builder.recipes.library import Library
from builder.reporting import bases as presenter
from builder.reporting.screen import Screen
from builder.toolchains.platforms import platform_called

FORMATS = ("text", "markdown", "json")
_NATIVE = "native"
"""Other people's patches want the libraries of this machine, and old bases its forgiving compiler."""


def bases(
    selection: Selection, flags: Flags, *, fuzz: int, compiling: bool, form: str, output: Path | None
) -> None:
    """Try the patches on each of the bases and show the tables. FindingsError if one does not apply or build."""
    if form not in FORMATS:
        raise UsageError(f"With several bases --format is one of: {', '.join(FORMATS)}, not {form!r}.")
    if flags.given:
        raise UsageError("--from goes with one base.")
    library = selection.library
    names = list(dict.fromkeys(name for name in (selection.base or "").split(",") if name))
    patches = selection.patches or _all_for(names, library)
    every = [bring_together(name, patches, library, flags, nearest=True) for name in names]
    with _builders(every, selection, flags, compiling=compiling) as builders:
        trials = [_trial(one, builder) for one, builder in zip(every, builders, strict=True)]
        matrices = [
            compare(one.base, one.tree, one.patches, needs=one.needs, typed=one.typed, fuzz=fuzz)
            for one in every
        ]
        found = table(trials, matrices, fuzz=fuzz)
    _show(found, form, output)
    if found.bad:
        trouble = "apply and build" if compiling else "apply"
        raise FindingsError(f"{found.bad} of {len(found.cells)} do not {trouble}.")


def _all_for(bases: Sequence[str], library: Library) -> list[str]:
    """All patches that have a form for one of the bases, or for that which others come from."""
    wanted = {*bases, DEFAULT_BASE}
    return [spec.name for spec in library.all_patches() if wanted & set(spec.variants)]


def _trial(compared: Compared, builder: Builder | None) -> Trial:
    return Trial(
        base=compared.base,
        tree=compared.tree,
        patches=compared.patches,
        needs=compared.needs,
        forms=compared.forms,
        builder=builder,
    )


@contextmanager
def _builders(
    every: Sequence[Compared], selection: Selection, flags: Flags, *, compiling: bool
) -> Iterator[list[Builder | None]]:
    """Who compiles on each base, for as long as the objects are kept; nobody unless it is asked for."""
    if not compiling:
        yield [None] * len(every)
        return
    with TemporaryDirectory(prefix="qmail-builder-objects-") as objects, flags.settings() as settings:
        yield [_builder(one.base, selection, Path(objects), settings) for one in every]


def _builder(base: str, selection: Selection, objects: Path, settings: Settings) -> Builder:
    setting = Setting(
        platform=platform_called(selection.platform or _NATIVE),
        cache=settings.store / "toolchains",
        objects=objects,
        conf=selection.library.base(base)[0].conf,
        jobs=settings.jobs or os.cpu_count() or 1,
    )

    def compile_(applied: Applied) -> str:
        settings.progress.step(f"compiling on {base}")
        found = setting.compile(applied.tree, applied.owner)
        return "" if found.ok else found.error

    return compile_


def _show(found: BaseTable, form: str, output: Path | None) -> None:
    if form == "json":
        shown = presenter.as_json(found)
    elif form == "markdown":
        shown = presenter.as_markdown(found)
    else:
        shown = presenter.as_text(found, Screen.of_stdout() if output is None else Screen())
    if output is None:
        sys.stdout.write(shown)
    else:
        output.write_text(shown, encoding="utf-8")
