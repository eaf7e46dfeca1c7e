"""What resolving a series is given and what it finds, patch by patch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from builder.fixups.fixup import FixUp, Ingredient
from builder.fixups.lookup import Found
from builder.merging.merged import MergedTree
from builder.merging.proof import Proof
from builder.patching.applied import Applied
from builder.patching.patch import Patch
from builder.sources.tree import Tree


class State(StrEnum):
    """What became of one patch of the series; all but the first three need a person."""

    APPLIES = "applies"
    """It applies as its author has it, as the recipe's policy wants it."""
    KEPT = "kept"
    """It has a fix-up that is right as it is."""
    RESOLVED = "resolved"
    """It has a new fix-up."""
    CONFLICT = "conflict"
    """Some regions are in dispute."""
    SEMANTIC = "semantic"
    """It could be merged, but what comes out does not compile, or a check finds fault with it."""
    BY_HAND = "by-hand"
    """It has a fix-up that a person made, and that no longer fits."""
    CONTAINED = "contained"
    """The patches before it have all that it does: nothing is left of it."""
    FAILS = "fails"
    """It applies neither to the base nor after any of the patches before it."""
    SKIPPED = "skipped"
    """A patch that it requires is none of the first three."""

    @property
    def settled(self) -> bool:
        return self in (State.APPLIES, State.KEPT, State.RESOLVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A patch of the series as its author has it, with the fix-ups that it has."""

    patch: Patch
    ingredient: Ingredient
    requires: tuple[str, ...] = ()
    fixups: tuple[Found, ...] = ()

    @property
    def name(self) -> str:
        return self.patch.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A member in the form in which the series has it."""

    member: Member
    patch: Patch
    ingredient: Ingredient
    fixup: FixUp | None = None

    @property
    def name(self) -> str:
        return self.member.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A three-way merge of one patch with some of those before it."""

    needs: tuple[Used, ...]
    """The patches that the merge's base has: those that the patch cannot stand without."""
    after: tuple[Used, ...]
    """The other patches of ours: those that the patch is in dispute with, and what they need."""
    base: Tree
    ours: Applied
    theirs: Applied
    merged: MergedTree
    proof: Proof | None = None
    """What the comparison of tokens found; None where something is in dispute, so that there is nothing to compare."""

    @property
    def ok(self) -> bool:
        return self.merged.ok and self.proof is not None and self.proof.ok


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What compiling and checking say of a resolved series."""

    compiled: str = ""
    """Where and by what it was compiled: "native (gcc 12.2.0)"; empty if it does not compile or that was not tried."""
    error: str = ""


Judge = Callable[[Applied, Applied, Applied], Judged]
"""Compiles a series up to a patch. It is given the series with the patch, the series before it, and the patch alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What became of one patch. `note` is a sentence for a person."""

    member: Member
    state: State
    note: str = ""
    fixup: FixUp | None = None
    """The fix-up in use, new or not."""
    instead: Found | None = None
    """A fix-up that was there and that the new one takes the place of."""
    attempt: Attempt | None = None
    error: str = ""
    """What the compiler or a check said."""

    @property
    def fresh(self) -> bool:
        """Whether the fix-up is to be written."""
        return self.fixup is not None and (self.instead is None or self.instead.fixup != self.fixup)
