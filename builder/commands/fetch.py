"""`fetch`: get bases into the store, and their trees into a folder if one is named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from builder.commands.common import Flags, Selection
from builder.errors import SourceError, UsageError
from builder.sources.fetch import fetch_all, obtain


def fetch(names: Sequence[str], selection: Selection, flags: Flags, out: Path | None) -> None:
    """Get one base, wherever it comes from, or several side by side; all of them if none is named."""
    library = selection.library
    chosen = [library.source(name) for name in names or library.base_files()]
    if (flags.given or out) and len(chosen) != 1:
        raise UsageError("--from and --out go with the name of one base.")
    if out is not None and out.exists():
        raise UsageError(f"{out} is there already.", hint="Name a folder that is not there yet with --out.")
    with flags.settings() as settings:
        if len(chosen) == 1:
            base, path = chosen[0]
            trees = {
                base.name: obtain(
                    base,
                    bases_folder=path.parent,
                    store=settings.store,
                    given=settings.given,
                    offline=settings.offline,
                    progress=settings.progress,
                )
            }
            failures: list[SourceError] = []
        else:
            found = fetch_all(
                chosen, store=settings.store, offline=settings.offline, progress=settings.progress
            )
            trees = {name: tree for name, tree in found.items() if not isinstance(tree, SourceError)}
            failures = [error for error in found.values() if isinstance(error, SourceError)]
    for name, tree in trees.items():
        print(f"{name:16} {len(tree):4} files  {tree.digest}")
        if out is not None:
            tree.write(out)
    if failures:
        raise SourceError("\n".join(error.what for error in failures), hint=failures[0].hint)
