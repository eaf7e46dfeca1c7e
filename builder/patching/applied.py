"""What comes out of applying patches: the tree, the fate of every hunk, and who owns every line."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct, field

from builder.patching.c_file import CFile
from builder.patching.findings import HunkStatus, Owner, PatchOutcome
from builder.patching.lazy import lazy
from builder.patching.lines import LineIndex, split_lines
from builder.patching.patch import FileChange, Hunk, Patch
from builder.patching.runs import NOWHERE, Run, nested_as_before, spans
from builder.sources.tree import Tree


class Removed(Struct, frozen=True, gc=False):
    """Lines that a hunk took away. They stood before the line that is now at index `at`."""

    at: int
    owner: Owner
    lines: tuple[bytes, ...]


class OwnedLines(Struct, frozen=True, eq=False, dict=True):
    """A file's lines, each with the patch and hunk that put it there; None for a line of the base.

    Compared by identity, so that what was found out about one can be remembered cheaply.
    """

    lines: tuple[bytes, ...]
    runs: tuple[Run, ...]
    """Whose they are: all of them, in order."""
    removed: tuple[Removed, ...] = ()
    """What the patches so far took away, in order of place."""
    made_of: OwnedLines | None = None
    """The file in the base that the patches changed to this one; None if they changed none."""

    @classmethod
    def pristine(cls, data: bytes) -> OwnedLines:
        lines = tuple(split_lines(data))
        return cls(lines, (Run(0, None, 0),))

    @classmethod
    def owned(cls, data: bytes, owner: Owner) -> OwnedLines:
        """Bytes that are new as a whole."""
        lines = tuple(split_lines(data))
        return cls(lines, (Run(0, owner, NOWHERE),), made_of=NOTHING)

    @property
    def origin(self) -> OwnedLines:
        """The file in the base: this one itself, if nothing changed it."""
        return self.made_of or self

    @lazy
    def owners(self) -> tuple[Owner | None, ...]:
        """The owner of each line."""
        owners: list[Owner | None] = []
        for run, end in spans(self.runs, len(self.lines)):
            owners += (run.owner,) * (end - run.at)
        return tuple(owners)

    def run_of(self, index: int) -> tuple[Run, int]:
        """The run that the line `index` is in, and the index behind its last line."""
        number = bisect_right(self._starts, index)
        ends = self._starts[number : number + 1] or (len(self.lines),)
        return self.runs[number - 1], ends[0]

    @lazy
    def _starts(self) -> tuple[int, ...]:
        return tuple([run.at for run in self.runs])

    @lazy
    def nested(self) -> frozenset[int]:
        """The runs of the base's lines, by their `at`, that are as deep in the same braces as in the base."""
        return nested_as_before(self.lines, self.runs, self.origin.lines)

    @lazy
    def index(self) -> LineIndex:
        """The lines, to look for blocks of them."""
        if self.made_of is None:
            return LineIndex(self.lines)
        kept = [
            (run.at, end, run.base) for run, end in spans(self.runs, len(self.lines)) if run.base != NOWHERE
        ]
        return LineIndex(self.lines, self.made_of.index, kept)

    @lazy
    def c_file(self) -> CFile:
        """The lines as those of a C file."""
        return CFile(self.index)

    @lazy
    def data(self) -> bytes:
        """The lines as one."""
        return b"".join(self.lines)


NOTHING = OwnedLines((), (Run(0, None, 0),))
"""A file that does not exist, or is empty."""


class Reject(Struct, frozen=True, kw_only=True):
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


class Applied(Struct, frozen=True, kw_only=True):
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
