"""A whole qmail under a home folder of its own: queue mail into it, start it, follow its log, stop it."""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from io import FileIO
from pathlib import Path
from types import MappingProxyType

from builder import process
from builder.checks.mail import DOMAIN, SENDER, Mail
from builder.checks.send_log import SendLog
from builder.checks.sink import Sink
from builder.configure.ids import Ids
from builder.debugging.obstacles import Suspect
from builder.errors import CheckFailedError
from builder.process import Running, how_it_ended

PROGRAMS = (
    "qmail-clean",
    "qmail-lspawn",
    "qmail-queue",
    "qmail-remote",
    "qmail-rspawn",
    "qmail-send",
    "qmail-start",
)
"""What a private qmail runs."""

_INJECTORS = 8
"""qmail-queues at the same time."""
_INJECTING = 30.0
"""Seconds that one qmail-queue may take."""
_PIECE = 65536


def write_control(home: Path, *, concurrency: int, sink: Sink) -> None:
    """The control files of a qmail that sends everything to the sink, and has no local mail."""
    control = {
        "me": DOMAIN,
        "locals": "",
        "concurrencyremote": str(concurrency),
        "smtproutes": f":{sink.address}:{sink.port}",
    }
    for name, line in control.items():
        (home / "control" / name).write_text(f"{line}\n")


def inject(home: Path, mails: Sequence[Mail], advance: Callable[[int], None]) -> None:
    """Put mails into the queue through the home's qmail-queue, several at a time. CheckFailedError if it refuses one."""
    running: deque[Running] = deque()
    try:
        for count, mail in enumerate(mails, 1):
            running.append(_injector(home, mail))
            if len(running) >= _INJECTORS:
                _finish(running[0])
                running.popleft()
            advance(count)
        while running:
            _finish(running[0])
            running.popleft()
    finally:
        for injector in running:
            injector.end()


def _injector(home: Path, mail: Mail) -> Running:
    """A qmail-queue for one mail. Message and envelope are short: they wait for it in their pipes."""
    envelope = f"F{SENDER}\0T{mail.recipient}\0\0".encode()
    with ExitStack() as stack:
        pipes = [_filled_pipe(stack, data) for data in (mail.data, envelope)]
        return process.start([home / "bin/qmail-queue"], descriptors=_numbers(*pipes))


def _filled_pipe(stack: ExitStack, data: bytes) -> FileIO:
    """The reading end of a pipe that has `data` in it and then ends."""
    read_end, write_end = process.pipe(stack)
    write_end.write(data)
    write_end.close()
    return read_end


def _finish(injector: Running) -> None:
    if injector.wait(_INJECTING) != 0:
        how = "still running" if injector.returncode is None else how_it_ended(injector.returncode)
        injector.end()
        raise CheckFailedError(
            f"qmail-queue took {_INJECTING:.0f} s or did not accept a mail: {how}.",
            hint="qmail-queue(8) says what its exit codes mean.",
        )
    injector.reap()


class Qmail:
    """A qmail that runs. `programs` are the sessions it consists of, qmail-send first."""

    def __init__(self, programs: Sequence[Running], log: SendLog, log_pipe: FileIO) -> None:
        self.programs = programs
        self._log = log
        self._log_pipe = log_pipe
        os.set_blocking(log_pipe.fileno(), False)

    @property
    def send(self) -> Running:
        """qmail-send itself."""
        return self.programs[0]

    @property
    def running(self) -> bool:
        """Whether qmail-send runs."""
        return self.send.wait(0) is None

    def processes(self) -> tuple[int, ...]:
        """The ids of all its processes."""
        return tuple(pid for program in self.programs for pid in program.session())

    def read_log(self) -> bool:
        """Take in what qmail-send has written since; whether there was anything."""
        anything = False
        while data := self._log_pipe.read(_PIECE):
            self._log.feed(data)
            anything = True
        return anything

    def try_again(self) -> None:
        """Have qmail-send try everything that was put off again, now."""
        self.send.signal(signal.SIGALRM)

    def stop(self, timeout: float) -> tuple[int | None, int]:
        """Stop it as an administrator does, and take in the rest of its log.

        Gives qmail-send's exit code, None if it still runs after `timeout` seconds, and how many processes are left.
        """
        deadline = time.monotonic() + timeout
        self.send.signal(signal.SIGTERM)
        while self.send.wait(0.01) is None and time.monotonic() < deadline:
            self.read_log()  # it would wait for us if the pipe were full
        while (left := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.01)
        self.read_log()
        return self.send.returncode, len(left)


