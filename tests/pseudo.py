"""Commands on a terminal of their own, spoken to as by a person."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.command import TOP

SIZE = (37, 101)
"""Lines and columns of the terminal."""
_PATIENCE = 300.0
"""Seconds: a build may come first, on a busy machine."""


class Conversation:
    """A command that runs on a terminal, and what it has printed so far."""

    def __init__(self, child: subprocess.Popen[bytes], terminal: int) -> None:
        self._child = child
        self._terminal = terminal
        self.said = ""

    def expect(self, text: str) -> str:
        """Wait until it has printed this, after what was expected before; everything up to there."""
        deadline = time.monotonic() + _PATIENCE
        while text not in self.said:
            assert self._read(deadline), f"{text!r} never came after: {self.said}"
        before, _, self.said = self.said.partition(text)
        return before

    def say(self, line: str) -> None:
        """Type a line."""
        os.write(self._terminal, line.encode() + b"\r")

    def end(self) -> int:
        """Wait for its end; its exit code."""
        deadline = time.monotonic() + _PATIENCE
        while self._read(deadline):
            pass
        return self._child.wait(_PATIENCE)

    def _read(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._terminal], [], [], max(deadline - time.monotonic(), 0))
        if not ready:
            return False
        try:
            data = os.read(self._terminal, 65536)
        except OSError:  # nobody has the other end open any more
            return False
        self.said += data.decode("utf-8", "replace")
        return bool(data)


@contextmanager
def on_terminal(*arguments: str | Path, env: Mapping[str, str]) -> Iterator[Conversation]:
    """Run `./inv ARGUMENTS…` on a terminal."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, SIZE)
    child = subprocess.Popen(
        [sys.executable, TOP / "tasks.py", *arguments],
        cwd=TOP,
        env={**os.environ, "TERM": "dumb", **env},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Conversation(child, ours)
    finally:
        child.kill()
        child.wait()
        os.close(ours)
