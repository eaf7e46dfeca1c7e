"""A patch as a value: files, hunks and lines, each with the bytes that the patch file has for them."""

from __future__ import annotations

from dataclasses import dataclass, replace

CONTEXT = " "
REMOVED = "-"
ADDED = "+"

NO_FILE = "/dev/null"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a hunk. `kind` is CONTEXT, REMOVED or ADDED; `text` has its line end, if the patch gives it one."""

    kind: str
    text: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunk:
    """A change at one place. Line numbers count from 1, as in `@@ -old_start +new_start @@`."""

    number: int
    """Which hunk of its file it is, from 1."""
    patch_line: int
    """Where its `@@` line is in the patch file, from 1."""
    old_start: int
    new_start: int
    section: bytes
    """What stands behind the second `@@`: usually the head of the C function."""
    lines: tuple[Line, ...]

    @property
    def old(self) -> tuple[bytes, ...]:
        """The lines that must be there before."""
        return tuple(line.text for line in self.lines if line.kind != ADDED)

    @property
    def new(self) -> tuple[bytes, ...]:
        """The lines that are there afterwards."""
        return tuple(line.text for line in self.lines if line.kind != REMOVED)

    @property
    def reverse(self) -> Hunk:
        """The hunk that takes this one back."""
        flipped = {CONTEXT: CONTEXT, REMOVED: ADDED, ADDED: REMOVED}
        return replace(
            self,
            old_start=self.new_start,
            new_start=self.old_start,
            lines=tuple(Line(flipped[line.kind], line.text) for line in self.lines),
        )

    @property
    def leading(self) -> int:
        """Lines of context before the first change."""
        return _context(self.lines)

    @property
    def trailing(self) -> int:
        """Lines of context after the last change."""
        return _context(self.lines[::-1])


def _context(lines: tuple[Line, ...]) -> int:
    for count, line in enumerate(lines):
        if line.kind != CONTEXT:
            return count
    return len(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """The hunks of one file. The paths are as the patch has them, before any stripping."""

    old_path: str
    new_path: str
    hunks: tuple[Hunk, ...]
    executable: bool = False
    """Whether a created file is to be executable (git's "new file mode 100755")."""

    creates: bool = False
    removes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """A named patch. `strip` is the number of leading folders to cut off its paths; None: find out."""

    name: str
    files: tuple[FileChange, ...]
    strip: int | None = None
