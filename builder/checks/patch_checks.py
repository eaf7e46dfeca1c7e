"""The checks that patches bring along: checks/*.sh, each run in a copy of the compiled tree of its own.

A script exits 0 when it has proved its point, 99 when it could not run, and with anything else when it found a fault;
its last line says what it proved, or why not.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from builder.backends.backend import Backend
from builder.checks.report import CheckResult, skipped
from builder.checks.scratch import scratch_folder
from builder.compiling.build import Build
from builder.console import Progress
from builder.debugging.crash import signal_of
from builder.debugging.watch import Watch
from builder.process import Finished
from builder.recipes.plan import PatchInput

_LIMIT = 120.0
"""Seconds that a script may take: six times what the authors of patches are asked to keep to."""
_COULD_NOT_RUN = 99
_SHOWN = 10
"""Lines of a script that found a fault."""


def patch_checks(patches: Sequence[PatchInput]) -> dict[str, Path]:
    """The scripts of these patches, by the name of the check: "security/cve-2005-1513"."""
    return {f"{patch.name}/{script.stem}": script for patch in patches for script in patch.checks}


def run_scripts(
    build: Build, scripts: Mapping[str, Path], progress: Progress, watch: Watch | None = None
) -> Iterator[CheckResult]:
    """Run checks that patches of `build` have brought along, given by their names; `watch` looks for crashes."""
    watch = watch or Watch.of(build)
    if scripts:
        watch.expect_elsewhere(build.where.name)
    with build.where.open(build.toolchain) as backend:
        for name, script in scripts.items():
            progress.step(name)
            yield _check(name, script, build, backend, watch)


def _check(name: str, script: Path, build: Build, backend: Backend, watch: Watch) -> CheckResult:
    with scratch_folder() as scratch:
        tree = scratch / "tree"
        shutil.copytree(build.folder, tree, symlinks=True)
        began = time.monotonic()
        finished = backend.run(
            ["sh", os.fspath(script.resolve())],
            folder=tree,
            timeout=_LIMIT,
            environment={"CHECK_DIR": os.fspath(script.resolve().parent)},
            reads=(script.resolve().parent,),
        )
        seconds = time.monotonic() - began
        ended = [finished.how] if signal_of(finished.returncode) else []
        crashes = watch.look(scratch, said=() if finished.ok else [*_lines(finished), *ended])
    last = _last_line(finished)
    if finished.returncode == _COULD_NOT_RUN:
        return msgspec.structs.replace(skipped(name, last), crashes=crashes)
    proved = finished.ok and bool(finished.text.strip())
    return CheckResult(
        name=name,
        passed=proved,
        summary=last if proved else f"{last} ({finished.how})",
        reasons=() if proved else tuple(_lines(finished)[-_SHOWN:-1]),
        figures={"seconds": round(seconds, 3)},
        crashes=crashes,
    )


def _last_line(finished: Finished) -> str:
    return next(reversed(_lines(finished)), "It said nothing.")


def _lines(finished: Finished) -> list[str]:
    return [line.strip() for line in finished.text.splitlines() if line.strip()]
