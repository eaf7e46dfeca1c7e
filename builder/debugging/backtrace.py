"""What gdb says about a core, with each line's owner: the patch that wrote it, or the base."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from builder import process
from builder.compiling.messages import OwnerOf
from builder.debugging.core_file import Core
from builder.debugging.crash import Frame
from builder.sources.tree import Tree
from builder.toolchains.profiles import SOURCES

_DEPTH = 40
"""Calls that are shown: one that calls itself without an end has millions."""
_LIMIT = 120.0
_FRAME = re.compile(
    r"^#\d+ +(?:0x[0-9a-f]+ in )?(?P<function>.*?) \(.*?\)(?: at (?P<path>.+):(?P<line>\d+)| from .+)?$"
)
_UNKNOWN = "??"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The patched sources of a build, and who wrote their lines."""

    tree: Tree
    folder: Path
    """Where they lie, compiled."""
    owner_of: OwnerOf

    def frame(self, function: str, path: str, line: int) -> Frame:
        """A call at a line, with what the sources have there."""
        inside = path.removeprefix(f"{SOURCES}/").removeprefix("./")
        file = self.tree.get(inside)
        if file is None:
            return Frame(function=function, path=path, line=line)
        lines = file.data.decode("utf-8", "replace").splitlines()
        return Frame(
            function=function,
            path=inside,
            line=line,
            text=lines[line - 1].strip() if 0 < line <= len(lines) else "",
            patched=True,
            owner=self.owner_of(inside, line),
        )


def backtrace(core: Core, sources: Sources) -> tuple[tuple[Frame, ...], str]:
    """The calls that led to a core, the innermost first; and why there are none, or what they lack."""
    gdb = process.find_program("gdb")
    if gdb is None:
        return (), "No backtrace without gdb: apt-get install gdb"
    said = process.run(
        [
            *(gdb, "-nx", "-batch"),
            # Settings that a patch's tree might bring along are no settings of ours.
            *("-iex", "set auto-load off", "-iex", "set debuginfod enabled off"),
            *("-ex", "set width 0", "-ex", f"bt {_DEPTH}"),
            *(os.fspath(core.program), os.fspath(core.path)),
        ],
        timeout=_LIMIT,
        join=False,
    )
    frames = tuple(_frames(said.text, sources))
    if not frames:
        last = said.errors.decode("utf-8", "replace").strip().splitlines()[-1:] or [said.how]
        return (), f"gdb gives no backtrace: {last[0]}"
    if not any(frame.patched for frame in frames):
        return frames, "The program says nothing of its lines: it is not a debug build."
    return frames, ""


def _frames(text: str, sources: Sources) -> Iterator[Frame]:
    # gdb shows the innermost call once when it opens the core, and then again with all the others.
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("#0 ")]
    for line in lines[starts[-1] :] if starts else ():
        if found := _FRAME.match(line):
            path = found["path"] or ""
            yield sources.frame(found["function"] or _UNKNOWN, path, int(found["line"] or 0))


def debugger_command(program: Path, core: Path, sources: Sources) -> str:
    """The command that opens a core with its sources, for a shell."""
    return process.quoted(["gdb", "-ex", f"set substitute-path {SOURCES} {sources.folder}", program, core])
