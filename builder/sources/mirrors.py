"""An archive from its mirrors, one after the other, until one of them gives what was promised."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from builder.console import Progress
from builder.errors import SourceError
from builder.recipes.model import ArchiveSource
from builder.sources.patience import Patience
from builder.sources.store import Store, StoreError

Taken = TypeVar("Taken")


def from_mirrors(
    name: str,
    source: ArchiveSource,
    take: Callable[[bytes], Taken],
    *,
    store: Store,
    progress: Progress,
    patience: Patience,
    tried: list[str],
) -> Taken | None:
    """What `take` makes of the archive; None if no mirror of it gives one that `take` is content with.

    The archive is in the store afterwards. What was wrong with each mirror is added to `tried`.
    """
    # Only here, because it takes longer to load than a run with a full store.
    from builder.sources.download import download

    began = time.monotonic()
    for url in source.urls:
        if time.monotonic() - began > patience.mirrors:
            tried.append(f"{url}: not tried, because those before it took too long")
            continue
        progress.step(f"fetching {name} from {url}")
        try:
            return take(download(url, source, store=store, progress=progress, patience=patience))
        except StoreError:
            raise
        except SourceError as error:
            tried.append(f"{url}: {error.what}")
            progress.step(f"{name}: {tried[-1]}")
    return None
