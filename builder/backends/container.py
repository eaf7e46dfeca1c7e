"""One container: made shut off from everything, programs run in it, folders sent there and fetched back, thrown away."""

from __future__ import annotations

import os
import re
import secrets
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, cast

from docker.errors import APIError, NotFound
from docker.utils.socket import STDERR, frames_iter

from builder.backends.engine import LABEL, Engine
from builder.backends.walls import Walls, walls
from builder.errors import BackendError
from builder.terminal import connect

WORK = "/build"
"""The folder that is worked in: in memory, and gone with the container."""
_TMP = "/tmp"  # noqa: S108 - the container's own
CACHE = "/cache"
"""Where a volume keeps what the compiler need not do again."""
USER = "10001:10001"
"""Nobody's uid: everything in a container runs under it, and it may do nothing elsewhere."""
_ROOT = "0:0"
MEMORY = 4 << 30
"""Bytes for its processes and its files together. The compiler takes a tenth of it for each processor."""
PROCESSES = 11_000
"""One for each delivery of a spawn check that is done in there: MEMORY is enough for some 10,900 of them."""
OWNER = f"{LABEL}.owner"
"""The label with the machine and the process that a container is for."""
_LESS_MEMORY = f"{MEMORY >> 20} MB are there; fewer processes at once need less: --jobs 1"
_LIFETIME = 3600
"""Seconds after which a container ends by itself, should nobody be left to end it."""
_FIRST = f"exec 3<&0; trap exit TERM; timeout {_LIFETIME} cat <&3 & wait"
"""The first program of a container: it reaps what others leave, and ends when its input does."""
_HOSTNAME = "builder"
"""Otherwise it would be a random one, in the environment of every program."""
_PIECE = 65536
_REMOVED_WITHIN = 30
"""Seconds."""
_NOT_FOUND, _CONFLICT = 404, 409
_NOT_RUNNING = ("not running", "state improper")
"""What docker and podman say when a container has ended."""
_RUN = r"""
exec 3>&2 2>/dev/null
stamp=$1
shift
"$@" 2>&1 3>&-
code=$?
{
  find . ! -type d -print0
  printf '\0'
  find . -cnewer "$stamp" \( -type f -o -type l \) -print0 | tar --format=pax --null -cf - -T -
} >&3
touch "$stamp"
exit $code
"""
"""Runs a program, and answers on stderr with what it did to its folder.

What changed is found by ctime, not mtime: cp -p and tar give a new file an old one's mtime. The stamp is touched after
everything that we did to the folder, and not before the program: the clock of a file system stands still for some
milliseconds, in which what the program does first would seem as old as the stamp.
"""
_ALIVE = b"alive"
_OOM_EVENTS = (
    "cat /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control 2>/dev/null; echo alive"
)
"""Of version 2 and of version 1 of control groups: how many processes were killed for want of memory."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a program."""

    code: int
    output: bytes
    changes: bytes
    """The names of all files in its folder, each with a NUL behind it, another NUL, and an archive of those it changed."""


