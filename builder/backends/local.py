"""Running a build's programs right here, in a clean environment and without any container."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from builder import process
from builder.process import Finished
from builder.toolchains.toolchain import Toolchain


class Local:
    """This machine, with a toolchain's programs first on PATH."""

    def __init__(self, toolchain: Toolchain, bin_folder: Path) -> None:
        self._toolchain = toolchain
        self._bin = bin_folder

    @property
    def path(self) -> str:
        """The PATH of the programs that run here."""
        return f"{self._bin}:{process.SYSTEM_PATH}"

    @property
    def environment(self) -> dict[str, str]:
        """The whole environment of the programs that run here."""
        extra = {"PATH": self.path, "TMPDIR": os.fspath(self._bin), **self._toolchain.environment}
        return process.clean_environment(extra)

    def run(
        self,
        argv: list[str],
        *,
        folder: Path,
        timeout: float | None = None,
        environment: dict[str, str] | None = None,
        on_line: Callable[[bytes], None] | None = None,
    ) -> Finished:
        """Run `argv` in `folder`; `environment` is added to the toolchain's own. stderr is part of the output."""
        env = {**self.environment, **(environment or {})}
        return process.run(argv, cwd=folder, env=env, timeout=timeout, on_line=on_line)


@contextmanager
def local(toolchain: Toolchain) -> Iterator[Local]:
    """A Local whose folder of programs vanishes at the end."""
    with TemporaryDirectory(prefix="qmail-builder-bin-") as name:
        folder = Path(name)
        for program, body in toolchain.programs.items():
            script = folder / program
            script.write_text(f"#!/bin/sh\n{body}\n")
            script.chmod(0o755)
        yield Local(toolchain, folder)
