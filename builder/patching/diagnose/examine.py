"""The facts about one hunk that failed: where it comes closest, what differs there and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from builder.patching import functions, moved, place
from builder.patching.applied import OwnedLines, Reject
from builder.patching.c_file import CFile
from builder.patching.diagnose.background import Background
from builder.patching.diagnose.blame import Fate, Mismatch, Takers, aligned, mismatches, takers, trace
from builder.patching.diagnose.candidate import Alignment, Index, squeezed
from builder.patching.findings import Owner
from builder.patching.home import at_home
from builder.patching.lines import LineIndex
from builder.patching.patch import Hunk

_MOST_FUZZ = 3
_MOST_LINES_OF_C = 100_000
"""Lines of a file above which its functions are not looked for, hunk by hunk."""


class FileFacts:
    """What the hunks of one file have in common: the file as it was and as the base has it."""

    def __init__(self, path: str, before: OwnedLines, original: tuple[bytes, ...]) -> None:
        self.before = before
        self.original = original
        self.in_c = functions.is_source(path) and len(before.lines) <= _MOST_LINES_OF_C

    @cached_property
    def index(self) -> Index:
        """To find the place that is most like a hunk."""
        return Index(self.before.lines)

    @cached_property
    def original_c(self) -> CFile:
        """The base's file."""
        return CFile(LineIndex(self.original))

    @cached_property
    def fates(self) -> Sequence[Fate] | None:
        """What became of each line of the base, if that can be told."""
        return trace(self.original, self.before)

    @cached_property
    def takers(self) -> Takers:
        return takers(self.before)

    @cached_property
    def ever(self) -> frozenset[bytes]:
        """All lines, without their blanks, that the file has or had, in the base or through patches."""
        gone = (line for removed in self.before.removed for line in removed.lines)
        return frozenset(map(squeezed, chain(self.original, self.before.lines, gone)))


@dataclass(frozen=True, kw_only=True)
class Examined:
    """One hunk that failed, with everything about it that a judgement needs."""

    reject: Reject
    background: Background
    file: FileFacts

    @classmethod
    def of(cls, reject: Reject, background: Background, last: Examined | None) -> Examined:
        """The facts about `reject`; those about its file are shared with the hunk before, if that had the same."""
        if last is not None and last.file.before is reject.before and last.reject.path == reject.path:
            return cls(reject=reject, background=background, file=last.file)
        return cls(
            reject=reject,
            background=background,
            file=FileFacts(reject.path, reject.before, background.original(reject.path)),
        )

    @property
    def hunk(self) -> Hunk:
        return self.reject.hunk

    @cached_property
    def in_base(self) -> int | None:
        """Where the base's file has the hunk's old lines; None if it has not, or at several places."""
        return moved.occurrence(self.file.original_c.index, self.hunk)

    @cached_property
    def _fates(self) -> Sequence[Fate] | None:
        """What became of the hunk's old lines, if the base has them: then nothing needs to be guessed."""
        if self.in_base is None or self.file.fates is None:
            return None
        return self.file.fates[self.in_base : self.in_base + len(self.hunk.old)]

    @cached_property
    def alignment(self) -> Alignment | None:
        """Which lines of the file stand for the hunk's old lines; None if there is no such place."""
        if self._fates is not None:
            return aligned(self._fates, self.hunk.old)
        return self.file.index.align(self.hunk.old, self.reject.expected)

    @cached_property
    def mismatches(self) -> list[Mismatch]:
        """What differs at the best place, in order."""
        if self.alignment is None:
            return []
        return mismatches(self.hunk, self.alignment, self.reject.before, self._fates, self.file.takers)

    @property
    def fuzz(self) -> int | None:
        """With how many lines of context left out the hunk would apply, and in its own function; None if never."""
        before, expected = self.reject.before, self.reject.expected
        found = place.find(before.index, self.hunk, guess=expected, floor=0, fuzz=_MOST_FUZZ)
        if found is None or not found.fuzz:
            return None
        if not self.file.in_c or at_home(before, self.file.original, self.hunk, found):
            return found.fuzz
        move = moved.moved(before.c_file, expected, found.start, self.hunk, self.file.original_c)
        return None if move else found.fuzz

    @property
    def taken(self) -> Mismatch | None:
        """The first of the hunk's lines that somebody took away."""
        for line, fate in zip(self.hunk.old, self._fates or (), strict=False):
            if isinstance(fate, Owner):
                places = (gone.at for gone in self.file.takers.get(line, ()) if gone.owner == fate)
                at = next(places, self.reject.expected)
                return Mismatch(line, at, fate, missing=True, changed=True)
        return None

    @property
    def start(self) -> int:
        """The index in the file of the hunk's first line, or where it was expected."""
        start = self.reject.expected if self.alignment is None else self.alignment.start
        return min(max(start, 0), len(self.reject.before.lines))

    @cached_property
    def expected_function(self) -> str:
        """The function that the hunk was made for, if the file is C."""
        if not self.file.in_c:
            return ""
        now, then = self.file.before.c_file.functions, self.file.original_c.functions
        return moved.origin(self.hunk, self.reject.expected, self.in_base, now, then)

    @cached_property
    def candidate_function(self) -> str:
        """The function at the place that is most like it."""
        if self.alignment is None or not self.file.in_c or not self.hunk.edits:
            return ""
        changed = self.alignment.near(self.hunk.edits[0].at)
        return functions.inside(self.file.before.c_file.functions, changed, changed)
