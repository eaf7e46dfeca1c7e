"""What a person sees while a command runs: bars on a terminal, folded logs in CI, nothing at all otherwise; on stderr."""

from __future__ import annotations

import os
import re
import secrets
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    Fold = Callable[[str], AbstractContextManager[None]]
    """Prints the marks that begin and end a group with a title."""


class Progress(Protocol):
    """Where the stages say how far they are."""

    def step(self, text: str) -> None:
        """A new stage or part of one begins: "fetching netqmail-1.06"."""

    def advance(self, text: str, done: int, total: int | None) -> None:
        """`done` of `total` bytes, files or deliveries of the part named `text`; total None: not known."""

    def output(self, title: str) -> AbstractContextManager[Callable[[bytes], None]]:
        """A program runs now: what is to be told each line that it prints, as it comes."""


class Quiet:
    """Says nothing."""

    def step(self, text: str) -> None:
        """Nothing."""

    def advance(self, text: str, done: int, total: int | None) -> None:
        """Nothing."""

    @contextmanager
    def output(self, title: str) -> Iterator[Callable[[bytes], None]]:  # noqa: ARG002 - the protocol's signature
        """Nothing."""
        yield _ignored


class Folded(Quiet):
    """For the logs of CI: nothing but what programs print, live, in a group that can be folded."""

    def __init__(self, fold: Fold) -> None:
        self._fold = fold

    @contextmanager
    def output(self, title: str) -> Iterator[Callable[[bytes], None]]:
        """Between the marks of a group."""
        with self._fold(title):
            yield _write


@contextmanager
def _github(title: str) -> Iterator[None]:
    # What a program prints must not be taken for commands to GitHub's runner: until the token comes, it reads none.
    token = secrets.token_hex(16)
    _write(f"::group::{title}\n::stop-commands::{token}".encode())
    try:
        yield
    finally:
        _write(f"::{token}::\n::endgroup::".encode())


@contextmanager
def _gitlab(title: str) -> Iterator[None]:
    # A section's name may be used once in a job; the escapes take the marks themselves out of sight.
    name = f"{re.sub('[^a-z0-9]+', '_', title.lower())}_{secrets.token_hex(4)}"
    _write(f"\x1b[0Ksection_start:{int(time.time())}:{name}[collapsed=true]\r\x1b[0K{title}".encode())
    try:
        yield
    finally:
        _write(f"\x1b[0Ksection_end:{int(time.time())}:{name}\r\x1b[0K".encode())


_FOLDS: dict[str, Fold] = {"GITHUB_ACTIONS": _github, "GITLAB_CI": _gitlab}
"""By the variable that is set in such a job."""
CI_VARIABLES = frozenset(_FOLDS)


def _write(line: bytes) -> None:
    sys.stderr.buffer.write(line if line.endswith(b"\n") else line + b"\n")
    sys.stderr.buffer.flush()


def _ignored(_line: bytes) -> None:
    pass


@contextmanager
def progress() -> Iterator[Progress]:
    """Progress for one command: as CI shows it, a bar while stderr is a terminal, otherwise quiet."""
    folds = [fold for variable, fold in _FOLDS.items() if os.environ.get(variable)]
    if folds:
        yield Folded(folds[0])
        return
    if not sys.stderr.isatty():
        yield Quiet()
        return
    # Only here, because importing rich takes longer than `list` may.
    from builder.reporting.bars import Bars

    with Bars() as bars:
        yield bars
