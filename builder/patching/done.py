"""What comes of one file of a patch: what to say of it, and what to do to the tree."""

from __future__ import annotations

from dataclasses import dataclass

from builder.patching.applied import OwnedLines, Reject
from builder.patching.findings import FileOutcome


@dataclass(frozen=True, slots=True)
class Put:
    """A file to be made or replaced."""

    path: str
    lines: OwnedLines
    mode: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The outcome of a change. `put` and `take_out` (a path, first) are what is to be done to the tree."""

    outcome: FileOutcome
    rejects: tuple[Reject, ...] = ()
    put: Put | None = None
    take_out: str | None = None

    @property
    def lines(self) -> int:
        """How many lines it takes to keep this, about."""
        return 100 + (len(self.put.lines.lines) if self.put else 0)