class Container:
    """A container that waits for programs to run in it."""

    def __init__(self, engine: Engine, name: str, walls: Walls) -> None:
        self._engine = engine
        self._api = engine.api
        self._name = name
        self._walls = walls

    def shut_off(self) -> None:
        """Do what the walls ask for first. BackendError if the container is not shut off."""
        if not self._walls.first:
            return
        words = ["sh", "-c", self._walls.first]
        with self._started(words, "/", stdin=False, user=_ROOT) as (started, stream):
            said = b"".join(piece for _, piece in self._engine.each(_frames(stream)))
            code = self._ended(words, started)
        if code:
            raise BackendError(
                f"The engine ({self._engine.shown}) does not shut a container off: {_last(said, code)}.",
                hint="On FreeBSD that takes podman 5.1 and FreeBSD 14, or newer ones.",
            )

    def run(
        self,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: str = WORK,
        stamp: str,
        timeout: float | None = None,
        on_output: Callable[[bytes], None] | None = None,
    ) -> Ran:
        """Run a program to its end, and pack what it changed in `folder`, that is after the file `stamp`, which is touched.

        `on_output` sees the pieces of the output, stderr mixed in, as they come. LateError after `timeout` seconds;
        BackendError if the engine loses it, or if it took more memory than there is.
        """
        late = threading.Event()
        watch = threading.Timer(timeout or 0, self._end_late, (late,)) if timeout is not None else None
        output: list[bytes] = []
        changes: list[bytes] = []
        words = ["sh", "-c", _RUN, "sh", stamp, *_within(environment, argv)]
        with self._started(words, folder, stdin=False) as (started, stream):
            if watch is not None:
                watch.start()
            try:
                for channel, piece in self._engine.each(_frames(stream)):
                    if channel == STDERR:
                        changes.append(piece)
                        continue
                    output.append(piece)
                    if on_output is not None:
                        on_output(piece)
            finally:
                if watch is not None:
                    watch.cancel()
        if late.is_set():
            raise LateError(b"".join(output))
        code = self._ended(argv, started)
        if code:
            self._require_enough_memory(argv)
        return Ran(code, b"".join(output), b"".join(changes))

    def shell(self, argv: Sequence[str], *, environment: Mapping[str, str], folder: str) -> int:
        """Run a program that a person talks to from our terminal; its exit code. It ends with the container at the latest."""
        words = _within(environment, argv)
        with self._started(words, folder, stdin=True, terminal=True) as (started, stream):
            if isinstance(stream, ssl.SSLSocket):
                raise BackendError(
                    "A shell through an encrypted TCP connection is not possible.",
                    hint="Use ssh://USER@HOST.",
                )

            def resize(lines: int, columns: int) -> None:
                # Before the program has begun the engine has nothing to resize yet.
                with suppress(APIError):
                    self._api.exec_resize(started, height=lines, width=columns)

            with self._engine.speaking():
                connect(stream.fileno(), resize=resize, ended=lambda: False)
            return self._ended(argv, started)

    def send(self, archive: bytes, folder: str, *, stamp: str) -> None:
        """Unpack a tar archive into a folder of the container, which is made, and touch the file `stamp` after that."""
        # tar would wait for more after the archive's end; head knows how much there is.
        script = f'mkdir -p "$1" && head -c {len(archive)} | tar -xf - -C "$1" && touch "$2"'
        words = ["sh", "-c", script, "sh", folder, stamp]
        with self._started(words, "/", stdin=True) as (started, stream):
            with self._engine.speaking():
                stream.sendall(archive)
                said = b"".join(iter(lambda: stream.recv(_PIECE), b""))
            code = self._ended(words, started)
        if code:
            raise BackendError(f"The container cannot take in the files: {_last(said, code)}.")

    @contextmanager
    def _started(
        self,
        argv: Sequence[str],
        folder: str,
        *,
        stdin: bool,
        terminal: bool = False,
        user: str = "",
    ) -> Iterator[tuple[str, socket.socket]]:
        """A program that runs: what the engine calls it, and the connection to its input and output."""
        with ExitStack() as stack:
            with self._engine.speaking():
                try:
                    made = self._api.exec_create(
                        self._name,
                        list(argv) if user == _ROOT else self._walls.guarded(argv),
                        workdir=folder,
                        user=user,
                        stdin=stdin,
                        tty=terminal,
                    )
                    stream = self._api.exec_start(made["Id"], socket=True, tty=terminal)
                except APIError as error:
                    if error.status_code in (_CONFLICT, _NOT_FOUND) or any(
                        word in str(error) for word in _NOT_RUNNING
                    ):
                        raise self._gone(argv) from error
                    raise
            yield str(made["Id"]), stack.enter_context(_closing(stream))

    def _ended(self, argv: Sequence[str], started: str) -> int:
        with self._engine.speaking():
            try:
                code = self._api.exec_inspect(started).get("ExitCode")
            except NotFound:
                code = None
        if code is None:
            raise self._gone(argv)
        return int(code)

    def _require_enough_memory(self, argv: Sequence[str]) -> None:
        """BackendError if a program that failed was killed because there was no more memory."""
        with self._started(["sh", "-c", _OOM_EVENTS], "/", stdin=False) as (_, stream):
            said = b"".join(piece for _, piece in self._engine.each(_frames(stream)))
        if _ALIVE not in said:
            raise self._gone(argv)
        if re.search(rb"^oom_kill [1-9]", said, re.MULTILINE):
            raise BackendError(
                f"{argv[0]} needs more memory than a container of ours has.", hint=_LESS_MEMORY
            )

    def _gone(self, argv: Sequence[str]) -> BackendError:
        return BackendError(
            f"The container ended before {argv[0]} did in it.",
            hint=f"Run it again. If that does not help, its memory may be too little: {_LESS_MEMORY}",
        )

    def _end_late(self, late: threading.Event) -> None:
        late.set()
        with suppress(NotFound, APIError):
            self._api.kill(self._name)


