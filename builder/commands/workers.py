"""Where work on many pairs is done: in this process, in several on this machine, or on a Dask cluster.

All three are used through Python's own `concurrent.futures.Executor`, so that there is one code path for them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from builder.errors import BackendError, UsageError

_PATIENCE = 10
"""Seconds in which a scheduler must answer and have a worker."""
_ADDRESS = re.compile(r"([a-z]+://)?\S+:\d+")


@contextmanager
def workers(jobs: int | None, scheduler: str | None, *, worthwhile: bool) -> Iterator[Executor | None]:
    """Who is to do the work; None: this process itself.

    `jobs` is how many processes may work at once, all processors if None. `worthwhile`: whether there is so much to do
    that starting processes pays. UsageError if the package for a cluster is missing, BackendError if the cluster does
    not answer, or if workers cannot do the work.
    """
    if scheduler is not None:
        with _cluster(scheduler) as executor:
            yield executor
        return
    count = jobs or len(os.sched_getaffinity(0))
    if not worthwhile or count == 1:
        yield None
        return
    try:
        with ProcessPoolExecutor(count) as pool:
            yield pool
    except BrokenProcessPool as error:
        raise BackendError(
            "A process that compared patches was ended from outside.",
            hint="Is there enough memory? --jobs 1 needs less.",
        ) from error


@contextmanager
def _cluster(address: str) -> Iterator[Executor]:
    if not _ADDRESS.fullmatch(address):
        raise UsageError(f"--scheduler is {address!r}, but must look like tcp://HOST:PORT.")
    try:
        from distributed import Client, KilledWorker
    except ImportError as error:
        raise UsageError(
            "--scheduler needs the package distributed, which is not installed.",
            hint="pip install 'qmail-builder[cluster]'",
        ) from error
    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise BackendError(
            f"No Dask scheduler answers at {address}: {error}.",
            hint="`dask scheduler` starts one, `dask worker ADDRESS` a worker; it needs qmail-builder, too.",
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError as error:
            raise BackendError(
                f"The Dask scheduler at {address} has no workers.", hint=f"Start some: dask worker {address}"
            ) from error
        try:
            yield client.get_executor()  # type: ignore[no-untyped-call]
        except (ImportError, KilledWorker) as error:
            raise BackendError(
                f"The workers at {address} cannot compare patches: {error}.",
                hint="They need the same qmail-builder as this one.",
            ) from error
