"""What /proc says of running processes. A process that has gone, or is hidden from us, is just left out."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def open_descriptors(pid: int) -> tuple[int, ...]:
    """The numbers of a process's open descriptors, in order; empty if they cannot be seen."""
    with suppress(OSError):
        return tuple(sorted(int(entry.name) for entry in Path(f"/proc/{pid}/fd").iterdir()))
    return ()


@dataclass(frozen=True, slots=True)
class CpuTime:
    """Seconds of processor time."""

    own: float = 0
    children: float = 0
    """Of the children that have ended and were waited for."""

    def __add__(self, other: CpuTime) -> CpuTime:
        return CpuTime(self.own + other.own, self.children + other.children)


def cpu_time(pid: int) -> CpuTime:
    """What a process and the children it waited for have used; nothing if it is gone."""
    with suppress(OSError):
        # After the name in parentheses: fields 3 and up of proc(5); 14 to 17 are utime, stime, cutime, cstime.
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2].split()
        user, system, child_user, child_system = (int(field) / _TICKS for field in fields[11:15])
        return CpuTime(user + system, child_user + child_system)
    return CpuTime()


def program_of(pid: int) -> str:
    """The name of a process's program, as the kernel cut it (15 characters); empty if it is gone."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def private_memory(pids: Iterable[int]) -> int:
    """Bytes of memory that these processes hold alone: resident, less what is shared. The kernel's own is not in it."""
    total = 0
    for pid in pids:
        with suppress(OSError, ValueError):
            _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_bytes().split()
            total += (int(resident) - int(shared)) * _PAGE
    return total
