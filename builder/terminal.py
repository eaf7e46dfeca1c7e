"""Connecting our terminal with one at the other end, such as that of a shell in a sandbox or a container.

The other end has a terminal of its own, so that what runs there can neither read nor type into ours.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from builder.errors import UsageError

_PIECE = 65536
_LOOK = 0.1
"""Seconds between two looks whether the other end is still there."""


def require_terminal(flag: str) -> None:
    """UsageError if there is nobody to talk to a shell."""
    for stream, name in ((sys.stdin, "standard input"), (sys.stdout, "standard output")):
        if not stream.isatty():
            raise UsageError(
                f"{flag} opens a shell for a person, but {name} is not a terminal.",
                hint=f"Leave {flag} out in scripts and CI: the message says where the log is.",
            )


def size() -> tuple[int, int]:
    """Lines and columns of our terminal."""
    columns, lines = os.get_terminal_size(sys.stdin.fileno())
    return lines, columns


def set_size(terminal: int, lines: int, columns: int) -> None:
    """Tell a terminal of ours how large it is."""
    termios.tcsetwinsize(terminal, (lines, columns))


def connect(far: int, *, resize: Callable[[int, int], None], ended: Callable[[], bool]) -> None:
    """Pass on what is typed to the descriptor `far`, and what comes from there to the screen, until it has ended.

    `resize` is told the lines and columns at the beginning and whenever they change; `ended` says, besides the end of
    what can be read, that nobody is at the other end any more.
    """
    near = sys.stdin.fileno()
    with _raw(near), _told_of_size(resize):
        open_here = True
        while True:
            over = ended()
            ready, _, _ = select.select([far, near] if open_here else [far], [], [], 0 if over else _LOOK)
            if far in ready:
                if not _pass_on(far, sys.stdout.fileno()):
                    return
            elif over:
                return
            if near in ready and not over:
                open_here = _pass_on(near, far)


def _pass_on(source: int, target: int) -> bool:
    """Copy what there is; whether more may come."""
    try:
        data = os.read(source, _PIECE)
    except OSError:  # how a terminal says that nobody is at its other end
        return False
    rest = memoryview(data)
    with suppress(OSError):  # it ended meanwhile
        while rest:
            rest = rest[os.write(target, rest) :]
    return bool(data)


@contextmanager
def _raw(terminal: int) -> Iterator[None]:
    """Every key goes to the other end, Ctrl-C too."""
    before = termios.tcgetattr(terminal)
    tty.setraw(terminal)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


@contextmanager
def _told_of_size(resize: Callable[[int, int], None]) -> Iterator[None]:
    def changed(_number: int = 0, _frame: FrameType | None = None) -> None:
        with suppress(OSError):
            resize(*size())

    before = signal.signal(signal.SIGWINCH, changed)
    changed()
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)


@contextmanager
def new_terminal() -> Iterator[tuple[int, Path]]:
    """A terminal for a program: our end as a descriptor, and the path by which the program opens its own."""
    ours, theirs = os.openpty()
    os.set_inheritable(ours, False)
    # Ours would report an end whenever nobody has the other open, as before the program has opened it.
    fcntl.fcntl(theirs, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    try:
        yield ours, Path(os.ttyname(theirs))
    finally:
        os.close(theirs)
        os.close(ours)
