"""Where a patch's hunks are in the files of the base: which lines they change and which they only have as context.

A patch is a diff against a base that we own, so for most hunks the place is known as soon as the patch was applied once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from builder.patching.applied import Applied, OwnedLines
from builder.patching.apply import apply
from builder.patching.difference import Change, changes
from builder.patching.findings import FileOutcome
from builder.patching.lines import split_lines
from builder.patching.patch import FileChange, Hunk, Kind, Patch
from builder.patching.place import first_index
from builder.recipes.model import ApplyPolicy
from builder.sources.tree import Tree

_CONTEXT = 3
_ANYWHERE = ApplyPolicy(fuzz=3, other_functions=True)


class Spot(NamedTuple):
    """A change in terms of the base: its lines `start` up to `end` (indexes from 0) become `added`."""

    start: int
    end: int
    added: tuple[bytes, ...]


class HunkPrint(NamedTuple):
    """A hunk in the base: it looks at the lines `start` up to `end` and makes the changes `spots`."""

    number: int
    start: int
    end: int
    spots: tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class FilePrint:
    """The hunks of a patch for one file of the base, in order."""

    hunks: tuple[HunkPrint, ...]


def file_prints(base: Tree, patch: Patch, needs: Sequence[Patch], applied: Applied) -> dict[str, FilePrint]:
    """The prints of a patch that was applied after its needs, by path; only files that the base has are in it."""
    found: dict[str, FilePrint] = {}
    direct = _direct(patch, applied) if not needs else {}
    before: Tree | None = None
    for path in dict.fromkeys((*applied.owned, *applied.gone)):
        if path not in base:
            continue
        if path in direct:
            found[path] = FilePrint(tuple(hunk_print(hunk, at) for hunk, at in direct[path]))
            continue
        if before is None:
            before = apply(base, needs, _ANYWHERE).tree
        lines = tuple(split_lines(before[path].data)) if path in before else ()
        to_base = _mapped(tuple(split_lines(base[path].data)), lines)
        after = applied.owned.get(path, OwnedLines((), ()))
        found[path] = FilePrint(tuple(_by_difference(patch.name, lines, after, to_base)))
    return found


def _direct(patch: Patch, applied: Applied) -> dict[str, list[tuple[Hunk, int]]]:
    """For files that the patch simply changes, once: its hunks, each with its first line's index in the base."""
    places: dict[str, list[tuple[Hunk, int]]] = {}
    several: set[str] = set()
    outcome = applied.patches[-1]
    for change, target in zip(patch.files, outcome.files, strict=True):
        if target.path in places or change.kind not in (Kind.CHANGE, Kind.REMOVE, Kind.CREATE):
            several.add(target.path)
        places[target.path] = list(_places(change, target))
    return {path: hunks for path, hunks in places.items() if path not in several}


def _places(change: FileChange, target: FileOutcome) -> Iterator[tuple[Hunk, int]]:
    by_number = {hunk.n: hunk for hunk in target.hunks}
    for hunk in change.hunks:
        outcome = by_number.get(hunk.number)
        if outcome is not None and outcome.status.applied:
            yield hunk, first_index(hunk) + outcome.offset


def hunk_print(hunk: Hunk, at: int) -> HunkPrint:
    """The print of a hunk whose first line is at index `at`."""
    spots = tuple(Spot(at + edit.at, at + edit.at + edit.removed, edit.added) for edit in hunk.edits)
    return HunkPrint(hunk.number, at, at + len(hunk.old), spots)


def _by_difference(
    name: str, before: Sequence[bytes], after: OwnedLines, to_base: Callable[[int], int]
) -> Iterator[HunkPrint]:
    """The prints of what a patch made of lines, one for each change."""
    for change in changes(before, after.lines):
        owners = {
            owner.hunk
            for owner in after.owners[change.new_start : change.new_end]
            if owner and owner.patch == name
        }
        owners = owners or {
            one.owner.hunk for one in after.removed if one.at == change.new_start and one.owner.patch == name
        }
        start, end = to_base(change.old_start), to_base(change.old_end)
        spot = Spot(start, max(start, end), after.lines[change.new_start : change.new_end])
        block = max(to_base(max(change.old_start - _CONTEXT, 0)), 0), to_base(change.old_end + _CONTEXT)
        yield HunkPrint(min(owners, default=0), *block, (spot,))


def _mapped(base: Sequence[bytes], lines: Sequence[bytes]) -> Callable[[int], int]:
    """Says for an index in `lines` which one it is in `base`; for a line that only the former has, where it would be."""
    found = changes(base, lines)
    starts = [change.new_start for change in found]

    def to_base(index: int) -> int:
        index = min(index, len(lines))
        at = bisect_right(starts, index) - 1
        change = found[at] if at >= 0 else Change(0, 0, 0, 0)
        return change.old_end + index - change.new_end if index >= change.new_end else change.old_start

    return to_base