class LateError(Exception):
    """A program took longer than it may, and the container was ended."""

    def __init__(self, said: bytes) -> None:
        super().__init__("a program took too long")
        self.said = said


@contextmanager
def container(
    engine: Engine, image: str, *, cache: str | None, memory: int = MEMORY, processes: int = PROCESSES
) -> Iterator[Container]:
    """A container of an image: no network, nothing writable but memory and the volume `cache`, no privileges, nobody's uid.

    It is gone afterwards, whatever happens. It ends with the connection that its only program reads from, so that it
    does not outlive us if we are killed either; `doctor --clean` finds by its label what an engine did not remove.
    """
    api, name = engine.api, f"qmail-builder-{secrets.token_hex(6)}"
    around = walls(engine.machine().os, (WORK, _TMP), memory=memory, processes=processes, seconds=_LIFETIME)
    try:
        with engine.speaking():
            host = api.create_host_config(
                binds={cache: {"bind": CACHE, "mode": "rw"}} if cache else None, **around.host
            )
            if around.annotations:
                host["Annotations"] = dict(around.annotations)
            api.create_container(
                image,
                ["sh", "-c", _FIRST],
                name=name,
                hostname=_HOSTNAME,
                user=USER,
                network_disabled=True,
                stdin_open=True,
                detach=False,
                labels={LABEL: "build", OWNER: owner()},
                host_config=host,
            )
            tie = api.attach_socket(name, {"stdin": 1, "stream": 1})
            api.start(name)
        with _closing(tie):
            made = Container(engine, name, around)
            made.shut_off()
            yield made
    finally:
        _remove(engine, name)


def _remove(engine: Engine, name: str) -> None:
    """Remove a container; if the engine does so by itself just now, wait until it has."""
    with suppress(BackendError), engine.speaking():
        try:
            engine.api.remove_container(name, force=True, v=False)
        except NotFound:
            return
        except APIError as error:
            if error.status_code != _CONFLICT:
                raise
            with suppress(NotFound):
                engine.api.wait(name, timeout=_REMOVED_WITHIN, condition="removed")


def cache_volume(compiler: str) -> str:
    """The volume in which a compiler of this version keeps what it need not do again; no other one finds it there.

    What the version says behind a comma is about libraries, not about the compiler itself.
    """
    return f"qmail-builder-cache-{re.sub('[^a-z0-9.]+', '-', compiler.partition(',')[0].lower())}"


def owner() -> str:
    """This process, as the label of its containers says it."""
    return f"{socket.gethostname()}:{os.getpid()}"


def _within(environment: Mapping[str, str], argv: Sequence[str]) -> list[str]:
    """The words that run a program with this environment and nothing else: engines add variables of their own."""
    return ["env", "-i", *(f"{name}={value}" for name, value in environment.items()), *argv]


def _frames(stream: socket.socket) -> Iterator[tuple[int, bytes]]:
    """What a program prints, piece by piece, each with the channel that it came from."""
    return frames_iter(stream, tty=False)  # type: ignore[no-untyped-call,no-any-return]


@contextmanager
def _closing(stream: Any) -> Iterator[socket.socket]:
    """The socket in what the library gives for one, which is closed at the end: the library leaves that to us."""
    raw = cast("socket.socket", getattr(stream, "_sock", stream))
    try:
        yield raw
    finally:
        stream.close()
        raw.close()


def _last(said: bytes, code: int) -> str:
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return (lines[-1] if lines else f"exit {code}").rstrip(".")
