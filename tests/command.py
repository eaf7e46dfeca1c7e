"""Running the commands as a user does, in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command printed and how it ended."""

    code: int
    stdout: str
    stderr: str


def command(
    *arguments: str | Path,
    cwd: Path = TOP,
    env: Mapping[str, str] | None = None,
    before: Sequence[str] = (),
) -> Ran:
    """Run `./inv ARGUMENTS…` with the interpreter of the tests, through the program `before` if there is one."""
    done = subprocess.run(
        [*before, sys.executable, TOP / "tasks.py", *arguments],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)
