"""`doctor --clean`: what builders left that were killed, and what only older images needed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from builder.errors import BackendError
from builder.images.kept import Shelf
from builder.recipes.library import Library
from builder.sources.store import default_store
from builder.temporary import MEMORY, abandoned_folders
from builder.toolchains.toolchain import zig_version


def clean(library: Library, engine: str | None) -> None:
    """Remove it and print each thing that was removed. Without an engine, only folders are looked for.

    BackendError if an engine was named and does not answer.
    """
    nothing = True
    for what in _removed(library, engine):
        print(f"removed  {what}", flush=True)
        nothing = False
    if nothing:
        print("nothing to remove")


def _removed(library: Library, engine: str | None) -> Iterator[str]:
    for folder in abandoned_folders(MEMORY):
        shutil.rmtree(folder, ignore_errors=True)
        yield f"folder {folder}"
    from builder.backends.engine import connected
    from builder.backends.leftovers import removed

    images = {kept.sha256 for kept in Shelf(default_store()).all()}
    images |= {image.digest.removeprefix("sha256:") for image in library.all_images() if image.digest}
    try:
        with connected(engine) as found:
            yield from removed(found, images, {zig_version()})
    except BackendError as error:
        if engine is not None:
            raise
        print(f"No engine was looked into. {error.what}")
