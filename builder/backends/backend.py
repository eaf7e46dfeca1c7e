"""What every backend can do: run a build's programs somewhere, in a clean environment, and bring back what they made."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from builder.process import Finished
from builder.toolchains.platforms import Platform
from builder.toolchains.toolchain import Toolchain


class Backend(Protocol):
    """A place where a toolchain's programs are first on PATH."""

    @property
    def name(self) -> str:
        """What the flag --backend calls it."""

    def run(
        self,
        argv: Sequence[str],
        *,
        folder: Path,
        timeout: float | None = None,
        environment: Mapping[str, str] | None = None,
        on_line: Callable[[bytes], None] | None = None,
        reads: Sequence[Path] = (),
    ) -> Finished:
        """Run `argv` with `folder` as its current folder: all that it changes there is there afterwards.

        Words of `argv` name files relative to `folder`, or absolute ones in `reads`, the folders that it may read
        besides. `timeout` is in seconds, `environment` is added to the toolchain's own, stderr is part of the output,
        and `on_line` sees each line as it comes. BackendError if the backend itself fails.
        """

    def shell(self, *, folder: Path, prompt: str, reads: Sequence[Path] = ()) -> int:
        """A shell for a person at our terminal, with all that `run` would give a program there; its exit code."""


SHELL = ("sh", "-c", "command -v bash > /dev/null && exec bash --norc --noprofile -i || exec sh -i")
"""The words for a shell: bash is not everywhere."""


def shell_environment(prompt: str) -> dict[str, str]:
    """What a shell needs besides what programs get: what it prints before each command, and our kind of terminal."""
    return {"PS1": f"({prompt}) \\w$ ", "TERM": os.environ.get("TERM", "dumb")}


class Opener(Protocol):
    """Which backend, before it is open: a plain value that builds carry with them."""

    @property
    def name(self) -> str:
        """What the flag --backend calls it."""

    @property
    def here(self) -> bool:
        """Whether it runs the programs of this machine, such as its make."""

    def toolchain(self, platform: Platform, cache: Path) -> Toolchain:
        """The compiler that it has for a platform; `cache` is where one may keep what it need not do again.

        BackendError if it has none: it says which platforms it could build for.
        """

    def open(self, toolchain: Toolchain) -> AbstractContextManager[Backend]:
        """The backend with this toolchain; all that it needs is gone when the context ends."""


class Chooser(Protocol):
    """Which backend a build gets, once it is known for which platform it is."""

    def opener(self, platform: Platform) -> Opener:
        """The backend for builds for `platform`."""
