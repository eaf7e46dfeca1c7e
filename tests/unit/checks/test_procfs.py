"""What /proc says of processes that we know."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from builder.checks.procfs import CpuTime, cpu_time, open_descriptors, private_memory, program_of

_NOBODY = (1 << 22) + 1
"""Above the highest process id that Linux gives."""


def test_descriptors_that_are_opened_show() -> None:
    # A high number, since the listing itself has a low one open for a moment.
    high = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 700)
    assert high in open_descriptors(os.getpid())
    os.close(high)
    assert max(open_descriptors(os.getpid())) < 700


def test_processor_time_is_counted() -> None:
    before = cpu_time(os.getpid())
    while cpu_time(os.getpid()).own == before.own:
        sum(range(10_000))
    assert cpu_time(os.getpid()).children >= before.children


def test_processor_times_add_up() -> None:
    assert CpuTime(1, 2) + CpuTime(3, 4) == CpuTime(4, 6)


def test_memory_that_is_taken_shows() -> None:
    before = private_memory([os.getpid()])
    taken = bytearray(b"x" * (32 << 20))
    assert private_memory([os.getpid()]) - before > len(taken) // 2


def test_the_name_of_a_program() -> None:
    assert program_of(os.getpid()) == Path("/proc/self/comm").read_text().strip()


def test_a_process_that_is_gone_is_left_out() -> None:
    assert open_descriptors(_NOBODY) == ()
    assert cpu_time(_NOBODY) == CpuTime()
    assert program_of(_NOBODY) == ""
    assert private_memory([_NOBODY]) == 0
