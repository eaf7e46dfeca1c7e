"""What comes out of applying patches: the tree, the fate of every hunk, and who owns every line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from msgspec import Struct

from builder.patching.c_file import CFile
from builder.patching.findings import HunkStatus, Owner, PatchOutcome
from builder.patching.lines import LineIndex, split_lines
from builder.patching.patch import FileChange, Hunk, Patch
from builder.sources.tree import Tree


class Removed(Struct, frozen=True, gc=False):
    """Lines that a hunk took away. They stood before the line that is now at index `at`."""

    at: int
    owner: Owner
    lines: tuple[bytes, ...]


@dataclass(frozen=True, eq=False)
class OwnedLines:
    """A file's lines, each with the patch and hunk that put it there; None for a line of the base.

    Compared by identity, so that what was found out about one can be remembered cheaply.
    """

    lines: tuple[bytes, ...]
    owners: tuple[Owner | None, ...]
    removed: tuple[Removed, ...] = ()
    """What the patches so far took away, in order of place."""

    @classmethod
    def pristine(cls, data: bytes) -> OwnedLines:
        lines = tuple(split_lines(data))
        return cls(lines, (None,) * len(lines))

    @classmethod
    def owned(cls, data: bytes, owner: Owner) -> OwnedLines:
        """Bytes that are new as a whole."""
        lines = tuple(split_lines(data))
        return cls(lines, (owner,) * len(lines))

    @cached_property
    def index(self) -> LineIndex:
        """The lines, to look for blocks of them."""
        return LineIndex(self.lines)

    @cached_property
    def c_file(self) -> CFile:
        """The lines as those of a C file."""
        return CFile(self.index)

    @cached_property
    def data(self) -> bytes:
        """The lines as one."""
        return b"".join(self.lines)


NOTHING = OwnedLines((), ())
"""A file that does not exist, or is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """A hunk that did not apply, with all that is needed to find out why."""

    patch: Patch
    change: FileChange
    hunk: Hunk
    """As it was to be applied: turned round if the patch was to be taken back. So is `change`."""
    path: str
    """In the tree."""
    strip: int
    before: OwnedLines
    """The file as the patch found it; without lines if it was not there."""
    expected: int
    """The index (from 0) in `before` where the hunk should have gone, after what the hunks before it said."""
    status: HunkStatus
    why: str = ""
    """Why nothing of its file was tried, in a sentence without a full stop; "" for a hunk that was tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The outcome of a series. `tree` is the patched tree if all of it applied, otherwise the tree as it was."""

    tree: Tree
    patches: tuple[PatchOutcome, ...]
    owned: Mapping[str, OwnedLines]
    """The files that a patch touched and that are still there, as far as the series got."""
    rejects: tuple[Reject, ...] = ()
    """The hunks that did not apply, in order."""
    gone: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The files that a patch removed or renamed, each with the name of that patch."""

    @property
    def ok(self) -> bool:
        return all(patch.status.applied for patch in self.patches)

    def owner(self, path: str, line: int) -> Owner | None:
        """Who put line number `line` (from 1) of `path` there; None for the base, or if there is no such line."""
        owned = self.owned.get(path)
        if owned is None or not 0 < line <= len(owned.owners):
            return None
        return owned.owners[line - 1]
