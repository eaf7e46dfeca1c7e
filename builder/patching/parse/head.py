"""The lines before the hunks of one file: its names, times and what git says of it."""

from __future__ import annotations

import re
from collections.abc import Callable

from builder.patching.parse import names
from builder.patching.parse.source import Source, shown
from builder.patching.patch import NO_FILE

_INDEX = re.compile(rb"([0-9a-fA-F]{4,64})\.\.([0-9a-fA-F]{4,64})(?: ([0-7]{1,6}))?\s*$")
_MODE = re.compile(rb"([0-7]{1,6})\s*$")
_REGULAR = 0o100000
_KIND_OF_MODE = 0o170000

_ABOVE = (b"diff ", b"Index:", b"======", b"RCS file:", b"retrieving revision", b"*** ", b"--- ", b"+++ ")
"""How the lines begin that may stand directly above a head's own lines and belong to it."""

Name = tuple[str, bytes]
"""A path and the time behind it."""


class Head:
    """What is known of the file whose hunks come next; nothing at first. Each method takes one line of the head."""

    def __init__(self) -> None:
        self.first: int | None = None
        self.last = 0
        self.star: Name | None = None
        self.minus: Name | None = None
        self.plus: Name | None = None
        self.index = ""
        self.crlf = False
        self.pair: int | None = None
        self.git: bytes | None = None
        self.moves: dict[str, str] = {}
        """git's "rename from", "rename to", "copy from" and "copy to"."""
        self.created = False
        self.removed = False
        self.old_mode: int | None = None
        self.new_mode: int | None = None
        self.ids = ("", "")
        self.differ: tuple[str, str] | None = None

    @property
    def named(self) -> bool:
        """Whether hunks can follow: they have a file."""
        return bool(self.star or self.minus or self.plus or self.index or self.git is not None)

    @property
    def changes(self) -> bool:
        """Whether the head alone changes the file, without any hunk."""
        moded = self.new_mode is not None and self.new_mode != self.old_mode
        return bool(self.moves or self.created or self.removed or moded or self.differ)

    @property
    def moved_to(self) -> str:
        """Where git says that the file is renamed or copied to; nothing if it is not."""
        return self.moves.get("rename to") or self.moves.get("copy to") or ""

    def ends_before(self, at: int, line: bytes) -> bool:
        """Whether line `at` begins the head of another file, so that this one has no hunks."""
        if line.startswith(b"diff --git "):
            return True
        if not line.startswith((b"--- ", b"*** ", b"Index:", b"Binary files ")):
            return False
        if self.differ:
            return True
        if self.git is None:
            return self.pair is not None and not line.startswith(b"Binary")
        # Other names, or names further down, are not those of git's head, or of what looked like one.
        if self.minus or self.last < at - 1 or not line.startswith(b"--- "):
            return True
        return self.changes and not self._is_gits(names.split_name(line[4:])[0])

    def _is_gits(self, name: str) -> bool:
        """Whether a name can be one of those on the "diff --git" line."""
        pair = names.split_pair(self.git or b"")
        return pair is None or name in (NO_FILE, *pair) or _last(name) in map(_last, pair)

    def take(self, source: Source, at: int, line: bytes) -> bool:
        """Take line `at` if it is one of a head. `line` is that line without what is before it."""
        for prefix, method, of_git in _BY_FIRST_BYTE.get(line[0], ()):
            if line.startswith(prefix) and (self.git is not None or not of_git):
                method(self, source, at, line[len(prefix) :])
                self.last = at
                if self.first is None:
                    self.first = at
                return True
        return False

    def take_star(self, _source: Source, _at: int, rest: bytes) -> None:
        self.star = names.split_name(rest)
        self.crlf = rest.endswith(b"\r\n")

    def take_minus(self, source: Source, at: int, rest: bytes) -> None:
        self.minus = names.split_name(rest)
        self.crlf = rest.endswith(b"\r\n")
        if source.starts(at + 1, b"+++ "):
            self.pair = at

    def take_plus(self, _source: Source, _at: int, rest: bytes) -> None:
        self.plus = names.split_name(rest)
        self.crlf = rest.endswith(b"\r\n")

    def take_index_line(self, _source: Source, _at: int, rest: bytes) -> None:
        self.index = names.split_name(rest)[0]
        self.crlf = rest.endswith(b"\r\n")

    def take_git(self, _source: Source, _at: int, rest: bytes) -> None:
        self.git = rest

    def take_ids(self, source: Source, at: int, rest: bytes) -> None:
        if match := _INDEX.match(rest):
            self.ids = (match[1].decode().lower(), match[2].decode().lower())
            if match[3]:
                self.old_mode = self.new_mode = _mode(source, at, match[3])

    def take_old_mode(self, source: Source, at: int, rest: bytes) -> None:
        self.old_mode = _mode(source, at, rest)

    def take_new_mode(self, source: Source, at: int, rest: bytes) -> None:
        self.new_mode = _mode(source, at, rest)

    def take_created(self, source: Source, at: int, rest: bytes) -> None:
        self.created = True
        self.new_mode = _mode(source, at, rest)

    def take_removed(self, source: Source, at: int, rest: bytes) -> None:
        self.removed = True
        self.old_mode = _mode(source, at, rest)

    def take_rename_from(self, _source: Source, _at: int, rest: bytes) -> None:
        self.moves["rename from"] = names.whole_name(rest)

    def take_rename_to(self, _source: Source, _at: int, rest: bytes) -> None:
        self.moves["rename to"] = names.whole_name(rest)

    def take_copy_from(self, _source: Source, _at: int, rest: bytes) -> None:
        self.moves["copy from"] = names.whole_name(rest)

    def take_copy_to(self, _source: Source, _at: int, rest: bytes) -> None:
        self.moves["copy to"] = names.whole_name(rest)

    def take_nothing(self, _source: Source, _at: int, _rest: bytes) -> None:
        """Of lines that only say how alike two files are."""

    def take_differ(self, _source: Source, _at: int, rest: bytes) -> None:
        pair, differ, end = rest.rpartition(b" differ")
        old, also, new = pair.partition(b" and ")
        if differ and also and not end.strip():
            self.differ = (names.decoded(old), names.decoded(new))

    def paths(self, source: Source, *, context: bool) -> tuple[Name, Name]:
        """The old and the new path, each with its time. PatchError if no name can be made out."""
        old, new = (self.star, self.minus) if context else (self.minus, self.plus)
        if old and new:
            return old, new
        if self.git is not None:
            git = self._git_paths(source)
            return old or git[0], new or git[1]
        if self.differ:
            return (self.differ[0], b""), (self.differ[1], b"")
        # What a missing line would say is what the other one says, or the Index: line.
        known = [name for name, _ in filter(None, (old, new)) if name != NO_FILE]
        missing = (known[0] if known else self.index, b"")
        return old or missing, new or missing

    def _git_paths(self, source: Source) -> tuple[Name, Name]:
        old = self.moves.get("rename from") or self.moves.get("copy from")
        new = self.moved_to
        rest = self.git or b""
        pair = names.split_renamed(rest, old, new) if old and new else None
        pair = pair or names.split_pair(rest)
        if pair is None:
            at = self.first or 0
            why = f"the names cannot be told apart: {shown(rest)}"
            raise source.malformed(
                "ambiguous-name", at, why, hint="Quote the names, or add --- and +++ lines."
            )
        first = NO_FILE if self.created else pair[0]
        second = NO_FILE if self.removed else pair[1]
        return (first, b""), (second, b"")

    def begins(self, source: Source, lowest: int) -> int:
        """The first line of the head, with those directly above it that belong to it, but not before `lowest`."""
        at = self.first or 0
        if self.pair is not None and self.git is None and not self.index:
            at = self.pair  # what came before is prose that looked like a head
        while at > lowest and source.lines[at - 1].startswith(_ABOVE):
            at -= 1
        return at


