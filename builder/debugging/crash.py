"""A crash as plain data for reports."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable
from contextlib import suppress

from msgspec import Struct

from builder.patching.findings import Owner


class Frame(Struct, frozen=True, kw_only=True):
    """One function call of a backtrace, the innermost first. Without `path` the program has no names of its lines."""

    function: str
    path: str = ""
    line: int = 0
    text: str = ""
    """The line itself, as the patched sources have it."""
    patched: bool = False
    """Whether it is a line of the patched sources; it is one of the base if it has no `owner`."""
    owner: Owner | None = None
    """The patch and hunk that wrote the line."""


class Crash(Struct, frozen=True, kw_only=True):
    """A program that was ended by a fault of its own. Without a core its `pid` and `uid` are not known."""

    program: str
    signal: str
    """SIGSEGV, …; empty if it is not known."""
    pid: int | None = None
    uid: int | None = None
    core: str = ""
    """Where the core is kept."""
    frames: tuple[Frame, ...] = ()
    debugger: str = ""
    """The command that opens the core, for a shell."""
    notes: tuple[str, ...] = ()
    """Why there is no more, and what to do for it."""


FAULTS = ("SIGSEGV", "SIGBUS", "SIGABRT", "SIGILL", "SIGFPE", "SIGTRAP", "SIGSYS")
"""The signals that a program's own fault sends; nobody else does."""

_SAID = (
    ("SIGSEGV", re.compile(r"Segmentation fault|killed by SIGSEGV|\b(?:status|exit|exit code) 139\b")),
    ("SIGBUS", re.compile(r"Bus error|killed by SIGBUS|\b(?:status|exit|exit code) 135\b")),
    ("SIGABRT", re.compile(r"\bAborted\b|killed by SIGABRT|\b(?:status|exit|exit code) 134\b")),
    ("SIGILL", re.compile(r"Illegal instruction|killed by SIGILL|\b(?:status|exit|exit code) 132\b")),
    ("SIGFPE", re.compile(r"Floating point exception|killed by SIGFPE|\b(?:status|exit|exit code) 136\b")),
    ("SIGTRAP", re.compile(r"Trace/breakpoint trap|killed by SIGTRAP|\b(?:status|exit|exit code) 133\b")),
    ("", re.compile(r"\bqmail-\w+ crashed\b")),
)
"""How shells, our own checks and qmail say it."""
_PROGRAM = re.compile(r"(?<![\w-])(qmail-\w+)")


def signal_of(returncode: int) -> str:
    """The signal behind an exit code, as subprocess or a shell gives it (-11, 139), if a fault sent it; else empty."""
    number = -returncode if returncode < 0 else returncode - 128
    with suppress(ValueError):
        name = signal.Signals(number).name
        return name if name in FAULTS else ""
    return ""


def crash_said(lines: Iterable[str]) -> Crash | None:
    """The first crash that these lines, printed by a check, speak of; None if they speak of none.

    A line that says which program it was is better than one that does not, as dash's "Segmentation fault".
    """
    found = [_crash_in(line) for line in lines]
    crashes = [crash for crash in found if crash is not None]
    return next((crash for crash in crashes if crash.program), crashes[0] if crashes else None)


def _crash_in(line: str) -> Crash | None:
    for name, words in _SAID:
        if words.search(line):
            program = _PROGRAM.search(line)
            return Crash(program=program[1] if program else "", signal=name)
    return None
