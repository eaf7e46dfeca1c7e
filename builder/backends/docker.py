"""Running a build's programs in a container of an engine that speaks Docker's API, here or on another machine.

Nothing of this machine is mounted: the sources are sent into a folder in memory, and what was made is fetched back.
So it is the same for an engine beside us and for one that is reached over ssh.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from builder import process
from builder.backends.backend import SHELL, shell_environment
from builder.backends.container import CACHE, WORK, Container, LateError, cache_volume, container
from builder.backends.engine import LABEL, connected
from builder.backends.imported import engine_image
from builder.backends.packed import packed, packed_scripts, split_changes, unpacked
from builder.console import Progress
from builder.errors import BackendError
from builder.images.source import ImageSource
from builder.process import Finished
from builder.toolchains.platforms import Platform, all_platforms
from builder.toolchains.toolchain import (
    Toolchain,
    compiler_of_freebsd,
    compiler_of_image,
    toolchain_for,
    zig_program,
)

NAME = "docker"
_PROGRAMS = f"{WORK}/bin"
_STAMP = f"{WORK}/stamp"
_ZIG = "/opt/zig"
"""Where the images have the compiler zig."""


@dataclass(frozen=True, slots=True)
class DockerOpener:
    """An engine, and the image that builds are made in. `engine` is a URL or a docker context; None: see `connected`."""

    image: ImageSource
    progress: Progress
    engine: str | None = None
    pool: Pool | None = None
    """Where its containers stay until somebody closes that; None: each is thrown away after use."""
    name: str = NAME
    here: bool = False

    def toolchain(self, platform: Platform, cache: Path) -> Toolchain:
        if self.image.os == platform.os == "freebsd":
            return compiler_of_freebsd(self._compiler)
        if platform.image is None and platform.zig_target is None:
            able = ", ".join(other.id for other in all_platforms() if other.image or other.zig_target)
            raise BackendError(
                f"{platform.id} means this machine's own compiler, which no container has.",
                hint=f"Use --backend sandbox or local. What containers build: {able}.",
            )
        if platform.image is not None:
            return compiler_of_image(self._compiler)
        return toolchain_for(platform, cache)

    @property
    def _compiler(self) -> str:
        """The image's own, as builds record it."""
        return f"{self.image.compiler} of {self.image.name}@sha256:{self.image.sha256}"

    @contextmanager
    def open(self, toolchain: Toolchain) -> Iterator[Docker]:
        if self.pool is None:
            with self.opened(toolchain) as backend:
                yield backend
            return
        try:
            yield self.pool.get(self, toolchain)
        except BackendError:
            self.pool.close()
            raise

    @contextmanager
    def opened(self, toolchain: Toolchain) -> Iterator[Docker]:
        """A new container."""
        with connected(self.engine) as engine, ExitStack() as stack:
            found = engine_image(engine, self.image, self.progress)
            volume = cache_volume(toolchain.version) if toolchain.writes else None
            if volume is not None:
                with engine.speaking():
                    engine.api.create_volume(volume, labels={LABEL: "cache"})
            yield Docker(lambda: container(engine, found, cache=volume), toolchain, stack)


