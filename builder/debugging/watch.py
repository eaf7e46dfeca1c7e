"""Watching for crashes while checks run: the cores that they leave are read, explained and, if wanted, kept."""

from __future__ import annotations

import os
import resource
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path

import msgspec
from msgspec.structs import replace

from builder.compiling.build import Build
from builder.debugging.backtrace import Sources, backtrace, debugger_command
from builder.debugging.core_file import Core, cores_in, read_core
from builder.debugging.crash import FAULTS, Crash, crash_said
from builder.debugging.obstacles import (
    CoreSettings,
    Obstacle,
    Suspect,
    core_settings,
    general_obstacles,
    obstacles,
)


@dataclass(slots=True, kw_only=True)
class Watch:
    """What is known of crashes in one run of checks."""

    sources: Sources
    again: str = ""
    """The command that shows more of a crash: a debug build of the same sources, with cores; empty if it is running."""
    keep: Path | None = None
    """Where cores are kept; None: only those are looked at that come without our doing, and none is kept."""
    settings: CoreSettings = field(default_factory=core_settings)
    _obstacles: dict[tuple[str, str], Obstacle] = field(default_factory=dict, init=False)
    _began: float = field(default_factory=time.time, init=False)

    def __post_init__(self) -> None:
        self._note(general_obstacles(self.settings))

    @classmethod
    def of(cls, build: Build) -> Watch:
        """A watch that does not know whose the lines are, and keeps nothing."""
        return cls(sources=Sources(tree=build.tree, folder=build.folder, owner_of=lambda _path, _line: None))

    @property
    def obstacles(self) -> tuple[Obstacle, ...]:
        """What has been found to be in the way of cores so far, each with all programs that it concerns."""
        return tuple(self._obstacles.values())

    @contextmanager
    def allowing(self) -> Iterator[None]:
        """While this lasts, programs that we start may leave cores as large as our hard limit allows, if they are kept.

        They inherit the limit from us; qmail's own programs hand it on, whoever they become.
        """
        before = resource.getrlimit(resource.RLIMIT_CORE)
        if self.keep is not None:
            resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_CORE, before)

    def expect(self, suspects: Iterable[Suspect]) -> None:
        """Programs are going to run: note what would be in the way of their cores."""
        for suspect in suspects:
            self._note(obstacles(self.settings, suspect))

    def expect_elsewhere(self, backend: str) -> None:
        """Programs are going to run in this backend: note what it puts in the way."""
        if backend == "docker":
            text = "In a container of the docker backend no program leaves a core."
        elif backend == "sandbox" and self.settings.folder is not None:
            text = f"{self.settings.folder} of kernel.core_pattern is not there in a sandbox."
        else:
            return
        self._note([Obstacle(reason="pattern", text=text, lift="--backend local, with the same programs")])

    def look(self, *folders: Path, said: Iterable[str] = ()) -> tuple[Crash, ...]:
        """The crashes of programs in these folders, which must still be there; else the one that `said` speaks of."""
        found = tuple(self._explained(core) for core in self._cores(folders))
        if not found and (spoken := crash_said(said)):
            why = [f"No core: {obstacle.text}" for obstacle in self._in_the_way_of(spoken.program)]
            return (replace(spoken, notes=(*why, *self._advice())),)
        return found

    def _in_the_way_of(self, program: str) -> Iterator[Obstacle]:
        for obstacle in self.obstacles if self.keep is not None else ():
            if not obstacle.programs or program in ("", *obstacle.programs):
                yield obstacle

    def _cores(self, folders: Sequence[Path]) -> Iterator[Core]:
        places = [path for folder in folders for path in cores_in(folder)]
        places += cores_in(self.settings.folder or Path.cwd(), deep=False)
        seen = set()
        for path in places:
            if (identity := path.stat().st_ino) in seen:
                continue
            seen.add(identity)
            core = read_core(path) if path.stat().st_mtime >= self._began else None
            if core and core.signal in FAULTS and any(core.program.is_relative_to(f) for f in folders):
                yield core

    def _explained(self, core: Core) -> Crash:
        frames, lack = backtrace(core, self.sources)
        kept = None if self.keep is None else self._kept(core, self.keep)
        crash = Crash(
            program=core.program.name,
            signal=core.signal,
            pid=core.pid,
            uid=core.uid,
            core=os.fspath(kept or ""),
            frames=frames,
            debugger=debugger_command(kept.with_suffix(".program"), kept, self.sources) if kept else "",
            notes=(lack, *self._advice()) if lack else (),
        )
        core.path.unlink()  # the same program may crash in another check
        if kept:
            text = msgspec.json.format(msgspec.json.encode(crash, order="deterministic"), indent=2)
            kept.with_suffix(".json").write_bytes(text + b"\n")
        return crash

    def _kept(self, core: Core, folder: Path) -> Path:
        """Where the core is now; its program, which the check throws away, lies beside it."""
        folder.mkdir(parents=True, exist_ok=True)
        first = f"{core.program.name}.{core.pid}.{core.signal}.uid{core.uid}"
        # In a sandbox process ids begin anew each time.
        numbered = (f"{first}.{number}" for number in count(2))
        name = next(name for name in chain((first,), numbered) if not (folder / f"{name}.core").exists())
        shutil.copyfile(core.program, folder / f"{name}.program")
        target = folder / f"{name}.core"
        shutil.copyfile(core.path, target)
        target.chmod(0o600)  # whatever the program had in memory
        return target

    def _advice(self) -> tuple[str, ...]:
        return (f"To see where: {self.again}",) if self.again else ()

    def _note(self, found: Iterable[Obstacle]) -> None:
        for obstacle in found:
            key = (obstacle.reason, obstacle.text)
            before = self._obstacles.get(key)
            names = (*before.programs, *obstacle.programs) if before else obstacle.programs
            self._obstacles[key] = replace(obstacle, programs=tuple(dict.fromkeys(names)))
