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
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from builder import process
from builder.backends.machine import Machine
from builder.commands.common import Flags, Selection
from builder.console import CI_VARIABLES
from builder.errors import BackendError, BuilderError
from builder.recipes.library import shipped
from builder.toolchains.platforms import Platform

_POLL = 0.2
_ENDS_WITHIN = 60.0
"""Seconds that a build may take to clean up after itself when it is interrupted."""


@dataclass(frozen=True, slots=True)
class Build:
    """One build: the words of its command, and what it is for."""

    words: Sequence[str]
    platform: Platform


def build_all(builds: Mapping[str, Build], engines: Sequence[str], ask: Callable[[str], Machine]) -> None:
    """Run every build, given by its id; with `engines` each of them one at a time.

    `ask` says where an engine's containers run, and raises a BackendError if it does not answer: such a one gets no more
    builds, and the others take what it had. What went wrong in one build does not keep the others from running; the
    error at the end has the exit code of the first of them.
    """
    handout = _Handout(builds, engines, ask)
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
        self, builds: Mapping[str, Build], engines: Sequence[str], ask: Callable[[str], Machine]
    ) -> None:
        self._builds = builds
        self._pending = deque(builds)
        self._engines: list[str | None] = list(dict.fromkeys(engines)) or [None]
        self._ask = ask
        self._machines: dict[str, Machine] = {}
        self._running: list[process.Running] = []
        self._threads: list[threading.Thread] = []
        self._stopped = False
        self._lock = threading.Lock()
        self.codes: dict[str, int] = {}

    def run(self) -> None:
        """Until all is built, or no engine is left that can build what remains."""
        for engine in [engine for engine in self._engines if engine is not None]:
            try:
                self._machines[engine] = self._ask(engine)
            except BackendError as error:
                self._retire(engine, error)
        while any(self._takes(engine, build) for engine in self._engines for build in self._pending):
            self._threads = [
                threading.Thread(target=self._serve, args=(engine,), daemon=True) for engine in self._engines
            ]
            for thread in self._threads:
                thread.start()
            for thread in self._threads:
                # Ctrl-C reaches us only between two short waits.
                while thread.is_alive():
                    thread.join(_POLL)
        for build in self._pending:
            self._say(f"{build}  There is no engine left that can build it.")

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
                    self._ask(engine)
            except BackendError as error:
                self._retire(engine, error)
                return
            build = self._next(engine)
            if build is None:
                return
            code = self._run(build, engine)
            if code == BackendError.exit_code and engine is not None:
                try:
                    self._ask(engine)
                except BackendError as error:
                    self._pending.append(build)
                    self._retire(engine, error)
                    return
            self.codes[build] = code

    def _next(self, engine: str | None) -> str | None:
        """The next build for an engine, which is no longer pending then."""
        with self._lock:
            build = next((build for build in self._pending if self._takes(engine, build)), None)
            if build is not None:
                self._pending.remove(build)
            return build

    def _takes(self, engine: str | None, build: str) -> bool:
        if engine is None:
            return True
        there = [self._machines[other] for other in self._engines if other is not None]
        return is_for(self._machines[engine], self._builds[build].platform, there)

    def _retire(self, engine: str | None, error: BackendError) -> None:
        with self._lock:
            self._engines.remove(engine)
        self._say(f"{error.what} It gets no more builds.")

    def _run(self, build: str, engine: str | None) -> int:
        """Run a build, print its lines, and return its exit code."""
        words = [*self._builds[build].words, *(("--engine", engine) if engine else ())]
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


def is_for(machine: Machine, platform: Platform, there: Collection[Machine]) -> bool:
    """Whether an engine on `machine` is to build for a platform, if there are engines on the machines `there`.

    One on FreeBSD builds for itself alone, and nobody else does that then: which compiler it is must not be a matter
    of who was free first.
    """
    itself = Machine(platform.os, platform.arch)
    if machine.os == "freebsd" or (platform.os == "freebsd" and itself in there):
        return machine == itself
    return True


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
