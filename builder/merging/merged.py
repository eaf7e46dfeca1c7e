"""What comes out of a three-way merge: files, and in them the regions that both sides changed, each with how it was settled."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from builder.sources.tree import File, Tree


class How(StrEnum):
    """How a region that both sides changed was settled. Every one but CONFLICT is a resolution."""

    SAME = "same"
    """Both sides made the same change."""
    LINES = "lines"
    """The sides changed neighbouring lines, and no line was changed by both."""
    TOKENS = "tokens"
    """The sides changed the same lines, but other words of them."""
    BOTH_ADDED = "both-added"
    """Both sides added something at one place: first what ours added, then what theirs did."""
    LIST = "list"
    """Both sides changed a list (of objects, targets, files, commands, includes): the entries of both are in it."""
    FUNCTION = "function"
    """Both sides added the same function: it is there once."""
    MOVED = "moved"
    """One side moved lines that the other changed: the change went where the lines went."""
    CARRIED = "carried"
    """One side put an object behind another one in every list of the base: it is in the other side's new lists too."""
    CONFLICT = "conflict"
    """In dispute: the merged lines are ours, base and theirs between markers, as diff3 shows them."""


class Shared(NamedTuple):
    """A change that both sides made and that is in the merge once: `base` became `new`; either may be empty."""

    base: bytes
    new: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A part of a file that both sides changed. Indexes count lines from 0; lines have their ends."""

    how: How
    function: str
    """The C function around it; empty outside of one."""
    base_start: int
    merged_start: int
    base: tuple[bytes, ...]
    ours: tuple[bytes, ...]
    theirs: tuple[bytes, ...]
    merged: tuple[bytes, ...]
    note: str
    """One sentence for a person: what was done, or why nothing could be."""
    shared: tuple[Shared, ...] = ()
    """What both sides changed alike, of the lines here. The proof takes none of it on trust."""
    carried: tuple[bytes, ...] = ()
    """Words that neither side has here, but that one of them has everywhere else. The proof looks whether it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedFile:
    """A file that both sides changed, added or removed."""

    path: str
    file: File | None
    """The result, with markers if a region is in dispute; None if the file is gone."""
    regions: tuple[Region, ...]
    conflict: str = ""
    """Why the file as a whole is in dispute: one side removed what the other changed, both added another file."""

    @property
    def ok(self) -> bool:
        return not self.conflict and all(region.how is not How.CONFLICT for region in self.regions)


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedTree:
    """The merge of two trees that come from one base."""

    tree: Tree
    """What only one side changed, and the merged files; with markers where something is in dispute."""
    files: tuple[MergedFile, ...]
    """The files that both sides touched, sorted by path."""

    @property
    def ok(self) -> bool:
        return all(file.ok for file in self.files)
