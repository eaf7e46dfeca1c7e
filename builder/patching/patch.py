"""A patch as a value: files, hunks and lines, each with the bytes that the patch file has for them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

CONTEXT = " "
REMOVED = "-"
ADDED = "+"

NO_FILE = "/dev/null"

_REVERSE = {CONTEXT: CONTEXT, REMOVED: ADDED, ADDED: REMOVED}


class Kind(StrEnum):
    """What a patch does to a file. Only CREATE and REMOVE are claims that one side does not exist."""

    CHANGE = "change"
    CREATE = "create"
    REMOVE = "remove"
    RENAME = "rename"
    COPY = "copy"
    MODE = "mode"
    """Nothing but the mode: no hunk."""
    BINARY = "binary"
    """A change of bytes that are no lines; without `FileChange.binary` the patch does not have the new bytes."""


class ParseNote(NamedTuple):
    """Something odd that was put right or left out while parsing. `rule` is a stable id, `line` counts from 1."""

    rule: str
    line: int
    text: str


class Line(NamedTuple):
    """One line of a hunk. `kind` is CONTEXT, REMOVED or ADDED; `text` has its line end, if the patch gives it one."""

    kind: str
    text: bytes


class Edit(NamedTuple):
    """One run of changed lines: before the old line `at` (from 0 in its hunk), `removed` lines go and `added` come."""

    at: int
    removed: int
    added: tuple[bytes, ...]


@dataclass(frozen=True, kw_only=True)
class Hunk:
    """A change at one place. Line numbers count from 1, as in `@@ -old_start +new_start @@`."""

    number: int
    """Which hunk of its file it is, from 1."""
    patch_line: int
    """Where its `@@` line (or `***************`) is in the patch file, from 1."""
    old_start: int
    new_start: int
    section: bytes
    """What stands behind the second `@@`: usually the head of the C function."""
    lines: tuple[Line, ...]
    span: tuple[int, int] = (0, 0)
    """Where the hunk begins and ends in `Patch.data`, in bytes."""

    @cached_property
    def old(self) -> tuple[bytes, ...]:
        """The lines that must be there before."""
        return tuple([text for kind, text in self.lines if kind != ADDED])

    @cached_property
    def new(self) -> tuple[bytes, ...]:
        """The lines that are there afterwards."""
        return tuple([text for kind, text in self.lines if kind != REMOVED])

    @cached_property
    def edits(self) -> tuple[Edit, ...]:
        """The hunk without its context."""
        edits: list[Edit] = []
        at = removed = 0
        added: list[bytes] = []
        for kind, text in self.lines:
            if kind == ADDED:
                added.append(text)
            elif kind == REMOVED:
                removed += 1
            else:
                if added or removed:
                    edits.append(Edit(at, removed, tuple(added)))
                    added = []
                at += removed + 1
                removed = 0
        if added or removed:
            edits.append(Edit(at, removed, tuple(added)))
        return tuple(edits)

    @cached_property
    def reverse(self) -> Hunk:
        """The hunk that takes this one back."""
        return Hunk(
            number=self.number,
            patch_line=self.patch_line,
            old_start=self.new_start,
            new_start=self.old_start,
            section=self.section,
            lines=tuple([Line(_REVERSE[kind], text) for kind, text in self.lines]),
            span=self.span,
        )

    @property
    def leading(self) -> int:
        """Lines of context before the first change."""
        return self.edits[0].at if self.edits else len(self.old)

    @property
    def trailing(self) -> int:
        """Lines of context after the last change."""
        return len(self.old) - self.edits[-1].at - self.edits[-1].removed if self.edits else len(self.old)


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryPayload:
    """One direction of a git binary patch: the whole new file, or a delta that makes it from the old one."""

    delta: bool
    data: bytes
    """After base85 and zlib."""
    line: int
    """Where it begins in the patch file, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryPatch:
    """A git binary patch. The ids are git's SHA-1 of the blobs, as the index line has them: often abbreviated."""

    forward: BinaryPayload
    reverse: BinaryPayload | None = None
    old_id: str = ""
    new_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """What happens to one file. The paths are as the patch has them, unquoted, before any stripping."""

    old_path: str
    new_path: str
    hunks: tuple[Hunk, ...]
    executable: bool = False
    """Whether the file is to be executable afterwards (git's "new file mode 100755")."""

    creates: bool = False
    """Whether the patch says that there is no old file: /dev/null, the time 0, git's "new file"."""
    removes: bool = False

    kind: Kind = Kind.CHANGE
    index_path: str = ""
    """The path of an `Index:` line, which often has folders that the other two lack."""
    old_mode: int | None = None
    """git's modes, such as 0o100644; None if the patch has none."""
    new_mode: int | None = None
    binary: BinaryPatch | None = None
    header_line: int = 0
    """Where the file's part begins in the patch file, from 1."""
    crlf: bool = False
    """Whether the patch file has CRLF line ends here, which were taken off (as GNU patch does)."""
    context_format: bool = False
    """Whether it is a context diff (diff -c)."""
    span: tuple[int, int] = (0, 0)
    """Where the file's part begins and ends in `Patch.data`, in bytes: prose before it is part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A named patch. `strip` is the number of leading folders to cut off its paths; None: find out."""

    name: str
    files: tuple[FileChange, ...]
    strip: int | None = None
    data: bytes = b""
    """The patch file as it is, unpacked: header, then the span of every file, then trailer."""
    header: bytes = b""
    """The prose before the first file."""
    trailer: bytes = b""
    """The prose after the last one."""
    notes: tuple[ParseNote, ...] = ()
