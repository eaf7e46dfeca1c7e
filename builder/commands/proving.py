"""`conflicts --compile`: the pairs of a matrix made, each where its tree is known, and judged by what comes out."""

from __future__ import annotations

import os
from concurrent.futures import Executor
from pathlib import Path
from tempfile import TemporaryDirectory

from builder.checks.patch_checks import patch_checks
from builder.commands.common import Flags
from builder.commands.compared import Compared
from builder.conflicts.values import Matrix
from builder.proofs.pairs import Proofs
from builder.proofs.setting import Setting
from builder.recipes.model import ApplyPolicy
from builder.toolchains.platforms import platform_called

NATIVE = "native"
"""Where patches on a bare base are compiled, if nothing else is said: they are mostly other people's, want the
libraries that are on this machine (OpenSSL, say), and a bare base has no modern-c for newer compilers."""


def proved(
    matrix: Matrix,
    compared: Compared,
    flags: Flags,
    *,
    fuzz: int,
    platform: str | None,
    executor: Executor | None,
) -> Matrix:
    """The matrix with `compiles` set wherever there is a tree, and the outcome semantic where that fails."""
    with flags.settings() as settings, TemporaryDirectory(prefix="qmail-builder-objects-") as objects:
        proofs = Proofs(
            tree=compared.tree,
            patches=compared.patches,
            needs=compared.needs,
            scripts={one.stem: patch_checks([one]) for one in compared.inputs},
            policy=ApplyPolicy(fuzz=fuzz),
            setting=Setting(
                platform=platform_called(platform or NATIVE),
                cache=settings.store / "toolchains",
                objects=Path(objects),
                # Other pairs are made in other processes at the same time.
                jobs=1 if executor is not None else settings.jobs or os.cpu_count() or 1,
            ),
            progress=settings.progress,
            executor=executor,
        )
        return proofs.complete(matrix)
