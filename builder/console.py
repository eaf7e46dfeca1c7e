"""What a person sees while a command runs: progress on stderr, bars on a terminal, nothing at all otherwise."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class Progress(Protocol):
    """Where the stages say how far they are."""

    def step(self, text: str) -> None:
        """A new stage or part of one begins: "fetching netqmail-1.06"."""

    def advance(self, text: str, done: int, total: int | None) -> None:
        """`done` of `total` bytes, files or deliveries of the part named `text`; total None: not known."""


class Quiet:
    """Says nothing."""

    def step(self, text: str) -> None:
        """Nothing."""

    def advance(self, text: str, done: int, total: int | None) -> None:
        """Nothing."""


@contextmanager
def progress() -> Iterator[Progress]:
    """Progress for one command: a bar while stderr is a terminal, otherwise quiet."""
    if not sys.stderr.isatty():
        yield Quiet()
        return
    # Only here, because importing rich takes longer than `list` may.
    from builder.reporting.bars import Bars

    with Bars() as bars:
        yield bars
