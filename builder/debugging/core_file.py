"""Reading a core: what crashed, and how. Linux only, 64 bits."""

from __future__ import annotations

import os
import signal
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.segments import NoteSegment

_HEAD = struct.Struct("<4sB11xH")
"""Of an ELF file: magic, class, and the type, behind what does not matter here. Of this machine's byte order."""
_CORE = 4
_BITS_64 = 2
_AT_PHDR = 3
_AUXILIARY = struct.Struct("<QQ")
_SIGINFO = struct.Struct("<i")


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """A core, and what it says of the process that left it."""

    path: Path
    program: Path
    """The file that was run, where the process saw it."""
    signal: str
    pid: int
    uid: int
    """The real one."""


def cores_in(folder: Path, *, deep: bool = True) -> Iterator[Path]:
    """Every core in a folder and those below, also through links to folders such as a queue in memory."""
    walk = os.walk(folder, followlinks=True)
    for where, below, names in walk:
        if not deep:
            below.clear()
        for name in names:
            path = Path(where, name)
            if is_core(path):
                yield path


def is_core(path: Path) -> bool:
    """Whether it is a regular file with a core in it that we may read."""
    try:
        if path.is_symlink() or not path.is_file():
            return False
        with path.open("rb") as file:
            head = file.read(_HEAD.size)
    except OSError:
        return False
    if len(head) < _HEAD.size:
        return False
    magic, bits, kind = _HEAD.unpack(head)
    return bool(magic == b"\x7fELF" and bits == _BITS_64 and kind == _CORE)


def read_core(path: Path) -> Core | None:
    """What a core says; None if it is cut short or of another kind."""
    with path.open("rb") as file, suppress(ELFError, struct.error, KeyError, IndexError, ValueError):
        notes = _notes(ELFFile(file))
        about, files = notes["NT_PRPSINFO"], notes["NT_FILE"]
        (number,) = _SIGINFO.unpack_from(notes["NT_SIGINFO"])
        return Core(
            path=path,
            program=Path(os.fsdecode(_program(notes["NT_AUXV"], files))),
            signal=signal.Signals(number).name,
            pid=int(about["pr_pid"]),
            uid=int(about["pr_uid"]),
        )
    return None


def _notes(elf: ELFFile) -> dict[str, Any]:
    """The notes by type, the first of each: that is the one of the thread that crashed."""
    found: dict[str, Any] = {}
    for segment in elf.iter_segments():
        for note in segment.iter_notes() if isinstance(segment, NoteSegment) else ():
            found.setdefault(str(note["n_type"]), note["n_desc"])
    return found


def _program(auxiliary: bytes, files: Any) -> bytes:
    """The file that the program's own headers were mapped from."""
    whole = auxiliary[: len(auxiliary) // _AUXILIARY.size * _AUXILIARY.size]
    headers = dict(_AUXILIARY.iter_unpack(whole))[_AT_PHDR]
    for entry, name in zip(files["Elf_Nt_File_Entry"], files["filename"], strict=True):
        if entry["vm_start"] <= headers < entry["vm_end"]:
            return bytes(name)
    raise KeyError(headers)
