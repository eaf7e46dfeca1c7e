"""Temporary folders that vanish with whoever made them, and finding those whose maker was killed."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - only new folders of ours in it
"""Where files are in memory, if Linux has it."""
_PREFIX = "qmail-builder"
_NAME = re.compile(rf"{_PREFIX}-[a-z]+-(\d+)-")


@contextmanager
def temporary_folder(use: str, *, where: Path | None = None) -> Iterator[Path]:
    """A folder for `use`, one word, where temporary files belong (TMPDIR, else /tmp) or in `where`.

    Its name says which process made it.
    """
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}-{use}-{os.getpid()}-", dir=where) as name:
        yield Path(name).resolve()


def abandoned_folders(*places: Path) -> Iterator[Path]:
    """Our user's folders, where temporary files belong and in `places`, whose process is no more."""
    for place in dict.fromkeys((Path(tempfile.gettempdir()), *places)):
        for path in place.glob(f"{_PREFIX}-*"):
            made = _NAME.match(path.name)
            with suppress(FileNotFoundError):
                if made and not is_running(int(made[1])) and path.stat().st_uid == os.geteuid():
                    yield path


def is_running(pid: int) -> bool:
    """Whether there is a process with this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
