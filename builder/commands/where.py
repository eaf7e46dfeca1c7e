"""Which backend a command compiles with, as its flags say it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from builder.backends.backend import Opener
from builder.backends.choice import DOCKER, Here, chosen_name
from builder.console import Progress
from builder.errors import BackendError
from builder.images.kept import Shelf
from builder.images.obtain import obtain_image
from builder.recipes.library import Library
from builder.toolchains.platforms import FREEBSD_MAJOR, Platform, machine_arch

_ZIG_IMAGE = "zig"
"""What everything is built in that zig compiles."""
_FREEBSD_IMAGE = f"freebsd-{FREEBSD_MAJOR}"
"""What is built in by an engine on FreeBSD, for FreeBSD."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """The flags --backend and --engine, and what is needed to make the image that an engine lacks."""

    backend: str | None
    engine: str | None
    library: Library
    store: Path
    progress: Progress
    until_done: ExitStack
    """What is to be done when the command has done its work: its containers are thrown away."""
    offline: bool = False

    def opener(self, platform: Platform) -> Opener:
        """The backend for a platform. A platform that is built in an image gets an engine without being asked."""
        wanted = self.backend or (DOCKER if platform.image else None)
        if chosen_name(wanted, self.engine) != DOCKER:
            return Here(wanted).opener(platform)
        if platform.image is not None and platform.arch != machine_arch():
            raise BackendError(
                f"{platform.id} is built in an image for {platform.arch}, and this machine is {machine_arch()}.",
                hint="Build it on such a machine; its images are made there, too.",
            )
        from builder.backends.docker import DockerOpener, Pool

        pool = Pool()
        self.until_done.callback(pool.close)
        name, arch = platform.image or _ZIG_IMAGE, machine_arch()
        if platform.os == "freebsd" and self._is_native(platform):
            name, arch = _FREEBSD_IMAGE, platform.arch
        image = self.library.image(name)
        source = obtain_image(image, Shelf(self.store), self.progress, offline=self.offline, arch=arch)
        return DockerOpener(source, self.progress, self.engine, pool)

    def _is_native(self, platform: Platform) -> bool:
        """Whether the engine is on FreeBSD, and can compile for it there; one on Linux cross-compiles.

        BackendError if it is on FreeBSD, but on another processor.
        """
        from builder.backends.engine import machine_of

        machine = machine_of(self.engine)
        if machine.os == platform.os and machine.arch != platform.arch:
            raise BackendError(
                f"The engine is {machine}, where {platform.id} cannot be built.",
                hint=f"It builds {platform.id.replace(platform.arch, machine.arch)}; Linux builds both: --backend sandbox.",
            )
        return machine.os == platform.os
