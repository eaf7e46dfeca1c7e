"""The one place that starts programs: explicit environment, closed stdin, time limit, no orphans.

A program runs in a session of its own, so that a time-out or Ctrl-C ends it with everything it started. `run` waits
for its end; `start` is for programs that one talks to while they run.
"""

from __future__ import annotations

import fcntl
import os
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import IO, Self

from builder import terminal
from builder.errors import BackendError
from builder.sources.tree import EPOCH

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
NOT_FOUND = 127
_POLL = 0.1
"""Seconds between two looks at `stop`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A program that has ended. `output` is its stdout, followed by or mixed with stderr if they were joined."""

    argv: tuple[str, ...]
    returncode: int
    output: bytes
    errors: bytes = b""
    timed_out: bool = False

    @property
    def ok(self) -> bool:
        return self.returncode == 0 and not self.timed_out

    @property
    def how(self) -> str:
        """How it ended, in words: "exit 2", "killed by SIGSEGV", "not found", "timed out"."""
        return "timed out" if self.timed_out else how_it_ended(self.returncode)

    @property
    def text(self) -> str:
        return self.output.decode("utf-8", "replace")


def how_it_ended(returncode: int) -> str:
    """An exit code as subprocess gives it (a signal is negative), in words: "exit 2", "killed by SIGSEGV"."""
    if returncode < 0:
        return f"killed by {signal.Signals(-returncode).name}"
    return "not found (127)" if returncode == NOT_FOUND else f"exit {returncode}"


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of every program: the same on every machine, and nothing inherited but what `extra` names."""
    return {
        "PATH": SYSTEM_PATH,
        "HOME": "/nonexistent",
        "LC_ALL": "C",
        "TZ": "UTC",
        "SOURCE_DATE_EPOCH": str(EPOCH),
        **(extra or {}),
    }


def quoted(argv: Sequence[str | os.PathLike[str]]) -> str:
    """A command as one would type it into a shell."""
    return shlex.join(os.fspath(word) for word in argv)


def find_program(name: str, path: str = SYSTEM_PATH) -> Path | None:
    """Where a program is, looking along `path`, or None."""
    found = shutil.which(name, path=path)
    return Path(found) if found else None


def require_program(name: str, *, package: str, path: str = SYSTEM_PATH) -> Path:
    """Where a program is; a BackendError that names the Debian package when it is missing."""
    found = find_program(name, path)
    if found is None:
        raise BackendError(f"{name} is missing.", hint=f"Install it: apt-get install {package}")
    return found


def run(
    argv: Sequence[str | os.PathLike[str]],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    timeout: float | None = None,
    join: bool = True,
    on_line: Callable[[bytes], None] | None = None,
    stop: Callable[[], bool] | None = None,
    debug: bool = False,
) -> Finished:
    """Run a program to its end and return what it said.

    `env` is the whole environment (default: `clean_environment()`), `timeout` is in seconds. With `join` stderr is
    mixed into `output`, otherwise it is in `errors`. `on_line` sees each line of output as it comes (join only).
    A program that does not exist gives returncode 127, as in a shell. Ctrl-C ends the whole process group first; it
    reaches only the main thread, so that one in another thread is ended by `stop` becoming true (as if timed out).
    """
    words = tuple(os.fspath(word) for word in argv)
    if debug:
        sys.stderr.write(f"+ {quoted(words)}\n")
    try:
        child = subprocess.Popen(
            words,
            cwd=cwd,
            env=dict(clean_environment() if env is None else env),
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if join else subprocess.PIPE,
            start_new_session=True,
        )
    except (FileNotFoundError, PermissionError) as error:
        return Finished(argv=words, returncode=NOT_FOUND, output=str(error).encode())
    try:
        if on_line is not None and child.stdout is not None:
            output, errors = _read_lines(child, child.stdout, on_line, timeout), b""
        else:
            output, errors = _communicate(child, stdin, timeout, stop)
    except subprocess.TimeoutExpired as late:
        end_group(child)
        output, errors = (late.output, b"") if on_line else child.communicate()
        return Finished(
            argv=words,
            returncode=child.wait(),
            output=output or b"",
            errors=errors or b"",
            timed_out=True,
        )
    except BaseException:
        end_group(child)
        child.wait()
        raise
    return Finished(argv=words, returncode=child.returncode, output=output, errors=errors or b"")


def _communicate(
    child: subprocess.Popen[bytes], stdin: bytes, timeout: float | None, stop: Callable[[], bool] | None
) -> tuple[bytes, bytes]:
    """Its stdout and stderr. TimeoutExpired after `timeout` seconds, or soon after `stop` has become true."""
    if stop is None:
        output, errors = child.communicate(stdin or None, timeout)
        return output, errors or b""
    deadline = None if timeout is None else time.monotonic() + timeout
    pending = stdin or None
    while True:
        try:
            output, errors = child.communicate(pending, _POLL)
        except subprocess.TimeoutExpired:
            pending = None  # communicate goes on with what it was given the first time
            if stop() or (deadline is not None and time.monotonic() >= deadline):
                raise
        else:
            return output, errors or b""


def _read_lines(
    child: subprocess.Popen[bytes],
    stream: IO[bytes],
    on_line: Callable[[bytes], None],
    timeout: float | None,
) -> bytes:
    """Its output, line by line. TimeoutExpired after `timeout` seconds, with what it had said until then."""
    lines: list[bytes] = []
    # Reading a line cannot be given up in the middle: whoever keeps us waiting too long is ended from beside.
    watch = threading.Timer(timeout, end_group, (child,)) if timeout is not None else None
    began = time.monotonic()
    if watch is not None:
        watch.start()
    try:
        with stream:
            for line in stream:
                on_line(line)
                lines.append(line)
        child.wait()
    finally:
        if watch is not None:
            watch.cancel()
    if timeout is not None and time.monotonic() - began >= timeout:
        raise subprocess.TimeoutExpired(child.args, timeout, b"".join(lines))
    return b"".join(lines)


def foreground(argv: Sequence[str | os.PathLike[str]], *, cwd: Path) -> int:
    """Run a program with our own terminal and environment, for those that talk to a person; its exit code."""
    return subprocess.run([os.fspath(word) for word in argv], cwd=cwd, check=False).returncode


def in_terminal(
    argv: Sequence[str | os.PathLike[str]], *, cwd: Path | None = None, env: Mapping[str, str]
) -> int:
    """Run a program that a person talks to, in a session and on a terminal of its own; its exit code."""
    with terminal.new_terminal() as (ours, theirs):
        # Who leads a session gets the first terminal that it opens as its own: Ctrl-C and job control work there.
        opened = ["/bin/sh", "-c", 'exec "$@" < "$0" > "$0" 2>&1', os.fspath(theirs)]
        child = subprocess.Popen(
            [*opened, *(os.fspath(word) for word in argv)],
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            terminal.connect(
                ours,
                resize=lambda lines, columns: terminal.set_size(ours, lines, columns),
                ended=lambda: child.poll() is not None,
            )
            return child.wait()
        finally:
            end_group(child)
            child.wait()


def end_group(child: subprocess.Popen[bytes]) -> None:
    """End a program and everything in its process group."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def pipe(stack: ExitStack) -> tuple[FileIO, FileIO]:
    """The reading and the writing end of a pipe, unbuffered, both closed with `stack` at the latest."""
    read_end, write_end = os.pipe()
    return stack.enter_context(FileIO(read_end, "r")), stack.enter_context(FileIO(write_end, "w"))


