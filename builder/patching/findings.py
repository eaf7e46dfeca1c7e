"""What became of each hunk: plain data for reports."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class HunkStatus(StrEnum):
    """The fate of one hunk; the first three leave their change in the tree."""

    CLEAN = "clean"
    """At the very line that the patch names."""
    OFFSET = "offset"
    """Exactly, but at another line."""
    FUZZ = "fuzz"
    """Only after leaving out lines of context."""
    ALREADY_APPLIED = "already-applied"
    """Its change is there already."""
    REJECTED = "rejected"
    """The lines that it wants to change are not there."""
    NO_TARGET = "no-target"
    """The file that it wants to change is not there, or one that it wants to create is."""

    @property
    def applied(self) -> bool:
        return self in (HunkStatus.CLEAN, HunkStatus.OFFSET, HunkStatus.FUZZ)


class Owner(Struct, frozen=True, kw_only=True):
    """Who put a line there: hunk number `hunk` of `patch` for the line's file."""

    patch: str
    hunk: int


class HunkOutcome(Struct, frozen=True, kw_only=True):
    """One hunk. `line` is where it went, or where it was expected if it did not apply (from 1)."""

    n: int
    status: HunkStatus
    line: int
    patch_line: int
    offset: int = 0
    fuzz: int = 0
    function: str = ""
    culprit: Owner | None = None
    verdict: str = ""


class FileOutcome(Struct, frozen=True, kw_only=True):
    """The hunks of one file of a patch; `path` is after stripping."""

    path: str
    hunks: tuple[HunkOutcome, ...]


class PatchOutcome(Struct, frozen=True, kw_only=True):
    """One patch. `status` is the worst of its hunks."""

    name: str
    strip: int
    status: HunkStatus
    files: tuple[FileOutcome, ...]

    @property
    def failures(self) -> list[tuple[str, HunkOutcome]]:
        """The hunks that did not apply, each with its path."""
        return [(file.path, hunk) for file in self.files for hunk in file.hunks if not hunk.status.applied]
