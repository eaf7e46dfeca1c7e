"""A container engine for the tests: the one that DOCKER_HOST names, else a dockerd of their own that ends with them."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from builder import process
from builder.backends.engine import machine_of
from builder.console import Quiet
from builder.errors import BackendError
from builder.images.kept import KeptImage, Shelf
from builder.images.made import make_image
from builder.recipes.library import Library
from builder.toolchains.platforms import machine_arch

_STARTS_WITHIN = 60.0
_ENDS_WITHIN = 60.0


@dataclass
class Dockerd:
    """Docker's daemon with a socket and a data folder of its own, and without any network."""

    folder: Path
    _running: process.Running | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        return f"unix://{self.folder / 'docker.sock'}"

    def start(self) -> None:
        """Start it, or skip the test with what it says if it cannot run here."""
        program = process.find_program("dockerd", f"{process.SYSTEM_PATH}:/usr/sbin:/sbin")
        if program is None or os.geteuid():
            pytest.skip("no container engine: there is no dockerd, or we are not root")
        self.folder.mkdir(parents=True, exist_ok=True)
        words: list[str | Path] = [
            program,
            *("--host", self.url, "--pidfile", self.folder / "pid"),
            *("--data-root", self.folder / "data", "--exec-root", self.folder / "exec"),
            *("--bridge=none", "--iptables=false", "--ip6tables=false"),
        ]
        with (self.folder / "log").open("ab") as log, Path(os.devnull).open("rb") as null:
            descriptors = {0: null.fileno(), 1: log.fileno(), 2: log.fileno()}
            self._running = process.start(words, descriptors=descriptors, env=os.environ)
        end = time.monotonic() + _STARTS_WITHIN
        while not self.answers():
            if self._running.wait(0.1) is not None or time.monotonic() > end:
                last = (self.folder / "log").read_text(errors="replace").strip().splitlines()[-1:]
                self.stop()
                pytest.skip(f"no container engine: dockerd does not run here ({' '.join(last)})")

    def answers(self) -> bool:
        with suppress(BackendError):
            machine_of(self.url)
            return True
        return False

    def remove(self) -> None:
        """End it for good and free the disk: pytest keeps the folders of three runs, and an image is a whole system."""
        self.stop()
        # An engine that was killed has lost these helpers of its containers. They name its folder.
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if entry.name.isdigit() and os.fsencode(self.folder) in (entry / "cmdline").read_bytes():
                    os.kill(int(entry.name), signal.SIGKILL)
        shutil.rmtree(self.folder / "data", ignore_errors=True)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it by its id, and wait until it has ended together with the containerd that it started."""
        with suppress(FileNotFoundError, ProcessLookupError, ValueError):
            pid = int((self.folder / "pid").read_text())
            containerd = int((self.folder / "exec/containerd/containerd.pid").read_text())
            os.kill(pid, number)
            end = time.monotonic() + _ENDS_WITHIN
            while time.monotonic() < end and any(map(_lives, (pid, containerd))):
                time.sleep(0.05)
        if self._running is not None:
            self._running.reap()
        # Its successor would wait for one that has ended and that nobody has reaped yet.
        (self.folder / "exec/containerd/containerd.pid").unlink(missing_ok=True)
        # What it has mounted stays if it was killed, and then its folder cannot be removed.
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for mount in reversed([mount for mount in mounts if mount.startswith(f"{self.folder}/")]):
            subprocess.run(["umount", "-l", mount], check=False)


def _lives(pid: int) -> bool:
    """Whether a process that began a session runs; one that only waits to be reaped does not."""
    return pid in process.session_members(pid)


@contextmanager
def shared_engine(folder: Path) -> Iterator[str]:
    """The URL of an engine that all workers of this run use; the last of them ends it."""
    given = os.environ.get("DOCKER_HOST")
    if given:
        machine_of(given)
        yield given
        return
    folder.mkdir(parents=True, exist_ok=True)
    dockerd = Dockerd(folder)
    with (folder / "users").open("a") as users, (folder / "starting").open("a") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_SH)
        if not dockerd.answers():
            dockerd.start()
        fcntl.flock(starting, fcntl.LOCK_UN)
        try:
            yield dockerd.url
        finally:
            fcntl.flock(starting, fcntl.LOCK_EX)
            with suppress(BlockingIOError):
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                dockerd.remove()
            # Before the next worker may try: while we hold it, it is not the last one.
            fcntl.flock(users, fcntl.LOCK_UN)


def keeping_image(name: str, store: Path) -> KeptImage:
    """An image of ours in a store; the test is skipped where it is not there and cannot be made."""
    shelf, image = Shelf(store), Library.of().image(name)
    store.mkdir(parents=True, exist_ok=True)
    with (store / f"{name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return shelf.find(image, machine_arch()) or make_image(image, shelf, Quiet())
        except BackendError as error:
            pytest.skip(f"{error.what} {error.hint}")