class Pool:
    """Containers that stay for the next part of a command's work, since to make one takes half a second."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._open: list[tuple[DockerOpener, Toolchain, Docker]] = []

    def get(self, opener: DockerOpener, toolchain: Toolchain) -> Docker:
        """The container of this opener and toolchain, made if there is none."""
        for its_opener, its_toolchain, backend in self._open:
            if (its_opener, its_toolchain) == (opener, toolchain):
                return backend
        backend = self._stack.enter_context(opener.opened(toolchain))
        self._open.append((opener, toolchain, backend))
        return backend

    def close(self) -> None:
        """Throw them all away."""
        self._open.clear()
        self._stack.close()


class Docker:
    """A container with a toolchain's programs first on PATH, and what it has of the folders of this machine."""

    name = NAME

    def __init__(
        self, make: Callable[[], AbstractContextManager[Container]], toolchain: Toolchain, stack: ExitStack
    ) -> None:
        self._make = make
        self._toolchain = toolchain
        self._stack = stack
        self._start()

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
        inside = {path: self._send(path) for path in reads}
        there = self._send(folder)
        more = {key: _moved(value, inside) for key, value in (environment or {}).items()}
        lines = _Lines(on_line)
        try:
            ran = self._container.run(
                [_moved(word, inside) for word in argv],
                environment=process.clean_environment({**self._environment, **more}),
                folder=there,
                stamp=_STAMP,
                timeout=timeout,
                on_output=lines.take,
            )
        except LateError as late:
            self._start()
            return Finished(argv=tuple(argv), returncode=-signal.SIGKILL, output=late.said, timed_out=True)
        lines.end()
        try:
            self._take_over(ran.changes, folder)
        except BackendError:
            # podman's service has lost the end of a program's output now and then. Everything is newer than the root.
            whole = self._container.run(["true"], environment={}, folder=there, stamp="/")
            self._take_over(whole.changes, folder)
        return Finished(argv=tuple(argv), returncode=ran.code, output=ran.output)

    def shell(self, *, folder: Path, prompt: str, reads: Sequence[Path] = ()) -> int:
        for path in reads:
            self._send(path)
        environment = process.clean_environment({**self._environment, **shell_environment(prompt)})
        return self._container.shell(SHELL, environment=environment, folder=self._send(folder))

    def _start(self) -> None:
        """Begin with a new container, in which the toolchain's programs are where PATH begins."""
        self._stack.close()
        self._container = self._stack.enter_context(self._make())
        # Another one each time, as on this machine: zig says nothing of a file that it has compiled at this very place
        # before, so that the warnings of a build would depend on what was built before it.
        self._home = f"{WORK}/{secrets.token_hex(4)}"
        self._sent: dict[Path, Files] = {}
        inside = dict.fromkeys(self._toolchain.writes, CACHE)
        inside |= {path: self._place_of(path) for path in self._toolchain.reads}
        self._environment = {
            "PATH": f"{_PROGRAMS}:{process.SYSTEM_PATH}",
            "TMPDIR": "/tmp",  # noqa: S108 - the container's own
            **{key: _moved(value, inside) for key, value in self._toolchain.environment.items()},
        }
        programs = {name: _moved(body, inside) for name, body in self._toolchain.programs.items()}
        self._container.send(packed_scripts(programs), _PROGRAMS, stamp=_STAMP)

    def _place_of(self, part: Path) -> str:
        """Where the container has a part of the compiler: zig is in its image, libraries are sent."""
        return _ZIG if part == zig_program().parent else self._send(part)

    def _send(self, folder: Path) -> str:
        """Where the container has a folder of ours, as it is now."""
        there = f"{self._home}/{list(self._sent).index(folder) if folder in self._sent else len(self._sent)}"
        now, before = _files_in(folder), self._sent.get(folder, {})
        changed = [path for path, stamp in now.items() if before.get(path) != stamp]
        gone = [os.fspath(path.relative_to(folder)) for path in before.keys() - now.keys()]
        if gone:
            self._container.run(["rm", "-f", "--", *gone], environment={}, folder=there, stamp=_STAMP)
        if changed or folder not in self._sent:
            self._container.send(packed(folder, changed), there, stamp=_STAMP)
        self._sent[folder] = now
        return there

    def _take_over(self, changes: bytes, folder: Path) -> None:
        """Bring a folder of ours to the state that it has in the container."""
        names, archive = split_changes(changes)
        unpacked(archive, folder)
        for path in self._sent[folder]:
            if os.fspath(path.relative_to(folder)) not in names:
                path.unlink(missing_ok=True)
        self._sent[folder] = _files_in(folder)


Files = Mapping[Path, tuple[int, int]]
"""The files of a folder, each with its time and size."""


def _files_in(folder: Path) -> Files:
    """All but pipes and sockets, which mean nothing elsewhere."""
    stats = ((path, path.lstat()) for path in folder.rglob("*") if path.is_symlink() or path.is_file())
    return {path: (stat.st_mtime_ns, stat.st_size) for path, stat in stats}


def _moved(text: str, inside: Mapping[Path, str]) -> str:
    """A text with the folders of ours that it names as the container has them."""
    for path, there in inside.items():
        text = re.sub(rf"{re.escape(os.fspath(path))}(?![\w.-])", there, text)
    return text


class _Lines:
    """Pieces of output, as lines for whoever listens."""

    def __init__(self, on_line: Callable[[bytes], None] | None) -> None:
        self._on_line = on_line
        self._rest = b""

    def take(self, piece: bytes) -> None:
        *lines, self._rest = (self._rest + piece).split(b"\n")
        if self._on_line is not None:
            for line in lines:
                self._on_line(line + b"\n")

    def end(self) -> None:
        """A last line without an end."""
        if self._rest and self._on_line is not None:
            self._on_line(self._rest)
