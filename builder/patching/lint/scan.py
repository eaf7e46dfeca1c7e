"""What each line of a patch file is, by the plain rules of unified diffs.

Not the parser: that puts right what it can, and refuses what it cannot. A linter must see what is there, also in a file
that the parser refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from builder.patching.lines import split_lines
from builder.patching.patch import NO_FILE

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_EXTENDED = re.compile(
    rb"(diff |Index:|={20}|index |(old|new|deleted file|new file) mode |(dis)?similarity index |"
    rb"(rename|copy) (from|to) |RCS file:|retrieving revision |GIT binary patch|Binary files )"
)
_TIME = (
    rb"\d{4}-\d\d?-\d\d?[ T]\d\d?:\d\d"  # 2005-01-31 12:00
    rb"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} +\d+ \d\d?:\d\d"  # Mon Jan 31 12:00:00 2005
    rb"|\d\d?/\d\d?/\d{2,4} \d\d?:\d\d"  # 1/31/05 12:00
)
_LONGEST_NAME = 4200
"""Bytes of a `---` line that are looked at: paths are shorter, and looking for a time takes their square."""
_NAMED_TIME = re.compile(rb"(.*?)([ \t]+)(" + _TIME + rb").*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Name:
    """A `---` or `+++` line: the path that it names, and what follows the path."""

    line: int
    path: str
    time: bytes
    """The time stamp, if there is one."""
    glued: bool
    """Whether spaces stand between path and time, where a tab belongs."""


@dataclass(slots=True)
class ScannedHunk:
    """An `@@` line and the lines below it. `body` has the raw lines with their numbers, without the `\\` markers."""

    line: int
    old_start: int
    old_count: int
    new_count: int
    body: list[tuple[int, bytes]] = field(default_factory=list)
    extra: list[tuple[int, bytes]] = field(default_factory=list)
    """Lines that look like a hunk's, after all that the `@@` line counts."""
    unended: set[int] = field(default_factory=set)
    """Numbers of the lines that a marker says to have no line end."""

    @property
    def missing_old(self) -> int:
        return self.old_count - sum(raw[:1] != b"+" for _, raw in self.body)

    @property
    def missing_new(self) -> int:
        return self.new_count - sum(raw[:1] != b"-" for _, raw in self.body)

    @property
    def complete(self) -> bool:
        return self.missing_old <= 0 and self.missing_new <= 0

    @property
    def leading(self) -> int:
        return _context(raw for _, raw in self.body)

    @property
    def trailing(self) -> int:
        return _context(raw for _, raw in reversed(self.body))


@dataclass(slots=True)
class ScannedFile:
    """The part of a patch for one file."""

    old: Name
    new: Name
    hunks: list[ScannedHunk] = field(default_factory=list)

    @property
    def target(self) -> Name:
        return self.old if self.new.path == NO_FILE else self.new

    @property
    def whole(self) -> bool:
        """Whether it makes or removes the file as a whole."""
        return NO_FILE in (self.old.path, self.new.path) or any(
            hunk.old_count == 0 == hunk.old_start for hunk in self.hunks
        )


@dataclass(frozen=True)
class PatchFile:
    """A patch file to look at."""

    data: bytes

    @cached_property
    def lines(self) -> list[bytes]:
        return split_lines(self.data)

    @cached_property
    def files(self) -> list[ScannedFile]:
        return _scan(self.lines)

    @cached_property
    def prose(self) -> list[bytes]:
        """The lines before those that introduce the first file."""
        first = self.files[0].old.line - 1 if self.files else _first_extended(self.lines)
        while first > 0 and _EXTENDED.match(self.lines[first - 1]):
            first -= 1
        return self.lines[:first]

    @cached_property
    def outside(self) -> list[tuple[int, bytes]]:
        """The numbered lines that are in no hunk."""
        inside = {number for file in self.files for hunk in file.hunks for number, _ in hunk.body}
        return [(number, raw) for number, raw in enumerate(self.lines, 1) if number not in inside]


def _context(lines: Iterator[bytes]) -> int:
    count = 0
    for raw in lines:
        if raw[:1] in (b"+", b"-"):
            break
        count += 1
    return count


def _first_extended(lines: Sequence[bytes]) -> int:
    """Where the diff begins if it has no `---` line: a context diff, a rename, a mode."""
    starts = (b"diff --git ", b"*** ", b"***************")
    found = (index for index, raw in enumerate(lines) if raw.startswith(starts))
    return next(found, len(lines))


def _scan(lines: list[bytes]) -> list[ScannedFile]:
    files: list[ScannedFile] = []
    index = 0
    while index < len(lines):
        head = _HUNK.match(lines[index])
        if head and files:
            hunk, index = _hunk(head, lines, index)
            files[-1].hunks.append(hunk)
        elif (
            lines[index].startswith(b"--- ")
            and index + 1 < len(lines)
            and lines[index + 1].startswith(b"+++ ")
        ):
            files.append(ScannedFile(_name(lines[index], index + 1), _name(lines[index + 1], index + 2)))
            index += 2
        else:
            index += 1
    return files


def _hunk(head: re.Match[bytes], lines: list[bytes], index: int) -> tuple[ScannedHunk, int]:
    hunk = ScannedHunk(index + 1, int(head[1]), int(head[2] or b"1"), int(head[4] or b"1"))
    old, new = hunk.old_count, hunk.new_count
    index += 1
    while index < len(lines):
        raw = lines[index]
        if raw.startswith(b"\\"):
            hunk.unended.add(index)
        elif old <= 0 and new <= 0:
            break
        elif raw[:1] in (b" ", b"+", b"-", b"\t") or raw in (b"\n", b"\r\n"):
            hunk.body.append((index + 1, raw))
            old -= raw[:1] != b"+"
            new -= raw[:1] != b"-"
        else:
            break
        index += 1
    while index < len(lines) and _extra(lines, index) and hunk.complete:
        hunk.extra.append((index + 1, lines[index]))
        index += 1
    return hunk, index


def _extra(lines: list[bytes], index: int) -> bool:
    """Whether a line after a complete hunk was meant to be in it: not the next file's header, no mail's signature."""
    raw = lines[index]
    header = raw.startswith(b"--- ") and index + 1 < len(lines) and lines[index + 1].startswith(b"+++ ")
    return raw[:1] in (b"+", b"-", b" ") and not header and raw.rstrip() != b"--"


def _name(raw: bytes, line: int) -> Name:
    text = raw[4:_LONGEST_NAME].rstrip(b"\r\n")
    timed = _NAMED_TIME.fullmatch(text)
    path = timed[1] if timed else text.split(b"\t")[0].rstrip(b" ")
    if path.startswith(b'"') and path.endswith(b'"'):
        path = path[1:-1]
    glued = bool(timed and b"\t" not in timed[2])
    return Name(line, path.decode("utf-8", "surrogateescape"), timed[3] if timed else b"", glued)
