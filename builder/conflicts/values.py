"""What is found out about pairs of patches: outcomes and collisions, as plain data for reports."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Outcome(StrEnum):
    """What happens when one patch is applied after another, from harmless to worst."""

    CLEAN = "clean"
    OFFSET = "offset"
    FUZZ = "fuzz"
    """It applies if lines of context may differ: a strict build refuses it."""
    RESOLVED = "resolved"
    """Hunks fail, but the three-way merge settles every region."""
    HIDDEN = "hidden"
    """It seems to apply, but wrongly: the two orders give different trees, or a hunk lands in another function."""
    SEMANTIC = "semantic"
    """It applies, or is resolved, but the result does not compile."""
    CONFLICT = "conflict"


class CollisionKind(StrEnum):
    """In what way two patches are in each other's way."""

    BOTH_ADD = "both-add"
    """Both add lines at one place."""
    CONTEXT = "context"
    """One changes what the other only has as context."""
    REWRITTEN = "rewritten"
    """Both rewrite the same lines."""
    SAME_FILE_EQUAL = "same-file-equal"
    """Both add the same file."""
    SAME_FILE_DIFFERENT = "same-file-different"
    """Both add a file of this name, but not the same."""
    REMOVED = "removed"
    """One removes (lines or the file) what the other edits."""
    ALONE = "alone"
    """No collision: the hunk does not even apply to the bare base."""


class Collision(msgspec.Struct, frozen=True, kw_only=True):
    """One place where two patches meet. Hunks are numbers within their file, 0 for the file as a whole."""

    path: str
    function: str
    kind: CollisionKind
    first_hunk: int
    second_hunk: int
    base_line: int
    """Where in the base's file the disputed lines begin, from 1; 0 if the file is not in the base."""
    base: str = ""
    """The disputed lines as the base has them."""
    first: str = ""
    """The same lines as the first patch makes them."""
    second: str = ""
    merged: str = ""
    """As the merge settled them; with markers where it could not."""
    how: str = ""
    """How they were settled (merging.How); empty if no merge was asked."""
    advice: str = ""
    """One sentence: what to decide here; empty where the pair's advice is all."""


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """One ordered pair: `second` applied after `first`."""

    first: str
    second: str
    outcome: Outcome
    compiles: bool | None = None
    """None if it was not tried."""
    collisions: tuple[Collision, ...] = ()
    note: str = ""
    """What else is to be said: "needs smtp-auth before it", the compiler's first error."""
    advice: str = ""
    """What to do about it, with the command; empty where there is nothing to do, or its places say it."""
    refused: bool = False
    """Whether no recipe may have them like this: a patch.toml excludes it, or wants the other order."""


class PatchState(msgspec.Struct, frozen=True, kw_only=True):
    """One of the compared patches, alone on the base."""

    name: str
    sha256: str
    alone: str
    """Its status on the bare base after what it requires: clean, offset, fuzz, rejected, …"""
    needs: tuple[str, ...] = ()
    """The patches that come before it in every pair, from its patch.toml."""


class Matrix(msgspec.Struct, frozen=True, kw_only=True):
    """All ordered pairs of some patches on one base, by rows: the first patch, then the second."""

    base: str
    base_tree: str
    patches: tuple[PatchState, ...]
    pairs: tuple[Pair, ...]
