"""What GNU patch makes of cases: many in one run, because starting it costs more than its work."""

from __future__ import annotations

import re
import signal
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from builder import process
from builder.agreement.case import Case
from builder.errors import BackendError
from builder.sources.tree import EXECUTABLE, PLAIN, File
from builder.temporary import MEMORY, temporary_folder

VERSION = "GNU patch 2.7.6"

DAMAGED = 2
"""Its exit code for a patch that it cannot understand."""
CRASHED = -signal.SIGABRT
"""Its own assertions fail on some patches."""

_SEPARATOR = b"diff\n"
"""Between two diffs, as diff -r has it. Without it GNU patch takes what follows the end of a context diff for its lines."""

_FILE = re.compile(r"patching file (\S+)")
_NEXT = re.compile(r"The next patch(?:, when reversed,)? would .* the file ([^\s,]+),")
_NAMED = re.compile(r"\|(?:---|\+\+\+|\*\*\*|diff --git) (?:[ab]/)([fg]\S+)")
_NO_SOURCE = re.compile(r"Cannot (?:rename|copy) file without two valid file names")
_BINARY = re.compile(r"File (\S+): git binary diffs are not supported")
_HUNK = re.compile(
    r"Hunk #(\d+) (succeeded|FAILED|ignored) at (-?\d+)(?: with fuzz (\d+))?(?: \(offset (-?\d+) lines?\))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of a hunk; `line`, `offset` and `fuzz` only of one that was applied."""

    applied: bool
    line: int | None = None
    offset: int = 0
    fuzz: int = 0


@dataclass(slots=True)
class Section:
    """What was said of one diff of a file: of hunks that it says nothing of, all was well."""

    skipped: bool = False
    left_over: bool = False
    hunks: dict[int, Fate] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        return self.skipped or self.left_over or any(not fate.applied for fate in self.hunks.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of a case: its files and a list of sections for each of its patches.

    `exit_codes` are those of a run with this case alone, or DAMAGED or CRASHED.
    """

    files: Mapping[str, File]
    exit_codes: tuple[int, ...]
    sections: tuple[tuple[Section, ...], ...]


class GnuPatch:
    """GNU patch with certain flags, run in folders of its own, in memory where there is such a folder."""

    def __init__(self, *, fuzz: int, reverse: bool = False) -> None:
        program = process.require_program("patch", package="patch")
        said = process.run([program, "--version"]).text.partition("\n")[0]
        if said != VERSION:
            raise BackendError(f"The comparison is with {VERSION}, and {program} is {said!r}.")
        self._command = (
            str(program),
            *("-p1", f"-F{fuzz}", "-N", "-f", "--no-backup-if-mismatch", "-r", "-"),
            *(("-R",) if reverse else ()),
        )

    def results(self, cases: Sequence[Case]) -> list[Result]:
        """The result of each case."""
        together = [case for case in cases if not case.alone]
        results = self._run(together) if together else {}
        if results is None:
            # One of them stopped it, or what it said cannot be told apart: one after the other.
            results, alone = {}, list(cases)
        else:
            alone = [case for case in cases if case.alone]
        for case in alone:
            results.update(self._run([case]) or {})
        return [results[case.name] for case in cases]

    def _run(self, cases: Sequence[Case]) -> dict[str, Result] | None:
        """The results of cases in one run for each of their patches; None if there are several and one stops or confuses it."""
        with temporary_folder("gnu", where=MEMORY if MEMORY.is_dir() else None) as folder:
            for case in cases:
                _write(case.files, folder)
            alone = len(cases) == 1
            codes: list[int] = []
            said: list[list[tuple[str, Section]]] = []
            for turn in range(max(len(case.patches) for case in cases)):
                patch = _SEPARATOR.join(case.patches[turn] for case in cases if turn < len(case.patches))
                done = process.run([*self._command, "-d", folder], stdin=patch or b"\n", timeout=60)
                sections = _sections(done.text)
                failed = any(section.failed for _, section in sections)
                if not alone and done.returncode != int(failed):
                    return None
                if done.returncode not in (0, 1, DAMAGED, CRASHED):
                    raise BackendError(f"GNU patch ended with {done.how}, after it had said:\n{done.text}")
                codes.append(done.returncode)
                said.append(sections)
            return {case.name: _result(case, folder, codes, said, alone=alone) for case in cases}


def _write(files: Mapping[str, File], folder: Path) -> None:
    for path, file in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.data)
        place.chmod(file.mode)


def _read(folder: Path, name: str) -> dict[str, File]:
    """The file `name`, or the files in that folder, by their paths in `folder`."""
    top = folder / name
    places = [top] if top.is_file() else sorted(place for place in top.rglob("*") if place.is_file())
    return {
        str(place.relative_to(folder)): File(
            place.read_bytes(), EXECUTABLE if place.stat().st_mode & stat.S_IXUSR else PLAIN
        )
        for place in places
    }


def _result(
    case: Case, folder: Path, codes: list[int], said: list[list[tuple[str, Section]]], *, alone: bool
) -> Result:
    sections = tuple(
        tuple(section for name, section in turn if alone or name == case.name)
        for turn in said[: len(case.patches)]
    )
    failed = (int(any(section.failed for section in turn)) for turn in sections)
    return Result(
        files=_read(folder, case.name),
        exit_codes=tuple(codes[: len(sections)] if alone else failed),
        sections=sections,
    )


def _sections(text: str) -> list[tuple[str, Section]]:
    """What was said, each section with the first part of its path, "" where none is said. The words are those of
    version 2.7.6 in English."""
    found: list[tuple[str, Section]] = []
    section = Section()
    lost = False
    for line in text.splitlines():
        if match := _FILE.match(line) or _NEXT.match(line) or _BINARY.match(line):
            section = Section(skipped=match.re is _BINARY)
            found.append((_top(match[1]), section))
        elif _NO_SOURCE.match(line):
            found.append(("", Section(skipped=True)))
        elif line.startswith("can't find file to patch"):
            section = Section(skipped=True)
            lost = True
        elif lost and (match := _NAMED.match(line)):
            found.append((_top(match[1]), section))
            lost = False
        elif line.endswith("Skipping patch."):
            section.skipped = True
        elif line.startswith("Not deleting file"):
            section.left_over = True
        elif match := _HUNK.match(line):
            number, how, at, fuzz, offset = match.groups()
            section.hunks[int(number)] = Fate(
                applied=how == "succeeded",
                line=int(at) if how == "succeeded" else None,
                offset=int(offset or 0),
                fuzz=int(fuzz or 0),
            )
    return found


def _top(path: str) -> str:
    return path.partition("/")[0]
