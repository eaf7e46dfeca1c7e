"""Several builds handed out over several engines: each engine takes the next build as soon as it has done its last.

Each build is a command of its own, so that none disturbs another, and each of its lines begins with the build's id.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from io import BufferedReader
from pathlib import Path

from builder import process
from builder.commands.common import Flags, Selection
from builder.console import CI_VARIABLES
from builder.errors import BackendError, BuilderError
from builder.recipes.library import shipped

_POLL = 0.2
_ENDS_WITHIN = 60.0
"""Seconds that a build may take to clean up after itself when it is interrupted."""


def build_all(
    builds: Mapping[str, Sequence[str]], engines: Sequence[str], answers: Callable[[str], None]
) -> None:
    """Run every build, given by its id as the words of its command; with `engines` each of them one at a time.

    `answers` raises a BackendError for an engine that does not answer: such a one gets no more builds, and the others
    take what it had. What went wrong in one build does not keep the others from running; the error at the end has the
    exit code of the first of them.
    """
    handout = _Handout(builds, engines, answers)
    try:
        handout.run()
    finally:
        handout.stop()
    failed = {build: handout.codes.get(build, BackendError.exit_code) for build in builds}
    failed = {build: code for build, code in failed.items() if code}
    if failed:
        shown = ", ".join(f"{build} (exit code {code})" for build, code in failed.items())
        error = BuilderError(f"{len(failed)} of {len(builds)} builds failed: {shown}.")
        error.exit_code = next(iter(failed.values()))
        raise error


class _Handout:
    def __init__(
        self, builds: Mapping[str, Sequence[str]], engines: Sequence[str], answers: Callable[[str], None]
    ) -> None:
        self._builds = builds
        self._pending = deque(builds)
        self._engines: list[str | None] = list(dict.fromkeys(engines)) or [None]
        self._answers = answers
        self._running: list[process.Running] = []
        self._threads: list[threading.Thread] = []
        self._stopped = False
        self._lock = threading.Lock()
        self.codes: dict[str, int] = {}

    def run(self) -> None:
        """Until all is built, or no engine is left."""
        while self._pending and self._engines:
            self._threads = [
                threading.Thread(target=self._serve, args=(engine,), daemon=True) for engine in self._engines
            ]
            for thread in self._threads:
                thread.start()
            for thread in self._threads:
                # Ctrl-C reaches us only between two short waits.
                while thread.is_alive():
                    thread.join(_POLL)

    def stop(self) -> None:
        """Interrupt what still runs, and wait until it has cleaned up."""
        for number, patience in ((signal.SIGTERM, _ENDS_WITHIN), (signal.SIGKILL, _POLL)):
            with self._lock:
                self._stopped = True
                for running in self._running:
                    running.signal(number)
            end = time.monotonic() + patience
            for thread in self._threads:
                thread.join(max(0, end - time.monotonic()))

    def _serve(self, engine: str | None) -> None:
        while not self._stopped:
            try:
                if engine is not None:
                    self._answers(engine)
                build = self._pending.popleft()
            except BackendError as error:
                self._retire(engine, error)
                return
            except IndexError:
                return
            code = self._run(build, engine)
            if code == BackendError.exit_code and engine is not None:
                try:
                    self._answers(engine)
                except BackendError as error:
                    self._pending.append(build)
                    self._retire(engine, error)
                    return
            self.codes[build] = code

    def _retire(self, engine: str | None, error: BackendError) -> None:
        self._engines.remove(engine)
        self._say(f"{error.what} It gets no more builds.")

    def _run(self, build: str, engine: str | None) -> int:
        """Run a build, print its lines, and return its exit code."""
        words = [*self._builds[build], *(("--engine", engine) if engine else ())]
        # Groups of several builds at once would run into each other.
        env = {key: value for key, value in os.environ.items() if key not in CI_VARIABLES}
        with ExitStack() as stack:
            ours, theirs = process.pipe(stack)
            with self._lock:
                if self._stopped:
                    return BackendError.exit_code
                running = stack.enter_context(
                    process.start(
                        own_command(*words), descriptors={1: theirs.fileno(), 2: theirs.fileno()}, env=env
                    )
                )
                self._running.append(running)
            theirs.close()
            for line in BufferedReader(ours):
                self._say(f"{build}  {line.decode(errors='replace').rstrip()}")
            code = running.wait(_ENDS_WITHIN)
            with self._lock:
                self._running.remove(running)
        return BackendError.exit_code if code is None else code

    def _say(self, line: str) -> None:
        with self._lock:
            print(line, flush=True)


def own_command(*words: str) -> list[str]:
    """The words that run a command of ours."""
    tasks = shipped() / "tasks.py"
    return [sys.executable, *((os.fspath(tasks),) if tasks.exists() else ("-m", "builder.tasks")), *words]


def build_words(selection: Selection, flags: Flags, out: Path) -> list[str]:
    """The words of the command that builds one selection, on no particular engine."""
    return [
        "build",
        *selection.words,
        *(("--platform", selection.platform) if selection.platform else ()),
        *(word for conf in selection.conf for word in ("--conf", conf)),
        *("--out", os.fspath(out)),
        *(("--from", flags.given) if flags.given else ()),
        *(("--offline",) if flags.offline else ()),
        *(("--jobs", flags.jobs) if flags.jobs else ()),
        *(("--fresh",) if flags.fresh else ()),
        *(("--backend", flags.backend) if flags.backend else ()),
    ]
