"""Where a build is meant to run, and which compiler makes programs for it."""

from __future__ import annotations

import os
from dataclasses import dataclass

from builder.errors import BackendError, UsageError

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A target. `arch` is Debian's word for the processor, `libc` the C library: "musl" or "glibc"."""

    id: str
    arch: str
    libc: str
    zig_target: str | None = None
    """What zig calls it; None: this machine's own compiler is used."""

    @property
    def static(self) -> bool:
        """Whether its programs need no library at run time."""
        return self.zig_target is not None


def machine_arch() -> str:
    """This machine's processor in Debian's words; the kernel's own word if Debian's is not known."""
    machine = os.uname().machine
    return _ARCHITECTURES.get(machine, machine)


def all_platforms() -> tuple[Platform, ...]:
    """Every platform there is, the default of this machine first."""
    musl = [
        Platform(id="linux-musl-amd64", arch="amd64", libc="musl", zig_target="x86_64-linux-musl"),
        Platform(id="linux-musl-arm64", arch="arm64", libc="musl", zig_target="aarch64-linux-musl"),
    ]
    musl.sort(key=lambda platform: platform.arch != machine_arch())
    return (*musl, Platform(id="native", arch=machine_arch(), libc=_libc()))


def _libc() -> str:
    """This machine's C library."""
    return (
        "glibc" if "CS_GNU_LIBC_VERSION" in os.confstr_names and os.confstr("CS_GNU_LIBC_VERSION") else "musl"
    )


def default_platform() -> Platform:
    """linux-musl for this machine: static, the same bytes everywhere."""
    return all_platforms()[0]


def platform_called(name: str) -> Platform:
    """The platform of this name; BackendError if this machine cannot build for it."""
    for platform in all_platforms():
        if platform.id == name:
            if platform.arch != machine_arch():
                raise BackendError(
                    f"{name} cannot be built here: this machine is {machine_arch()}, and the build runs what it compiles.",
                    hint="Build it on such a machine.",
                )
            return platform
    names = ", ".join(platform.id for platform in all_platforms())
    raise UsageError(f"There is no platform {name!r}.", hint=f"Known: {names}.")
