"""The checks of a build: those of its patches, always, and those that the recipe names."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import msgspec

from builder.checks.elf import ELF_CHECKS
from builder.checks.ground import Ground, own_ids
from builder.checks.inside import DriverError, Inside
from builder.checks.limits import raise_limits
from builder.checks.patch_checks import patch_checks, run_scripts
from builder.checks.report import CheckResult, skipped
from builder.checks.runnable import why_never, why_not_here
from builder.checks.scratch import scratch_folder
from builder.checks.spawn_direct import check_direct, check_direct_inside
from builder.checks.spawn_replies import check_replies, check_replies_inside
from builder.checks.spawn_whole import check_whole
from builder.checks.verdict import SpawnAsk
from builder.compiling.build import Build
from builder.compiling.elf import Program, programs_in
from builder.console import Progress
from builder.debugging.watch import Watch
from builder.errors import CompileError, UsageError
from builder.packaging.payload import payload_of
from builder.recipes.plan import Plan

_FORTIFY = ("-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=3")
_ASAN = ("-fsanitize=address", "-fno-omit-frame-pointer")
_ASAN_OPTIONS = "detect_leaks=0"  # what qmail-rspawn has at its end is not lost, just never freed
_ASAN_DELIVERIES = 600
"""Slower than the others; this many cross descriptor 1024, where the known faults are."""


def run_checks(
    build: Build,
    plan: Plan,
    *,
    progress: Progress,
    names: Sequence[str] = (),
    watch: Watch | None = None,
) -> tuple[CheckResult, ...]:
    """Check a build of `plan`. A check that fails does not keep the others from running.

    The checks of the plan's patches run first, then those that the recipe names; or only those in `names`, if given.
    Where the programs cannot run, but could in the container that made them, those in `INSIDE` are done in there; the
    others are skipped with the reason, and what can be told of the programs' files is checked.
    UsageError, before anything runs, for a check that does not exist (`chosen_checks` tells even before compiling). Our
    own limits of descriptors and processes are raised as far as they may be. `watch` looks for programs that crash.
    """
    chosen = chosen_checks(plan, names)
    watch = watch or Watch.of(build)
    never, why = why_never(build), why_not_here(build)
    raise_limits()
    scripts = {name: script for name, script in patch_checks(plan.patches).items() if name in chosen}
    results = [skipped(name, never) for name in scripts] if never else []
    with ExitStack() as stack:
        stack.enter_context(watch.allowing())
        if not never:
            results += run_scripts(build, scripts, progress, watch)
        bench = _Bench(build=build, ask=spawn_ask(build, plan), progress=progress, stack=stack, watch=watch)
        for name in chosen:
            if name in ELF_CHECKS:
                results.append(ELF_CHECKS[name](build, bench.programs))
            elif name in CHECKS and not why:
                results.append(bench.watched(CHECKS[name](bench)))
            elif name in INSIDE and not (never or build.where.here):
                watch.expect_elsewhere(build.where.name)
                results.append(bench.watched(bench.done_inside(name)))
            elif name in CHECKS:
                results.append(skipped(name, why))
    return tuple(results)


def chosen_checks(plan: Plan, names: Sequence[str] = ()) -> tuple[str, ...]:
    """The names of the checks that `run_checks` runs; UsageError for one that does not exist."""
    scripts = patch_checks(plan.patches)
    without_running = tuple(ELF_CHECKS) if plan.platform.foreign else ()
    chosen = tuple(names) or tuple(dict.fromkeys((*scripts, *plan.recipe.checks, *without_running)))
    known = (*CHECKS, *ELF_CHECKS, *scripts)
    for name in chosen:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            guess = f" Did you mean {close[0]}?" if close else ""
            raise UsageError(
                f"The build {plan.id} has no check {name!r}.{guess}", hint=f"There are: {', '.join(known)}."
            )
    return chosen


def spawn_ask(build: Build, plan: Plan) -> SpawnAsk:
    """What the spawn checks of a plan ask for."""
    return SpawnAsk(
        deliveries=plan.recipe.spawn.deliveries or int(build.conf["conf-spawn"]),
        source=plan.limits,
    )


@dataclass(kw_only=True)
class _Bench:
    """What the checks of one run share. The ground is prepared when the first of them asks for it."""

    build: Build
    ask: SpawnAsk
    progress: Progress
    stack: ExitStack
    watch: Watch
    _scratch: Path | None = field(default=None, init=False)
    _ground: Ground | None = field(default=None, init=False)

    @property
    def scratch(self) -> Path:
        if self._scratch is None:
            self._scratch = self.stack.enter_context(scratch_folder())
        return self._scratch

    @property
    def ground(self) -> Ground:
        if self._ground is None:
            self._ground = Ground.prepare(self.build, self.scratch)
        return self._ground

    def watched(self, result: CheckResult) -> CheckResult:
        """The result of a check that has just run, with the crashes that it has left on the ground."""
        if result.crashes or self._scratch is None:
            return result
        crashes = self.watch.look(self._scratch, said=result.reasons)
        return msgspec.structs.replace(result, crashes=crashes)

    @cached_property
    def inside(self) -> Inside:
        folder = self.scratch / "inside"
        folder.mkdir()
        return Inside.prepare(
            self.build, self.stack.enter_context(self.build.where.open(self.build.toolchain)), folder
        )

    def done_inside(self, name: str) -> CheckResult:
        """The result of a check that is done where the programs were made."""
        try:
            return INSIDE[name](self)
        except DriverError as error:
            return error.result(name)

    @cached_property
    def programs(self) -> tuple[Program, ...]:
        return programs_in(self.build.folder)

    def rspawn_with(self, name: str, flags: Sequence[str]) -> Path:
        """qmail-rspawn for the ground, compiled anew with these flags."""
        twin = self.build.twin(
            self.scratch / name,
            home=os.fspath(self.ground.home),
            ids=own_ids(),
            targets=["qmail-rspawn"],
            flags=flags,
        )
        return twin.folder / "qmail-rspawn"


def _direct(bench: _Bench) -> CheckResult:
    return check_direct(bench.ground, bench.ask, bench.progress)


def _direct_inside(bench: _Bench) -> CheckResult:
    return check_direct_inside(bench.inside, bench.ask, bench.progress)


def _replies(bench: _Bench) -> CheckResult:
    return check_replies(bench.ground, bench.ask.width, bench.progress)


def _replies_inside(bench: _Bench) -> CheckResult:
    return check_replies_inside(bench.inside, bench.ask.width, bench.progress)


def _whole(bench: _Bench) -> CheckResult:
    return check_whole(
        bench.build, bench.ask, lambda twin: payload_of(twin).entries, bench.progress, watch=bench.watch
    )


def _fortify(bench: _Bench) -> CheckResult:
    """Direct, with a qmail-rspawn whose C library looks at every descriptor put into an fd_set."""
    name = "spawn-fortify"
    if not _uses_glibc(bench.build):
        return skipped(
            name, "only glibc, that is the platform native on most machines, knows _FORTIFY_SOURCE."
        )
    program = bench.rspawn_with(name, _FORTIFY)
    return check_direct(bench.ground, bench.ask, bench.progress, name=name, program=program)


def _asan(bench: _Bench) -> CheckResult:
    """Direct, with a qmail-rspawn that AddressSanitizer watches; qmail-remote is the usual one."""
    name = "spawn-asan"
    if bench.build.platform.static:
        return skipped(name, "AddressSanitizer needs a dynamically linked program: use the platform native.")
    try:
        program = bench.rspawn_with(name, _ASAN)
    except CompileError as error:
        return skipped(name, f"no AddressSanitizer for this compiler. {error.what}")
    return check_direct(
        bench.ground,
        bench.ask.at_most(_ASAN_DELIVERIES),
        bench.progress,
        name=name,
        program=program,
        environment={"ASAN_OPTIONS": _ASAN_OPTIONS},
    )


def _uses_glibc(build: Build) -> bool:
    try:
        return not build.platform.static and bool(os.confstr("CS_GNU_LIBC_VERSION"))
    except ValueError:
        return False


CHECKS: dict[str, Callable[[_Bench], CheckResult]] = {
    "spawn-direct": _direct,
    "spawn-replies": _replies,
    "spawn-whole": _whole,
    "spawn-fortify": _fortify,
    "spawn-asan": _asan,
}
"""The checks that a recipe may name."""

INSIDE: dict[str, Callable[[_Bench], CheckResult]] = {
    "spawn-direct": _direct_inside,
    "spawn-replies": _replies_inside,
}
"""Those of them that can be done where the programs were made, when they do not run here.

The whole qmail is not among them: root, several users and setuid programs are what no container of ours has.
"""
