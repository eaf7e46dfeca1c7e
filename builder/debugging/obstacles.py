"""Why a program that crashes here would leave no core, and how that is lifted. See core(5).

Nothing of the machine is changed: each obstacle comes with the command that a person may decide to run.
"""

from __future__ import annotations

import os
import resource
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from msgspec import Struct

_KERNEL = Path("/proc/sys")
_NEEDED = 64 << 20
"""Bytes: no program of qmail takes more; one that AddressSanitizer watches takes about this."""
_FOLDER = "/var/tmp/cores"  # noqa: S108 - only suggested
_ANYWHERE = f"mkdir -p -m 1777 {_FOLDER} && sysctl -w kernel.core_pattern={_FOLDER}/core.%e.%p"
_AS_ROOT = f"{_ANYWHERE} fs.suid_dumpable=2"

Reason = Literal["limit", "pattern", "suid", "readable", "folder"]


class Obstacle(Struct, frozen=True, kw_only=True):
    """One thing that is in the way of a core."""

    reason: Reason
    programs: tuple[str, ...] = ()
    """Whose core; empty: that of every program."""
    text: str
    lift: str
    """How to lift it: a command, for a shell of root unless it says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreSettings:
    """What this machine and our own process have set for cores."""

    limit: int
    """The hard limit of a core's size: what a process may raise its own to. RLIM_INFINITY for none."""
    pattern: str
    """kernel.core_pattern"""
    uses_pid: bool
    """kernel.core_uses_pid"""
    suid_dumpable: int
    """fs.suid_dumpable: 0 no cores of processes whose rights changed, 1 as any other, 2 as root and by safe paths."""

    @property
    def piped(self) -> str:
        """The program that gets cores; empty if they are files."""
        return self.pattern[1:].split()[0] if self.pattern[1:].split() and self.pattern[0] == "|" else ""

    @property
    def folder(self) -> Path | None:
        """Where all cores go; None if each goes where its process is."""
        if not self.pattern.startswith("/"):
            return None
        # A folder's name may itself be different for each process: then the part before that.
        fixed = self.pattern.split("%", 1)[0]
        return Path(fixed.rpartition("/")[0] or "/")


def core_settings(kernel: Path = _KERNEL) -> CoreSettings:
    """What is set now. `kernel` is where the kernel shows it."""
    return CoreSettings(
        limit=resource.getrlimit(resource.RLIMIT_CORE)[1],
        pattern=_text(kernel / "kernel/core_pattern", "core"),
        uses_pid=_text(kernel / "kernel/core_uses_pid", "0") == "1",
        suid_dumpable=int(_text(kernel / "fs/suid_dumpable", "0")),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A program that is going to run: its file, the user and group that start it, and where it will be."""

    program: Path
    uid: int
    gid: int
    folder: Path

    @property
    def effective(self) -> tuple[int, int]:
        """The user and group whose rights it has."""
        found = self.program.stat()
        uid = found.st_uid if found.st_mode & stat.S_ISUID else self.uid
        return uid, found.st_gid if found.st_mode & stat.S_ISGID else self.gid

    @property
    def changes_rights(self) -> bool:
        """Whether it runs with other rights than whoever starts it."""
        return self.effective != (self.uid, self.gid)

    @property
    def readable(self) -> bool:
        """Whether whoever starts it may read it."""
        return _may(self.program, self.uid, self.gid, 4)


def general_obstacles(settings: CoreSettings) -> Iterator[Obstacle]:
    """What is in the way of the core of any program."""
    if not settings.piped and settings.limit != resource.RLIM_INFINITY and settings.limit < _NEEDED:
        small = "0" if settings.limit == 0 else f"{settings.limit} bytes: longer cores are cut short"
        yield Obstacle(
            reason="limit",
            text=f"The hard limit of a core's size (RLIMIT_CORE, ulimit -Hc) is {small}.",
            lift=(
                "prlimit --pid $$ --core=unlimited:unlimited in this shell; "
                "for a container --ulimit core=-1, for a systemd unit LimitCORE=infinity"
            ),
        )
    if settings.piped:
        handler = Path(settings.piped).name
        where = "coredumpctl debug" if handler == "systemd-coredump" else f"the documentation of {handler}"
        yield Obstacle(
            reason="pattern",
            text=f"kernel.core_pattern hands every core to {settings.piped}, so that none becomes a file here.",
            lift=f"sysctl -w kernel.core_pattern=core; or look at them with {where}",
        )
    elif not settings.pattern and not settings.uses_pid:
        yield Obstacle(
            reason="pattern",
            text="kernel.core_pattern is empty and kernel.core_uses_pid 0: that means no cores at all.",
            lift="sysctl -w kernel.core_pattern=core",
        )


def obstacles(settings: CoreSettings, suspect: Suspect) -> Iterator[Obstacle]:
    """What is in the way of the core of one program, besides what is in everybody's."""
    if settings.piped:
        return
    names = (suspect.program.name,)
    safe = settings.folder is not None
    guarded = suspect.changes_rights or not suspect.readable
    if guarded and (settings.suid_dumpable == 0 or (settings.suid_dumpable == 2 and not safe)):
        yield _guarded(settings, suspect, names)
        return  # nothing is written, wherever it would go
    uid, gid = (0, 0) if guarded and settings.suid_dumpable == 2 else suspect.effective
    folder = settings.folder or suspect.folder / Path(settings.pattern).parent
    if problem := _unwritable(folder, uid, gid):
        yield Obstacle(
            reason="pattern" if safe else "folder",
            programs=names,
            text=f"{'kernel.core_pattern writes cores to' if safe else 'The core would be written to'} {problem}",
            lift=f"mkdir -p -m 1777 {folder}" if safe else _ANYWHERE,
        )


def _guarded(settings: CoreSettings, suspect: Suspect, names: tuple[str, ...]) -> Obstacle:
    rule = (
        "fs.suid_dumpable is 0"
        if settings.suid_dumpable == 0
        else "fs.suid_dumpable is 2 while kernel.core_pattern is no absolute path"
    )
    lift = f"{_AS_ROOT}; or run it as an ordinary user, for whom everything runs under one user"
    if suspect.changes_rights:
        text = f"It is setuid or setgid, and {rule}."
        return Obstacle(reason="suid", programs=names, text=text, lift=lift)
    mode = stat.S_IMODE(suspect.program.stat().st_mode)
    text = f"Its mode {mode:04o} lets the user that it runs under run it, but not read it, and {rule}."
    return Obstacle(
        reason="readable", programs=names, text=text, lift=f"{lift}; or, where it is installed, chmod a+r"
    )


def _unwritable(folder: Path, uid: int, gid: int) -> str:
    """The folder, and why this user can make no file in it; empty if he can."""
    try:
        found = folder.stat()
    except OSError as error:
        return f"{folder}: {error.strerror}."
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        return f"{folder}, which is read-only."
    if not _may(folder, uid, gid, 2):
        mode = stat.S_IMODE(found.st_mode)
        return f"{folder}, which user {uid} may not write (mode {mode:04o}, of user {found.st_uid})."
    return ""


def _may(path: Path, uid: int, gid: int, right: int) -> bool:
    """Whether a user and group may read (4) or write (2) it. Root may, whatever its mode."""
    found = path.stat()
    shift = 6 if found.st_uid == uid else 3 if found.st_gid == gid else 0
    return uid == 0 or bool(found.st_mode >> shift & right)


def _text(path: Path, default: str) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return default