def start(
    argv: Sequence[str | os.PathLike[str]],
    *,
    descriptors: Mapping[int, int],
    env: Mapping[str, str] | None = None,
    nofile: int | None = None,
) -> Running:
    """Start a program that runs beside us, in a session of its own, and return at once.

    `descriptors` are all that it has open: its number to ours (0: the end of a pipe, …); those of 0, 1 and 2 that are
    not named are closed. Ours stay open here: the caller closes them. `nofile` is its soft limit of descriptors, ours
    if None. A BackendError if it cannot be started.
    """
    words = [os.fspath(word) for word in argv]
    # Copies above every number that is wanted, so that putting one in its place never overwrites another.
    floor = max((2, *descriptors)) + 1
    copies = {number: fcntl.fcntl(ours, fcntl.F_DUPFD_CLOEXEC, floor) for number, ours in descriptors.items()}
    actions: list[tuple[int, int] | tuple[int, int, int]] = [
        (os.POSIX_SPAWN_DUP2, copy, number) for number, copy in copies.items()
    ]
    actions += [(os.POSIX_SPAWN_CLOSE, number) for number in (0, 1, 2) if number not in descriptors]
    _keep_inherited_descriptors()
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        if nofile is not None:
            # It inherits ours, and lowering ours for a moment closes nothing.
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(nofile, limits[1]), limits[1]))
        # Not subprocess: that cannot put descriptors at chosen numbers without running Python after a fork.
        pid = os.posix_spawn(
            words[0],
            words,
            dict(clean_environment() if env is None else env),
            file_actions=actions,
            setsid=True,
            setsigdef=(signal.SIGPIPE, signal.SIGXFSZ),  # Python ignores them, and that would be inherited
        )
    except OSError as error:
        raise BackendError(f"{words[0]} cannot be started: {error.strerror}.") from error
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for copy in copies.values():
            os.close(copy)
    return Running(argv=tuple(words), pid=pid)


