"""What resolving found, as plain data for reports."""

from __future__ import annotations

from msgspec import Struct

from builder.fixups.fixup import Settled
from builder.patching.findings import Owner
from builder.resolving.values import State


class Disputed(Struct, frozen=True, kw_only=True):
    """A region in dispute: the same lines as the base has them, as the earlier patches make them, and as this one does.

    For a file that is in dispute as a whole the lines are empty and `line` is 0.
    """

    path: str
    line: int
    function: str
    note: str
    base: str = ""
    ours: str = ""
    theirs: str = ""
    ours_by: tuple[Owner, ...] = ()
    theirs_by: tuple[Owner, ...] = ()


class Resolved(Struct, frozen=True, kw_only=True):
    """What became of one patch of the series."""

    name: str
    typed: str
    """What a user types for it: its name, or the path of its file."""
    state: State
    note: str = ""
    after: tuple[str, ...] = ()
    """The patches that its fix-up is for, or that it is in dispute with."""
    needs: tuple[str, ...] = ()
    file: str = ""
    """The path of the fix-up that is in use or, if `written`, new."""
    written: bool = False
    replaced: str = ""
    """The path of a fix-up that was taken away, because the new one stands for it."""
    settled: tuple[Settled, ...] = ()
    disputed: tuple[Disputed, ...] = ()
    proof: str = ""
    compiled: str = ""
    error: str = ""
    """What the compiler or a check said."""


class Resolution(Struct, frozen=True, kw_only=True):
    """A series that was gone through. `id` is "recipe@platform" or the base's name."""

    id: str
    base: str
    base_tree: str
    patches: tuple[Resolved, ...]

    @property
    def unsettled(self) -> tuple[Resolved, ...]:
        """The patches that need a person."""
        return tuple(patch for patch in self.patches if not patch.state.settled)
