"""Where a build is meant to run, and which compiler makes programs for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal

from builder.errors import UsageError

Os = Literal["linux", "freebsd"]

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A target. `arch` is Debian's word for the processor, `libc` the C library: "musl", "glibc" or "freebsd"."""

    id: str
    os: Os = "linux"
    arch: str
    libc: str
    zig_target: str | None = None
    """What zig calls it; None: the compiler of this machine, or of the image, is used."""
    image: str | None = None
    """The image in which it is built with the compiler that is in there; None: built with zig, or with what is here."""

    @property
    def static(self) -> bool:
        """Whether its programs need no library at run time."""
        return self.zig_target is not None and self.libc == "musl"

    @property
    def foreign(self) -> bool:
        """Whether its programs are for another kind of machine than this one, which may compile them all the same."""
        return self.os != "linux" or self.arch != machine_arch()

    @property
    def abi(self) -> str:
        """What its programs are made for, in the words of its own package manager: amd64, FreeBSD:14:aarch64."""
        if self.os == "linux":
            return self.arch
        return f"FreeBSD:{FREEBSD_MAJOR}:{'aarch64' if self.arch == 'arm64' else self.arch}"


FREEBSD_MAJOR = 14
_FREEBSD = f"freebsd.{FREEBSD_MAJOR}.0"
"""The oldest release that runs the programs: a later 14 runs what was made for 14.0."""
_DEBIAN_12 = "linux-gnu.2.36"


def machine_arch() -> str:
    """This machine's processor in Debian's words; the kernel's own word if Debian's is not known."""
    return debian_arch(os.uname().machine)


def debian_arch(word: str) -> str:
    """What Debian calls a processor; `word` itself if that is not known."""
    return _ARCHITECTURES.get(word, word)


def all_platforms() -> tuple[Platform, ...]:
    """Every platform there is, the default of this machine first."""
    musl = [
        Platform(id="linux-musl-amd64", arch="amd64", libc="musl", zig_target="x86_64-linux-musl"),
        Platform(id="linux-musl-arm64", arch="arm64", libc="musl", zig_target="aarch64-linux-musl"),
    ]
    musl.sort(key=lambda platform: platform.arch != machine_arch())
    return (*musl, Platform(id="native", arch=machine_arch(), libc=_libc()), *_OTHERS)


_OTHERS = (
    Platform(id="debian-12-amd64", arch="amd64", libc="glibc", image="debian-12"),
    Platform(id="debian-12-arm64", arch="arm64", libc="glibc", zig_target=f"aarch64-{_DEBIAN_12}"),
    Platform(
        id="freebsd-14-amd64",
        os="freebsd",
        arch="amd64",
        libc="freebsd",
        zig_target=f"x86_64-{_FREEBSD}",
    ),
    Platform(
        id="freebsd-14-arm64",
        os="freebsd",
        arch="arm64",
        libc="freebsd",
        zig_target=f"aarch64-{_FREEBSD}",
    ),
)


def _libc() -> str:
    """This machine's C library."""
    return (
        "glibc" if "CS_GNU_LIBC_VERSION" in os.confstr_names and os.confstr("CS_GNU_LIBC_VERSION") else "musl"
    )


def default_platform() -> Platform:
    """linux-musl for this machine: static, the same bytes everywhere."""
    return all_platforms()[0]


def platform_called(name: str) -> Platform:
    """The platform of this name. Whether it can be built here is for its toolchain and the backend to say."""
    for platform in all_platforms():
        if platform.id == name:
            return platform
    names = ", ".join(platform.id for platform in all_platforms())
    raise UsageError(f"There is no platform {name!r}.", hint=f"Known: {names}.")
