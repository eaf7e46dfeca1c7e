"""A patch as a value: files, hunks and lines, each with the bytes that the patch file has for them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from builder.patching.lazy import lazy

CONTEXT = " "
REMOVED = "-"
ADDED = "+"

NO_FILE = "/dev/null"

_CHANGES = re.compile(r"[-+]+")
_ONE_CHANGE = re.compile(r" *(-*)(\+*) *")
"""The kinds of a hunk as most are: at one place lines go, come or both."""
_REVERSE = str.maketrans({REMOVED: ADDED, ADDED: REMOVED})


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


class Edit(Struct, frozen=True, gc=False):
    """One run of changed lines: before the old line `at` (from 0 in its hunk), `removed` lines go and `added` come."""

    at: int
    removed: int
    added: tuple[bytes, ...]


class Hunk(Struct, frozen=True, kw_only=True, dict=True):
    """A change at one place. Line numbers count from 1, as in `@@ -old_start +new_start @@`.

    Its lines are kept as two columns: patches have them by the ten thousand, and a value for each would be most of the
    time that reading a patch takes.
    """

    number: int
    """Which hunk of its file it is, from 1."""
    patch_line: int
    """Where its `@@` line (or `***************`) is in the patch file, from 1."""
    old_start: int
    new_start: int
    section: bytes
    """What stands behind the second `@@`: usually the head of the C function."""
    kinds: str
    """What each of its lines is: a CONTEXT, REMOVED or ADDED for each."""
    texts: tuple[bytes, ...]
    """The lines themselves, each with its line end, if the patch gives it one."""
    span: tuple[int, int] = (0, 0)
    """Where the hunk begins and ends in `Patch.data`, in bytes."""

    @lazy
    def lines(self) -> tuple[Line, ...]:
        """Kinds and texts together."""
        return tuple(map(Line, self.kinds, self.texts))

    @lazy
    def old(self) -> tuple[bytes, ...]:
        """The lines that must be there before."""
        return self.without(ADDED)

    @lazy
    def new(self) -> tuple[bytes, ...]:
        """The lines that are there afterwards."""
        return self.without(REMOVED)

    @lazy
    def edits(self) -> tuple[Edit, ...]:
        """The hunk without its context."""
        return self.find_edits()

    @lazy
    def reverse(self) -> Hunk:
        """The hunk that takes this one back."""
        kinds = self.kinds.translate(_REVERSE)
        return replace(self, old_start=self.new_start, new_start=self.old_start, kinds=kinds)

    @property
    def leading(self) -> int:
        """Lines of context before the first change; all lines if there is none."""
        return len(self.kinds) - len(self.kinds.lstrip(CONTEXT))

    @property
    def trailing(self) -> int:
        """Lines of context after the last change; all lines if there is none."""
        return len(self.kinds) - len(self.kinds.rstrip(CONTEXT))

    def without(self, kind: str) -> tuple[bytes, ...]:
        """The lines that are of another kind: without the ADDED ones these are `old`, but not kept."""
        kinds, texts = self.kinds, self.texts
        first, end = kinds.find(kind), kinds.rfind(kind) + 1
        if first < 0:
            return texts
        if kinds.count(kind) == end - first:  # all together, as in most hunks
            return texts[:first] + texts[end:]
        return tuple([text for this, text in zip(kinds, texts, strict=True) if this != kind])

    def find_edits(self) -> tuple[Edit, ...]:
        """These are `edits`, but not kept."""
        kinds, texts = self.kinds, self.texts
        one = _ONE_CHANGE.fullmatch(kinds)
        if one is not None:
            start, middle, end = one.start(1), one.end(1), one.end(2)
            return (Edit(start, middle - start, texts[middle:end]),) if start < end else ()
        edits: list[Edit] = []
        before = 0  # how many lines the edits so far add, which are none of the old ones
        for run in _CHANGES.finditer(kinds):
            start, end = run.span()
            removed = kinds.count(REMOVED, start, end)
            added = texts[start + removed : end]
            if kinds.find(REMOVED, start + removed, end) >= 0:  # not first all that goes, then all that comes
                added = tuple([texts[at] for at in range(start, end) if kinds[at] == ADDED])
            edits.append(Edit(start - before, removed, added))
            before += len(added)
        return tuple(edits)

    def with_lines(self, lines: Sequence[Line]) -> Hunk:
        """The same hunk with other lines."""
        kinds, texts = columns(lines)
        return replace(self, kinds=kinds, texts=texts)


def columns(lines: Sequence[Line]) -> tuple[str, tuple[bytes, ...]]:
    """The kinds and the texts of lines, as a Hunk has them."""
    return "".join([line.kind for line in lines]), tuple([line.text for line in lines])


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
