"""What this machine allows: how many deliveries at once each of its limits leaves room for, and where to change it."""

from __future__ import annotations

import math
import resource
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

UNLIMITED = 1 << 40
"""Stands for "no limit" in all numbers of this module."""

_OTHER_PROCESSES = 300
"""Processes of the system itself, for which pid_max must have room, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits as they are in force for our own process, which the programs that we start inherit."""

    nofile: int
    """Open descriptors of a process (ulimit -n)."""
    nofile_hard: int
    """How far `nofile` may be raised."""
    nproc: int
    """Processes of a user (ulimit -u); root is exempt."""
    pid_max: int
    """The highest process id."""
    cgroup_pids: int
    """Processes of our control group, in a container or under systemd."""
    ports: int
    """Local ports for outgoing connections."""
    memory: int
    """Bytes that are free or can be freed."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """One limit: how many deliveries at once it leaves room for, what it is now, and where it is changed."""

    deliveries: int
    what: str
    where: str

    def __str__(self) -> str:
        return f"{self.what}: enough for {self.deliveries} deliveries at once. To change it: {self.where}."


def descriptors_for(deliveries: int) -> int:
    """What qmail-rspawn needs: two descriptors a delivery and some of its own (DJB's FAQ asks for 2N+5)."""
    return 2 * deliveries + 5


def read_limits() -> Limits:
    """The limits as they are now."""
    soft, hard = map(_number, resource.getrlimit(resource.RLIMIT_NOFILE))
    low, high = (int(word) for word in _text("/proc/sys/net/ipv4/ip_local_port_range", "32768 60999").split())
    return Limits(
        nofile=soft,
        nofile_hard=hard,
        nproc=_number(resource.getrlimit(resource.RLIMIT_NPROC)[0]),
        pid_max=int(_text("/proc/sys/kernel/pid_max", "32768")),
        cgroup_pids=min(_cgroup_pids(), default=UNLIMITED),
        ports=high - low + 1,
        memory=_available_memory(),
    )


def raise_limits() -> Limits:
    """Raise our own soft limits of descriptors and processes to the hard ones; the limits after that."""
    for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (hard, hard))
    return read_limits()


def limited_to(limits: Limits, nofile: int | None) -> Limits:
    """The limits of a program that is started with at most `nofile` descriptors, if given."""
    return limits if nofile is None else replace(limits, nofile=nofile)


def ceilings(limits: Limits) -> tuple[Ceiling, ...]:
    """Every limit as the number of deliveries that it leaves room for, the tightest first."""
    found = (
        descriptor_ceiling(limits),
        *process_ceilings(limits),
        port_ceiling(limits),
        memory_ceiling(limits),
    )
    finite = (ceiling for ceiling in found if ceiling.deliveries < UNLIMITED // 4)
    return tuple(sorted(finite, key=lambda ceiling: ceiling.deliveries))


def descriptor_ceiling(limits: Limits) -> Ceiling:
    """What the limit of open descriptors leaves room for."""
    return Ceiling(
        (limits.nofile - 5) // 2,
        f"ulimit -n is {limits.nofile} (hard limit {limits.nofile_hard}), and N deliveries need 2N+5 descriptors",
        "nofile in /etc/security/limits.conf, LimitNOFILE= of a systemd unit, --ulimit nofile= of a container",
    )


def process_ceilings(limits: Limits) -> tuple[Ceiling, ...]:
    """What the limits of processes leave room for."""
    return (
        Ceiling(
            limits.nproc,
            f"ulimit -u is {limits.nproc} processes",
            "nproc in /etc/security/limits.conf, LimitNPROC= of a systemd unit",
        ),
        Ceiling(
            limits.cgroup_pids,
            f"the control group may have {limits.cgroup_pids} processes",
            "TasksMax= of the systemd slice or unit, --pids-limit of a container",
        ),
        Ceiling(
            limits.pid_max - _OTHER_PROCESSES,
            f"the highest process id is {limits.pid_max}",
            "sysctl kernel.pid_max",
        ),
    )


def port_ceiling(limits: Limits) -> Ceiling:
    """What the local ports leave room for: every connection to the same address and port needs one."""
    return Ceiling(
        limits.ports,
        f"there are {limits.ports} local ports for connections",
        "sysctl net.ipv4.ip_local_port_range",
    )


def memory_ceiling(limits: Limits) -> Ceiling:
    """What the free memory leaves room for.

    N deliveries were measured to take at most N * (40 kB + 32 N bytes), from 1000 to 10,000 of a dynamically linked
    qmail-remote: some for each, and the kernel's copies of ever longer tables of descriptors.
    """
    each, growing = 40_000, 32
    deliveries = int((math.sqrt(each**2 + 4 * growing * limits.memory) - each) / (2 * growing))
    return Ceiling(
        deliveries, f"{limits.memory // 1_000_000} MB of memory are free", "end other programs, or add memory"
    )


def _number(limit: int) -> int:
    return UNLIMITED if limit == resource.RLIM_INFINITY else limit


def _text(path: str, default: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except OSError:
        return default


def _available_memory() -> int:
    for line in _text("/proc/meminfo", "").splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) * 1024
    return UNLIMITED


def _cgroup_pids() -> Iterator[int]:
    """The limits of processes of our control group and those around it, in version 1 or 2 of the hierarchy."""
    for line in _text("/proc/self/cgroup", "").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers in ("", "pids"):
            group = PurePosixPath("/sys/fs/cgroup", controllers, path.lstrip("/"))
            for folder in (group, *group.parents):
                with suppress(ValueError):  # "max", or no such file
                    yield int(_text(str(folder / "pids.max"), ""))
