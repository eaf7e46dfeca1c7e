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
    MISPLACED = "misplaced"
    """It fits, but in another function than the one that it was made for; so it was not applied."""
    REJECTED = "rejected"
    """The lines that it wants to change are not there."""
    NO_TARGET = "no-target"
    """The file that it wants to change is not there, or one that it wants to create is."""
    MALFORMED = "malformed"
    """The patch itself lacks what it takes to apply it."""

    @property
    def applied(self) -> bool:
        return self in (HunkStatus.CLEAN, HunkStatus.OFFSET, HunkStatus.FUZZ)


class Owner(Struct, frozen=True, kw_only=True, gc=False):
    """Who put a line there: hunk number `hunk` of `patch` for the line's file; 0: the patch made the file as a whole."""

    patch: str
    hunk: int


class HunkOutcome(Struct, frozen=True, kw_only=True, gc=False):
    """One hunk. `line` is where it went, or where it was expected if it did not apply (from 1).

    Number 0 is the file as a whole: what can go wrong with its name, its mode, its bytes or its removal.
    """

    n: int
    status: HunkStatus
    line: int
    patch_line: int
    offset: int = 0
    fuzz: int = 0
    function: str = ""
    """The function that the hunk was made for, as far as the patch says."""
    landed: str = ""
    """For a misplaced hunk the function that it fits in."""
    culprit: Owner | None = None
    verdict: str = ""


class FileOutcome(Struct, frozen=True, kw_only=True):
    """The hunks of one file of a patch; `path` is after stripping `strip` folders."""

    path: str
    hunks: tuple[HunkOutcome, ...]
    strip: int = 1


class PatchOutcome(Struct, frozen=True, kw_only=True):
    """One patch. `strip` is that of most of its files, `status` the worst of its hunks."""

    name: str
    strip: int
    status: HunkStatus
    files: tuple[FileOutcome, ...]

    @property
    def failures(self) -> list[tuple[str, HunkOutcome]]:
        """The hunks that did not apply, each with its path."""
        return [(file.path, hunk) for file in self.files for hunk in file.hunks if not hunk.status.applied]
