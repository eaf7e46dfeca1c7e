"""The programs of a toolchain as a folder for PATH."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from builder.temporary import temporary_folder
from builder.toolchains.toolchain import Toolchain


@contextmanager
def program_folder(toolchain: Toolchain) -> Iterator[Path]:
    """A folder with a small sh script for each program of the toolchain, which vanishes at the end."""
    with temporary_folder("bin") as folder:
        for program, body in toolchain.programs.items():
            script = folder / program
            script.write_text(f"#!/bin/sh\n{body}\n")
            script.chmod(0o755)
        folder.chmod(0o755)
        yield folder