def suspects(home: Path, ids: Ids) -> Iterator[Suspect]:
    """What will run in a home, and where it is then: how a core of it may come to be depends on that."""
    us = (os.getuid(), os.getgid())
    runs = {
        "qmail-clean": ((ids.qmailq, ids.qmail), "queue"),
        "qmail-lspawn": ((ids.root, ids.qmail), "queue/mess"),
        "qmail-queue": (us, "queue"),
        "qmail-remote": ((ids.qmailr, ids.qmail), ""),
        "qmail-rspawn": ((ids.qmailr, ids.qmail), "queue/mess"),
        "qmail-send": ((ids.qmails, ids.qmail), "queue"),
        "qmail-start": (us, ""),
    }
    for name, ((uid, gid), folder) in runs.items():
        yield Suspect(program=home / "bin" / name, uid=uid, gid=gid, folder=home / folder)


@contextmanager
def started(
    home: Path,
    log: SendLog,
    *,
    by_root: bool,
    nofile: int | None = None,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Qmail]:
    """Run the qmail in `home`, read its log into `log`, and end every process of it at last.

    With `by_root` the home's qmail-start does it, and each program runs under the user that is compiled into it.
    Otherwise we do, and everything runs as this user.
    """
    with ExitStack() as stack:
        log_pipe, log_end = process.pipe(stack)
        start = _qmail_start if by_root else _without_root
        clean = process.clean_environment({"PATH": os.fspath(home / "bin"), **environment})

        def run(name: str, *argv: str, descriptors: dict[int, int]) -> Running:
            program = os.fspath(home / "bin" / name)
            running = process.start([program, *argv], descriptors=descriptors, env=clean, nofile=nofile)
            return stack.enter_context(running)

        programs = start(run, log_end)
        log_end.close()
        yield Qmail(programs, log, log_pipe)


def _qmail_start(run: Callable[..., Running], log: FileIO) -> tuple[Running, ...]:
    """Through qmail-start, which in the end becomes qmail-send. It logs where its stdout was."""
    with Path(os.devnull).open("rb") as nothing:
        return (run("qmail-start", "./Mailbox", descriptors={0: nothing.fileno(), 1: log.fileno()}),)


def _without_root(run: Callable[..., Running], log: FileIO) -> tuple[Running, ...]:
    """The four programs with their descriptors as qmail-start.c connects them."""
    with ExitStack() as pipes:
        to_local_read, to_local = process.pipe(pipes)
        from_local, from_local_write = process.pipe(pipes)
        to_remote_read, to_remote = process.pipe(pipes)
        from_remote, from_remote_write = process.pipe(pipes)
        to_clean_read, to_clean = process.pipe(pipes)
        from_clean, from_clean_write = process.pipe(pipes)
        local = run("qmail-lspawn", "./Mailbox", descriptors=_numbers(to_local_read, from_local_write))
        remote = run("qmail-rspawn", descriptors=_numbers(to_remote_read, from_remote_write))
        clean = run("qmail-clean", descriptors=_numbers(to_clean_read, from_clean_write))
        ends = (log, to_local, from_local, to_remote, from_remote, to_clean, from_clean)
        return run("qmail-send", descriptors=_numbers(*ends)), local, remote, clean


def _numbers(*pipes: FileIO) -> dict[int, int]:
    """These pipes as descriptors 0, 1, 2, …"""
    return {number: pipe.fileno() for number, pipe in enumerate(pipes)}
