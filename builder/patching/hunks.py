"""The hunks of one file, applied one after the other as GNU patch does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from builder.patching import place
from builder.patching.applied import OwnedLines, Removed
from builder.patching.findings import HunkOutcome, HunkStatus, Owner
from builder.patching.moved import Move
from builder.patching.patch import ADDED, Edit, Hunk
from builder.patching.runs import NOWHERE, Run
from builder.recipes.model import ApplyPolicy

Moved = Callable[[OwnedLines, int, place.Place, Hunk], Move | None]
"""Says whether a hunk expected at an index of a file is at its place in another function."""
_FEW = 1000
"""Hunks of a file whose edits and old lines are kept with them for the next time. Of ten thousand, garbage collection
would go through them again and again, for a third of the time."""


class Changed(Struct, frozen=True, kw_only=True):
    """A file after its hunks. `missed` are those that did not apply, each with the index where it was expected."""

    after: OwnedLines
    outcomes: tuple[HunkOutcome, ...]
    missed: tuple[tuple[Hunk, int, HunkStatus], ...]

    @property
    def any_applied(self) -> bool:
        return len(self.missed) < len(self.outcomes)


def apply_hunks(
    patch: str, before: OwnedLines, hunks: tuple[Hunk, ...], policy: ApplyPolicy, moved: Moved | None = None
) -> Changed:
    """Apply what fits of `hunks` to the lines `before`, and say what became of each.

    Hunks must come in the order of the file. What lies between two changes is context for both: only lines up to the
    last change of a hunk are done when the next one is looked at.
    """
    output = _Output(before)
    index = before.index
    outcomes: list[HunkOutcome] = []
    missed: list[tuple[Hunk, int, HunkStatus]] = []
    kept = len(hunks) <= _FEW
    shift = 0  # how far the last hunk was from where it said
    for hunk in hunks:
        first = place.first_index(hunk)
        guess = first + shift
        edits = hunk.edits if kept else hunk.find_edits()
        old = hunk.old if kept else hunk.without(ADDED)
        if place.fits(index, old, edits, guess, output.done):
            found: place.Place | None = place.Place(guess, 0)
        else:
            found = place.find(index, hunk, guess=guess, floor=output.done, fuzz=policy.fuzz)
        if found is not None and (policy.max_offset is None or abs(found.start - first) <= policy.max_offset):
            line = found.start + 1 + output.grown
            elsewhere = found.start != first or found.fuzz
            move = moved(before, guess, found, hunk) if moved and elsewhere else None
            if move is not None:
                outcomes.append(_misplaced(hunk, found, first, move, line))
                missed.append((hunk, guess, HunkStatus.MISPLACED))
                continue
            shift = found.start - first
            if output.put(edits, found.start, Owner(patch=patch, hunk=hunk.number)):
                outcomes.append(_applied(hunk, found, first, line))
                continue
        outcomes.append(_rejected(before, hunk, guess, found))
        missed.append((hunk, guess, outcomes[-1].status))
    return Changed(after=output.finished(), outcomes=tuple(outcomes), missed=tuple(missed))


def section(hunk: Hunk) -> str:
    """The heading of a hunk as text: usually the head of a C function."""
    return hunk.section.decode("utf-8", "replace").strip() if hunk.section else ""


class _Output:
    """The new lines of a file, made from the top down.

    `done` counts the old lines that are dealt with, `grown` how many more new ones than old ones the hunks have.
    """

    def __init__(self, before: OwnedLines) -> None:
        self._before = before
        self._lines: list[bytes] = []
        self._runs: list[Run] = []
        self._removed: list[Removed] = []
        self._run = 0  # the one of before.runs that is copied next
        self._ended = True  # whether the last line has a line end
        self._passed = 0  # how many of before.removed are dealt with
        self.done = 0
        self.grown = 0

    def put(self, edits: Sequence[Edit], start: int, owner: Owner) -> bool:
        """Make a hunk's changes with its first line at index `start`. False if lines before that are done already.

        Context is the file's own, because with fuzz it may differ from the patch's.
        """
        if start == -1 or (edits and start + edits[0].at < self.done):
            return False
        for edit in edits:
            self._copy(start + edit.at)
            if edit.removed:
                self._remove(edit.removed, owner)
            if edit.added:
                self._add(edit.added, owner)
            self.grown += len(edit.added) - edit.removed
        return True

    def finished(self) -> OwnedLines:
        if not self.done and not self._lines:
            return self._before
        self._copy(max(self.done, len(self._before.lines)))
        lines, runs, removed = tuple(self._lines), tuple(self._runs), tuple(self._removed)
        return OwnedLines(lines, runs, removed, self._before.origin)

    def _copy(self, end: int) -> None:
        """Take over the old lines before index `end`. They may end before it: then it is done all the same."""
        before = self._before
        if before.removed:
            self._pass_removed(end)
        lines = before.lines[self.done : end]
        if lines:
            if not self._ended:
                self._end_line()
            self._copy_runs(self.done + len(lines))
            self._lines += lines
            self._ended = lines[-1].endswith(b"\n")
        self.done = end

    def _add(self, added: tuple[bytes, ...], owner: Owner) -> None:
        if not self._ended:
            self._end_line()
        self._runs.append(Run(len(self._lines), owner, NOWHERE))
        self._lines += added
        self._ended = added[-1].endswith(b"\n")

    def _copy_runs(self, end: int) -> None:
        """Take over whose the old lines before index `end` are."""
        runs, last = self._before.runs, len(self._before.runs) - 1
        grown = len(self._lines) - self.done
        while True:
            run = runs[self._run]
            start = max(run.at, self.done)
            behind = runs[self._run + 1].at if self._run < last else end
            if start < behind:
                base = run.base if run.base == NOWHERE else run.base + start - run.at
                self._runs.append(Run(grown + start, run.owner, base))
            if behind >= end:
                return
            self._run += 1

    def _end_line(self) -> None:
        """End the last line, which was that of a file and is not any more. The base has another one."""
        self._lines[-1] += b"\n"
        self._runs.append(Run(len(self._lines) - 1, self._runs[-1].owner, NOWHERE))

    def _remove(self, count: int, owner: Owner) -> None:
        """Leave out old lines."""
        end = self.done + count
        # What earlier patches took away from in between is now gone from here.
        if self._before.removed:
            self._pass_removed(end, at=len(self._lines))
        self._removed.append(Removed(len(self._lines), owner, self._before.lines[self.done : end]))
        self.done = end

    def _pass_removed(self, end: int, at: int | None = None) -> None:
        """Carry over what earlier patches took away before the old line `end`."""
        earlier = self._before.removed
        while self._passed < len(earlier) and earlier[self._passed].at <= end:
            removed = earlier[self._passed]
            now_at = len(self._lines) + removed.at - self.done if at is None else at
            self._removed.append(Removed(now_at, removed.owner, removed.lines))
            self._passed += 1


def _applied(hunk: Hunk, found: place.Place, first: int, line: int) -> HunkOutcome:
    offset = found.start - first
    status = HunkStatus.FUZZ if found.fuzz else HunkStatus.OFFSET if offset else HunkStatus.CLEAN
    return HunkOutcome(
        n=hunk.number,
        status=status,
        line=line,
        patch_line=hunk.patch_line,
        offset=offset,
        fuzz=found.fuzz,
        function=section(hunk),
    )


def _misplaced(hunk: Hunk, found: place.Place, first: int, move: Move, line: int) -> HunkOutcome:
    return HunkOutcome(
        n=hunk.number,
        status=HunkStatus.MISPLACED,
        line=line,
        patch_line=hunk.patch_line,
        offset=found.start - first,
        fuzz=found.fuzz,
        function=move.expected or section(hunk),
        landed=move.landed,
        verdict=f"it is made for {_named(move.expected)}, but fits in {_named(move.landed)}",
    )


def _named(function: str) -> str:
    return f"{function}()" if function else "no function"


def _rejected(before: OwnedLines, hunk: Hunk, guess: int, found: place.Place | None) -> HunkOutcome:
    status, verdict = HunkStatus.REJECTED, "the lines that it expects are not there"
    if found is not None:
        verdict = "its place is farther away than the recipe allows, or above that of the hunk before it"
    elif hunk.new and place.find(before.index, hunk.reverse, guess=guess, floor=0, fuzz=0):
        status, verdict = HunkStatus.ALREADY_APPLIED, "its change is there already"
    return HunkOutcome(
        n=hunk.number,
        status=status,
        line=guess + 1,
        patch_line=hunk.patch_line,
        function=section(hunk),
        verdict=verdict,
    )
