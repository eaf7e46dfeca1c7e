"""What comes of one file of a patch: what to say of it, and what to do to the tree."""

from __future__ import annotations

from msgspec import Struct

from builder.patching.applied import OwnedLines, Reject
from builder.patching.findings import FileOutcome
from builder.patching.lazy import lazy
from builder.sources.tree import File


class Put(Struct, frozen=True, dict=True):
    """A file to be made or replaced."""

    path: str
    lines: OwnedLines
    mode: int

    @lazy
    def file(self) -> File:
        """The file as a tree has it."""
        return File(self.lines.data, self.mode)


class Done(Struct, frozen=True, kw_only=True):
    """The outcome of a change. `put` and `take_out` (a path, first) are what is to be done to the tree."""

    outcome: FileOutcome
    rejects: tuple[Reject, ...] = ()
    put: Put | None = None
    take_out: str | None = None

    @property
    def lines(self) -> int:
        """How many lines it takes to keep this, about."""
        return 100 + (len(self.put.lines.lines) if self.put else 0)
