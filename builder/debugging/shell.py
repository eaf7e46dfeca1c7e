"""A shell where something has failed: in the same backend, with the same programs and environment, in the failed tree."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from builder import process
from builder.backends.backend import Backend
from builder.compiling.build import Build, Failed
from builder.temporary import temporary_folder


def after_compiling(failed: Failed) -> None:
    """A shell in the tree that make could not make; the tree is kept until the shell ends."""
    _say(f"error: {failed.error.what}\n")
    _open(failed.backend, failed.folder, [process.quoted(failed.again), "cat make.log"])


def after_checks(build: Build, scripts: Sequence[Path]) -> None:
    """A shell in a copy of the compiled tree after checks have failed, `scripts` among them.

    It is a copy because the tree itself is in the store, for other builds to use.
    """
    with temporary_folder("shell") as scratch, build.where.open(build.toolchain) as backend:
        tree = scratch / "tree"
        shutil.copytree(build.folder, tree, symlinks=True)
        folders = [script.resolve().parent for script in scripts]
        again = [
            f"CHECK_DIR={process.quoted([folder])} sh {process.quoted([folder / script.name])}"
            for folder, script in zip(folders, scripts, strict=True)
        ]
        _open(backend, tree, again or ["make it"], folders)


def _open(backend: Backend, folder: Path, again: Sequence[str], reads: Sequence[Path] = ()) -> None:
    lines = [
        f"A shell in {folder}, backend {backend.name}; leave it with: exit",
        *(f"  again:  {command}" for command in again),
    ]
    _say("".join(f"{line}\n" for line in lines))
    code = backend.shell(folder=folder, prompt=f"failed, {backend.name}", reads=reads)
    _say(f"The shell has ended with exit {code}; {folder} goes with it.\n")


def _say(text: str) -> None:
    sys.stdout.flush()
    sys.stderr.write(text)
    sys.stderr.flush()
