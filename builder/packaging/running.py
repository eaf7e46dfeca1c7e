"""Running the few programs that it takes to learn what belongs into a package."""

from __future__ import annotations

from pathlib import Path

from builder import process
from builder.backends.backend import Backend
from builder.errors import CompileError, PackageError

_SECONDS = 900
"""More than compiling a few small files takes on a slow and busy machine where zig first builds its C library."""


def run_in(backend: Backend, tree: Path, *argv: str) -> bytes:
    """What a program prints, run in `tree`. CompileError if it fails, PackageError if it does not run here."""
    try:
        finished = backend.run(list(argv), folder=tree, timeout=_SECONDS)
    except OSError as error:
        raise PackageError(
            f"hier() cannot be asked what belongs into a package: {argv[0]} does not run here: {error.strerror}.",
            hint="Build on a machine that can run what it compiles.",
        ) from error
    if not finished.ok:
        raise CompileError(f"{process.quoted(argv)} failed: {finished.how}.\n{finished.text.strip()}")
    return finished.output
