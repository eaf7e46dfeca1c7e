"""Which backend a build uses: the one that --backend names, else a sandbox where one can be made, else this machine."""

from __future__ import annotations

from dataclasses import dataclass

from builder.backends import local, sandbox
from builder.backends.backend import Opener
from builder.errors import UsageError
from builder.toolchains.platforms import Platform

DOCKER = "docker"
"""Not imported from docker.py: whoever builds without containers need not wait for its library."""
_NAMES = (local.NAME, sandbox.NAME, DOCKER)


def chosen_name(name: str | None, engine: str | None) -> str:
    """The name of the backend that the flags --backend and --engine choose. UsageError if there is no such."""
    if name is None:
        name = DOCKER if engine else local.NAME if sandbox.why_not() else sandbox.NAME
    if name not in _NAMES:
        raise UsageError(f"There is no backend {name!r}.", hint=f"Known: {', '.join(_NAMES)}.")
    if engine and name != DOCKER:
        raise UsageError(f"--engine goes with --backend {DOCKER}, not with {name}.")
    return name


@dataclass(frozen=True, slots=True)
class Here:
    """The backends of this machine that need no engine: the one of this name, the best one if None."""

    name: str | None = None

    def opener(self, _platform: Platform) -> Opener:
        return local.LocalOpener() if chosen_name(self.name, None) == local.NAME else sandbox.SandboxOpener()
