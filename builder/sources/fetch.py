"""The one door to the sources: a base goes in, its tree comes out, from wherever it can be had."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from builder.console import Progress, Quiet
from builder.errors import SourceError, UsageError
from builder.recipes.model import Base, BundledSource
from builder.sources.given import mismatch
from builder.sources.hunt import Hunt
from builder.sources.patience import Patience
from builder.sources.store import Store
from builder.sources.tree import Tree

_GRACE = 1.0
"""Seconds that other threads have to end their programs after Ctrl-C."""


def obtain(
    base: Base,
    *,
    bases_folder: Path,
    store: Path,
    given: str | None = None,
    offline: bool = False,
    progress: Progress | None = None,
    patience: Patience | None = None,
    stop: Callable[[], bool] | None = None,
) -> Tree:
    """The base's tree, verified; it is in the store afterwards.

    `bases_folder` is the one of the base's file, for a bundled base. `given` is the path or URL that the user named.
    `stop` becoming true ends what is under way, for callers in another thread than the main one. SourceError lists
    all that was tried and says how to bring the base; UsageError if `given` makes no sense for it.
    """
    if base.bundled is not None:
        if given is not None:
            raise UsageError(f"{base.name} comes with the builder: --from makes no sense for it.")
        return _bundled(base, base.bundled, bases_folder)
    hunt = Hunt(
        base=base,
        store=Store(store),
        offline=offline,
        progress=progress or Quiet(),
        patience=patience or Patience(),
        stop=stop,
    )
    return hunt.take(given) if given is not None else hunt.find()


def fetch_all(
    bases: Iterable[tuple[Base, Path]],
    *,
    store: Path,
    offline: bool = False,
    progress: Progress | None = None,
    patience: Patience | None = None,
) -> Mapping[str, Tree | SourceError]:
    """The trees of several bases by name, fetched side by side; for one that cannot be had, the error.

    With each base goes the path of its file, as `Library.base` gives them.
    """
    shared = _Shared(progress or Quiet())
    stop = threading.Event()
    results: dict[str, Tree | SourceError] = {}
    bugs: list[BaseException] = []

    def fetch_one(base: Base, path: Path) -> None:
        try:
            results[base.name] = obtain(
                base,
                bases_folder=path.parent,
                store=store,
                offline=offline,
                progress=shared,
                patience=patience,
                stop=stop.is_set,
            )
        except SourceError as error:
            results[base.name] = error
        except BaseException as error:  # noqa: BLE001 -- raised again in the thread that asked
            bugs.append(error)

    wanted = {base.name: (base, path) for base, path in bases}
    # Daemons, unlike those of a pool, do not keep Ctrl-C waiting for a mirror; what they leave the store can bear.
    threads = [threading.Thread(target=fetch_one, args=pair, daemon=True) for pair in wanted.values()]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    except BaseException:
        stop.set()
        deadline = time.monotonic() + _GRACE
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        raise
    if bugs:
        raise bugs[0]
    return {name: results[name] for name in wanted}


class _Shared(Quiet):
    """A Progress that several threads may use."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lock = threading.Lock()

    def step(self, text: str) -> None:
        with self._lock:
            self._progress.step(text)

    def advance(self, text: str, done: int, total: int | None) -> None:
        with self._lock:
            self._progress.advance(text, done, total)


def _bundled(base: Base, source: BundledSource, bases_folder: Path) -> Tree:
    folder = bases_folder / source.folder
    try:
        tree = Tree.read(folder)
    except OSError as error:
        raise SourceError(f"{base.name}: {error.filename} cannot be read: {error.strerror}.") from error
    if not tree:
        raise SourceError(f"{base.name}: there is nothing in {folder}, where its file says that it is.")
    if base.tree is not None and tree.digest != base.tree:
        raise SourceError(f"{base.name}: {folder} was changed: {mismatch(base, tree)}.")
    return tree
