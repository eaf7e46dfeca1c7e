"""A qmail-rspawn that runs beside us, with us in the place of qmail-send at the other end of its descriptors."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from io import FileIO
from pathlib import Path

from builder import process
from builder.checks.protocol import Report, ReportDecoder, Width
from builder.process import Running

_PIECE = 65536
_REST_OF_GREETING = 1.0
_TOO_MANY = 0.02


class Spawner:
    """The conversation with a running qmail-rspawn. Nothing here waits longer than it is told to."""

    def __init__(self, running: Running, commands: FileIO, reports: FileIO, width: Width) -> None:
        self.running = running
        self._commands = commands
        self._reports = reports
        self._width = width
        self._unsent = bytearray()
        self._decoder = ReportDecoder(width)
        for pipe in (commands, reports):
            os.set_blocking(pipe.fileno(), False)

    @property
    def hung_up(self) -> bool:
        """Whether it has closed its end: there will be no more reports."""
        return self._reports.closed

    def greeting(self, timeout: float) -> bytes:
        """Its first words, to be asked for before anything is sent: conf-spawn, as wide as a delivery number.

        Empty if it says nothing in `timeout` seconds; more or less than the width if it speaks another protocol.
        """
        said = self._read() if self._wait(timeout) else b""
        # The bytes may come one by one, and a byte too many shows only if one waits for it.
        while said and self._wait(_REST_OF_GREETING if len(said) < self._width else _TOO_MANY):
            more = self._read()
            if not more:
                break
            said += more
        return said

    def ask(self, command: bytes) -> None:
        """Put a command into the line; `exchange` sends what fits into the pipe."""
        self._unsent += command

    def exchange(self, timeout: float) -> list[Report]:
        """Send and receive what can be, after waiting up to `timeout` seconds for that; the reports that came."""
        if not self._wait(timeout):
            return []
        if self._unsent:
            try:
                del self._unsent[: self._commands.write(self._unsent[:_PIECE]) or 0]
            except BrokenPipeError:  # it has died, and will hang up
                self._unsent.clear()
        return list(self._decoder.feed(self._read()))

    def end_of_input(self) -> None:
        """Close the pipe of commands, after which qmail-rspawn ends when its deliveries have."""
        self._unsent.clear()
        self._commands.close()

    def _wait(self, timeout: float) -> bool:
        poll = select.poll()
        if not self._reports.closed:
            poll.register(self._reports, select.POLLIN)
        if self._unsent:
            poll.register(self._commands, select.POLLOUT)
        return bool(poll.poll(timeout * 1000))

    def _read(self) -> bytes:
        if self._reports.closed:
            return b""
        data = self._reports.read(_PIECE)
        if data == b"":
            self._reports.close()
        return data or b""


@contextmanager
def spawner(
    program: Path,
    *,
    width: Width,
    path: Path,
    stderr: Path,
    nofile: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Spawner]:
    """Run the qmail-rspawn `program`, which finds qmail-remote in the folder `path`, and end it with all its deliveries.

    What it says on stderr goes to the file `stderr`; `nofile` limits its descriptors; `environment` is added to the
    clean one.
    """
    with ExitStack() as ours:
        its_commands, commands = process.pipe(ours)
        reports, its_reports = process.pipe(ours)
        with its_commands, its_reports, stderr.open("wb") as errors:
            running = process.start(
                [program],
                descriptors={0: its_commands.fileno(), 1: its_reports.fileno(), 2: errors.fileno()},
                env=process.clean_environment({"PATH": os.fspath(path), **(environment or {})}),
                nofile=nofile,
            )
        ours.enter_context(running)
        yield Spawner(running, commands, reports, width)


def understand(greeting: bytes, width: Width, conf_spawn: int) -> tuple[int, str]:
    """The number of deliveries that a greeting announces, and what is wrong with it: nothing ("") in a good one."""
    announced = int.from_bytes(greeting, "little")
    if len(greeting) != width:
        said = f"with {len(greeting)} byte(s), {greeting.hex(' ')}" if greeting else "with nothing"
        return (
            announced,
            f"qmail-rspawn greets {said}, but delivery numbers of {width} byte(s) were expected.",
        )
    if announced != conf_spawn:
        return announced, f"qmail-rspawn announces {announced} deliveries, but conf-spawn is {conf_spawn}."
    return announced, ""