def _last(path: str) -> str:
    return path.rpartition("/")[2]


_Method = Callable[[Head, Source, int, bytes], None]
_LINES: tuple[tuple[bytes, _Method, bool], ...] = (
    (b"--- ", Head.take_minus, False),
    (b"+++ ", Head.take_plus, False),
    (b"*** ", Head.take_star, False),
    (b"Index:", Head.take_index_line, False),
    (b"diff --git ", Head.take_git, False),
    (b"Binary files ", Head.take_differ, False),
    (b"index ", Head.take_ids, True),
    (b"old mode ", Head.take_old_mode, True),
    (b"new mode ", Head.take_new_mode, True),
    (b"new file mode ", Head.take_created, True),
    (b"deleted file mode ", Head.take_removed, True),
    (b"similarity index ", Head.take_nothing, True),
    (b"dissimilarity index ", Head.take_nothing, True),
    (b"rename from ", Head.take_rename_from, True),
    (b"rename to ", Head.take_rename_to, True),
    (b"copy from ", Head.take_copy_from, True),
    (b"copy to ", Head.take_copy_to, True),
)
"""How a line of a head begins, what takes it, and whether it counts only below a "diff --git" line."""

FIRST_BYTES = frozenset(prefix[0] for prefix, _, _ in _LINES)
_BY_FIRST_BYTE = {byte: [entry for entry in _LINES if entry[0][0] == byte] for byte in FIRST_BYTES}


def _mode(source: Source, at: int, text: bytes) -> int:
    """A mode of a regular file. Links and submodules are refused: a tree has none, and links lead out of it."""
    match = _MODE.match(text)
    if match is None:
        raise source.malformed("malformed-head", at, f"this is no file mode: {shown(text)}")
    mode = int(match[1], 8)
    if mode & _KIND_OF_MODE not in (_REGULAR, 0):
        what = "a symbolic link" if mode & _KIND_OF_MODE == 0o120000 else "no regular file"
        raise source.malformed(
            "special-file", at, f"the patch is about {what}", hint="Only regular files can be patched."
        )
    return mode