def _keep_inherited_descriptors() -> None:
    """Whatever we were started with besides 0, 1 and 2 is not passed on. Python's own descriptors never are."""
    for entry in Path("/proc/self/fd").iterdir():
        if int(entry.name) > 2:
            with suppress(OSError):  # the descriptor of this very listing
                os.set_inheritable(int(entry.name), False)


@dataclass(slots=True)
class Running:
    """A program started by `start`, with all processes of its session. A context: leaving it ends them all.

    The program is not reaped before `end`, so that its id, by which its session is known, cannot become another's.
    """

    argv: tuple[str, ...]
    pid: int
    returncode: int | None = field(default=None, init=False)
    """None while it runs, as far as `wait` has seen; as in subprocess, a signal is negative."""
    _reaped: bool = field(default=False, init=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.end()

    def wait(self, timeout: float) -> int | None:
        """Its exit code, or None if it still runs after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while self.returncode is None:
            ended = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if ended is not None:
                exited = ended.si_code == os.CLD_EXITED
                self.returncode = ended.si_status if exited else -ended.si_status
            elif time.monotonic() >= deadline:
                break
            else:
                time.sleep(0.001)
        return self.returncode

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program itself; nothing happens if it has ended."""
        if not self._reaped:
            os.kill(self.pid, number)

    def session(self) -> tuple[int, ...]:
        """The ids of all living processes of its session, its own among them."""
        return () if self._reaped else session_members(self.pid)

    def end(self) -> None:
        """End every process of its session, each by its id, and reap the program. Harmless when all have ended."""
        deadline = time.monotonic() + ENDS_WITHIN
        while (left := self.session()) and time.monotonic() < deadline:
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.001)
        self.reap()

    def reap(self) -> None:
        """Forget the program, once it has ended, without looking for others of its session; `end` does both."""
        if not self._reaped and self.wait(ENDS_WITHIN) is not None:
            os.waitpid(self.pid, 0)
            self._reaped = True


ENDS_WITHIN = 5.0
"""Seconds that processes may take to end after they were killed."""


def session_members(session: int) -> tuple[int, ...]:
    """The ids of the living processes of a session, from /proc; one that only waits to be reaped does not live."""
    members = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                # After the name in parentheses, which may hold anything: state, parent, group, session.
                state, _, _, own = (entry / "stat").read_bytes().rpartition(b") ")[2].split()[:4]
                if int(own) == session and state not in (b"Z", b"X"):
                    members.append(int(entry.name))
    return tuple(members)
