"""Running a build's programs right here, in a clean environment and without any container."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from builder import process
from builder.backends.backend import SHELL, shell_environment
from builder.backends.programs import program_folder
from builder.process import Finished
from builder.toolchains.platforms import Platform
from builder.toolchains.toolchain import Toolchain, toolchain_for

NAME = "local"


class Local:
    """This machine, with a toolchain's programs first on PATH."""

    name = NAME

    def __init__(self, toolchain: Toolchain, bin_folder: Path) -> None:
        self._toolchain = toolchain
        self._bin = bin_folder

    def run(
        self,
        argv: Sequence[str],
        *,
        folder: Path,
        timeout: float | None = None,
        environment: Mapping[str, str] | None = None,
        on_line: Callable[[bytes], None] | None = None,
        reads: Sequence[Path] = (),  # noqa: ARG002 - here everything can be read
    ) -> Finished:
        return process.run(
            argv, cwd=folder, env=self._environment(environment or {}), timeout=timeout, on_line=on_line
        )

    def shell(self, *, folder: Path, prompt: str, reads: Sequence[Path] = ()) -> int:  # noqa: ARG002 - as above
        return process.in_terminal(SHELL, cwd=folder, env=self._environment(shell_environment(prompt)))

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        return process.clean_environment(
            {
                "PATH": f"{self._bin}:{process.SYSTEM_PATH}",
                "TMPDIR": os.fspath(self._bin),
                **self._toolchain.environment,
                **more,
            }
        )


@dataclass(frozen=True, slots=True)
class LocalOpener:
    """This machine as it is."""

    name: str = NAME
    here: bool = True

    def toolchain(self, platform: Platform, cache: Path) -> Toolchain:
        return toolchain_for(platform, cache)

    @contextmanager
    def open(self, toolchain: Toolchain) -> Iterator[Local]:
        with program_folder(toolchain) as folder:
            yield Local(toolchain, folder)
