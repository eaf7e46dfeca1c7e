"""What `bench --what watch` measures: how soon `conflicts --watch` says what a saved patch changes."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from io import FileIO
from pathlib import Path
from tempfile import TemporaryDirectory

from builder import process
from builder.commands.figure import Figure
from builder.commands.real_patches import BASE, bring_in
from builder.errors import BackendError
from builder.recipes.library import Library, shipped
from builder.sources.store import default_store

_MOST = 200
"""Milliseconds."""


def measure(rounds: int) -> Iterator[Figure]:
    """From the save of one of 13 real patches, watched beside our own, to the line that another process reads.

    A BackendError if git cannot get the patches.
    """
    with TemporaryDirectory(prefix="qmail-builder-bench-") as name, ExitStack() as stack:
        files = bring_in(Path(name)).files
        lines = _Watch(files, stack).lines()
        watching = next(lines)
        if not watching.startswith(b"watching "):
            raise BackendError(f"conflicts --watch said: {watching.decode('utf-8', 'replace')}")
        times = [_saved(file, number, lines) for number in range(rounds) for file in files]
    count = watching.split()[1].decode()
    yield Figure(
        f"a save among {count} watched patches, to the line", statistics.median(times) * 1000, "ms", _MOST
    )


def _saved(file: Path, number: int, lines: Iterator[bytes]) -> float:
    """Seconds until the line that tells of a new version of the patch."""
    data = file.read_bytes()
    at = data.rindex(b"\n+") + 2
    began = time.perf_counter()
    file.write_bytes(data[:at] + b"%d " % number + data[at:])
    while b" saved: " not in next(lines):
        pass
    return time.perf_counter() - began


class _Watch:
    """The command, running beside us until the stack is left."""

    def __init__(self, files: tuple[Path, ...], stack: ExitStack) -> None:
        top = shipped()
        script = [top / "tasks.py"] if (top / "tasks.py").exists() else ["-m", "builder.tasks"]
        words = [word for file in files for word in ("--patch", file)]
        ours = [spec.name for spec in Library.of().all_patches() if BASE in spec.variants]
        words += [word for name in ours for word in ("--patch", name)]
        self._read_end, write_end = process.pipe(stack)
        nothing = stack.enter_context(FileIO(os.devnull))
        env = process.clean_environment(
            {"QMAIL_BUILDER_STORE": str(default_store()), "HOME": str(Path.home())}
        )
        running = process.start(
            [sys.executable, *script, "conflicts", "--base", BASE, "--watch", *words],
            descriptors={0: nothing.fileno(), 1: write_end.fileno(), 2: write_end.fileno()},
            env=env,
        )
        stack.enter_context(running)
        write_end.close()

    def lines(self) -> Iterator[bytes]:
        """What it prints, line by line."""
        with os.fdopen(os.dup(self._read_end.fileno()), "rb") as output:
            yield from output
        raise BackendError("conflicts --watch ended by itself.")
