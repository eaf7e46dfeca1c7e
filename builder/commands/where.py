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
from builder.toolchains.platforms import Platform, machine_arch

_ZIG_IMAGE = "zig"
"""What everything is built in that zig compiles."""


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
        image = self.library.image(platform.image or _ZIG_IMAGE)
        source = obtain_image(image, Shelf(self.store), self.progress, offline=self.offline)
        return DockerOpener(source, self.progress, self.engine, pool)
