"""Places for what a check needs on disk while it runs, and that vanish with it, also after Ctrl-C."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from builder.packaging.payload import Entry
from builder.temporary import MEMORY, temporary_folder

_USE = "check"
_ROOM = 64 << 20
"""Bytes that must be free in memory: a queue of 10,000 small mails takes half of that."""


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder where temporary files belong (TMPDIR, else /tmp), which every user may enter."""
    with temporary_folder(_USE) as folder:
        folder.chmod(0o755)
        yield folder


@contextmanager
def private_home(scratch: Path) -> Iterator[Path]:
    """A home folder in `scratch`, with its queue in memory where that is possible.

    The queue is made of files that are synced one by one: on a disk that takes longer than everything else, and it is
    the spawning that is measured. The programs stay on the disk, since setuid does not count on /dev/shm.
    """
    home = scratch / "home"
    home.mkdir()
    with ExitStack() as stack:
        if _memory_usable():
            queue = stack.enter_context(temporary_folder(_USE, where=MEMORY))
            (home / "queue").symlink_to(queue)
        yield home


def _memory_usable() -> bool:
    if not (MEMORY.is_dir() and os.access(MEMORY, os.W_OK)):
        return False
    system = os.statvfs(MEMORY)
    return system.f_bavail * system.f_frsize >= _ROOM


def lay_out(entries: Iterable[Entry]) -> None:
    """Make the folders, files and fifos of a payload where they say; owners are set if we are root."""
    for entry in entries:
        path = Path(entry.path)
        if entry.kind == "dir":
            path.mkdir(parents=True, exist_ok=True)
        elif entry.kind == "fifo":
            os.mkfifo(path)
        else:
            path.write_bytes(entry.data or b"")
        if os.geteuid() == 0:
            os.chown(path, entry.uid, entry.gid)
        path.chmod(entry.mode)  # after chown, which takes setuid away


def may_be_entered_by_all(folder: Path) -> bool:
    """Whether users without rights of their own can reach what lies in `folder`."""
    return all(parent.stat().st_mode & 0o001 for parent in (folder, *folder.parents))


def honours_setuid(folder: Path) -> bool:
    """Whether a setuid program in `folder` runs as its owner."""
    return not os.statvfs(folder).f_flag & os.ST_NOSUID
