"""What patches make of the files of a base, file by file, and which of them are in each other's way there.

A patch applies if each of its files does, and what becomes of a file depends only on the patches that touch it. So it is
the states of files that are kept: each is worked out once, by `builder.patching.apply`, however many orders lead to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations, pairwise
from typing import NamedTuple

from builder.conflicts.grouping import grouped
from builder.conflicts.prints import HunkPrint, hunk_print
from builder.conflicts.touches import touching
from builder.patching.applied import Applied
from builder.patching.apply import apply
from builder.patching.findings import FileOutcome, HunkStatus, PatchOutcome
from builder.patching.lines import split_lines
from builder.patching.patch import FileChange, Hunk, Kind, Patch
from builder.patching.place import first_index
from builder.patching.strip import names_of
from builder.recipes.model import ApplyPolicy
from builder.sources.tree import File, Tree

_MISSED = (HunkStatus.NO_TARGET, HunkStatus.MALFORMED)

Contents = tuple[tuple[str, File | None], ...]
"""What is at the paths of a place; None: no file."""
State = tuple[int, ...]
"""For each place the number of its contents."""


class Effect(NamedTuple):
    """What a patch does at a place as it is now."""

    after: int | None
    """The number of the contents that it makes; None if it does not apply there."""
    whole: bool
    """Whether it makes, removes, moves or misses a file: then everything else that is done there is in its way."""
    prints: Mapping[str, Sequence[HunkPrint]]
    """By path, the hunks that apply, in the lines as they are now."""
    lacks: frozenset[bytes]
    """Lines of the hunks which do not apply that are nowhere: somebody must add them."""
    awaits: frozenset[bytes]
    """Lines of those which do not apply though all their lines are there: somebody must bring them together."""
    wants: frozenset[bytes]
    """All lines of the hunks which do not apply, but for those that every file is full of."""
    adds: frozenset[bytes]
    joins: frozenset[bytes]
    """Lines next to which it takes others away."""
    gives: frozenset[bytes]
    """Lines that are there, or next to each other, because of it."""


@dataclass(slots=True, kw_only=True)
class _Place:
    """One path of the tree, or several that a patch moves a file between. Contents 0 are the base's."""

    pieces: dict[int, Patch]
    """By the patch's number, the part of it that is for this place."""
    contents: list[Contents]
    series: list[tuple[Patch, ...]]
    """For each contents the pieces that make it of the base."""
    effects: dict[tuple[int, int], Effect] = field(default_factory=dict)
    apart: dict[tuple[int, int, int], bool] = field(default_factory=dict)


class Ground:
    """A base and patches, which go by their number from 0.

    That patches which touch different lines leave each other alone is an assumption, nearly always true. With `joined`
    nothing is assumed: all files are one place, where all are in each other's way.
    """

    def __init__(
        self, tree: Tree, patches: Sequence[Patch], policy: ApplyPolicy, *, joined: bool = False
    ) -> None:
        self.tree = tree
        self.patches = tuple(patches)
        self.policy = policy
        self._joined = joined
        self._places = list(_places(tree, patches, policy, joined=joined))

    @cached_property
    def _of_patch(self) -> list[tuple[int, ...]]:
        return [
            tuple(at for at, place in enumerate(self._places) if number in place.pieces)
            for number in range(len(self.patches))
        ]

    @property
    def start(self) -> State:
        """The bare base."""
        return (0,) * len(self._places)

    def shared(self, patches: Iterable[int]) -> list[int]:
        """The places that the patches touch and others, too: where their fate is decided."""
        touched = {at for patch in patches for at in self._of_patch[patch]}
        return sorted(at for at in touched if len(self._places[at].pieces) > 1)

    def after(self, state: State, patch: int) -> State | None:
        """The state after a patch; None if it does not apply."""
        result = list(state)
        for at in self._of_patch[patch]:
            made = self._effect(at, state[at], patch).after
            if made is None:
                return None
            result[at] = made
        return tuple(result)

    def applies(self, order: Sequence[int]) -> bool:
        """Whether the patches apply in this very order."""
        state: State | None = self.start
        for patch in order:
            state = None if state is None else self.after(state, patch)
        return state is not None

    def ties(self, state: State, patches: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Those that are in each other's way in this state, or may help each other."""
        for at in self.shared(patches):
            here = [patch for patch in patches if patch in self._places[at].pieces]
            for one, other in combinations(here, 2):
                if not self._apart(at, state[at], one, other):
                    yield one, other

    def helpers(self, state: State, patch: int, others: Iterable[int]) -> set[int]:
        """Those of the others that may bring a patch nearer to applying where it does not in this state."""
        found: set[int] = set()
        for at in self._of_patch[patch]:
            mine = self._effect(at, state[at], patch)
            if mine.after is None:
                here = [other for other in others if other in self._places[at].pieces]
                found.update(
                    other
                    for other in here
                    if self._joined or _helps(self._effect(at, state[at], other), mine)
                )
        return found

    def _apart(self, at: int, contents: int, one: int, other: int) -> bool:
        """Whether at a place neither patch changes what becomes of the other."""
        known = self._places[at].apart
        key = (contents, one, other)
        if key not in known:
            mine, others = self._effect(at, contents, one), self._effect(at, contents, other)
            known[key] = not self._joined and _are_apart(mine, others)
        return known[key]

    def _effect(self, at: int, contents: int, patch: int) -> Effect:
        known = self._places[at].effects
        if (contents, patch) not in known:
            known[contents, patch] = self._work_out(self._places[at], contents, patch)
        return known[contents, patch]

    def _work_out(self, place: _Place, contents: int, patch: int) -> Effect:
        piece = place.pieces[patch]
        series = (*place.series[contents], piece)
        applied = apply(self.tree, series, self.policy)
        outcome = applied.patches[-1]
        hunks = [hunk for change in piece.files for hunk in change.hunks]
        return Effect(
            after=_number(place, applied, series) if outcome.status.applied else None,
            whole=any(map(_is_whole, piece.files, outcome.files)),
            prints=_prints(piece, outcome),
            **_wishes(piece, outcome, place.contents[contents], self.policy.fuzz),
            adds=frozenset(line for hunk in hunks for edit in hunk.edits for line in edit.added),
            joins=frozenset(
                line for hunk in hunks if any(edit.removed for edit in hunk.edits) for line in hunk.new
            ),
            gives=frozenset(line for hunk in hunks for line in hunk.new),
        )


def _places(tree: Tree, patches: Sequence[Patch], policy: ApplyPolicy, *, joined: bool) -> Iterator[_Place]:
    changes = [list(_changes(tree, patch, policy)) for patch in patches]
    every = [paths for found in changes for _, _, paths in found]
    ties = [tie for paths in every for tie in pairwise(paths)]
    if joined:
        ties += pairwise(paths[0] for paths in every)
    for group in grouped(sorted({path for paths in every for path in paths}), ties):
        pieces = {}
        for number, patch in enumerate(patches):
            here = [(change, level) for change, level, paths in changes[number] if paths[0] in group]
            if here:
                files = tuple(change for change, _ in here)
                levels = {level for _, level in here}
                pieces[number] = replace(
                    patch, files=files, strip=levels.pop() if len(levels) == 1 else patch.strip
                )
        contents = tuple((path, tree.get(path)) for path in group)
        yield _Place(pieces=pieces, contents=[contents], series=[()])


def _changes(
    tree: Tree, patch: Patch, policy: ApplyPolicy
) -> Iterator[tuple[FileChange, int, Sequence[str]]]:
    """The changes of a patch, each with its strip level and all the paths that it may be about."""
    outcome = apply(tree, [patch], policy).patches[0]
    for change, target in zip(patch.files, outcome.files, strict=True):
        yield change, target.strip, list(dict.fromkeys((target.path, *names_of(change, target.strip))))


def _number(place: _Place, applied: Applied, series: tuple[Patch, ...]) -> int:
    """The number of the contents that a series made."""
    contents = tuple((path, applied.tree.get(path)) for path, _ in place.contents[0])
    if contents not in place.contents:
        place.contents.append(contents)
        place.series.append(series)
    return place.contents.index(contents)


def _is_whole(change: FileChange, target: FileOutcome) -> bool:
    if change.kind is not Kind.CHANGE or change.creates or change.removes:
        return True
    return any(not hunk.old for hunk in change.hunks) or any(
        hunk.n == 0 or hunk.status in _MISSED for hunk in target.hunks
    )


def _prints(piece: Patch, outcome: PatchOutcome) -> dict[str, list[HunkPrint]]:
    prints: dict[str, list[HunkPrint]] = {}
    for change, target in zip(piece.files, outcome.files, strict=True):
        done = {hunk.n: hunk for hunk in target.hunks if hunk.status.applied}
        prints.setdefault(target.path, []).extend(
            _print(hunk, first_index(hunk) + done[hunk.number].offset)
            for hunk in change.hunks
            if hunk.number in done
        )
    return prints


def _print(hunk: Hunk, at: int) -> HunkPrint:
    found = hunk_print(hunk, at)
    # Shorter context at one end means that the file begins or ends there: what is put beyond it is in the way, too.
    start = found.start - (hunk.leading < hunk.trailing)
    return found._replace(start=start, end=found.end + (hunk.trailing < hunk.leading))


def _wishes(
    piece: Patch, outcome: PatchOutcome, contents: Contents, fuzz: int
) -> dict[str, frozenset[bytes]]:
    """`lacks`, `awaits` and `wants` of an effect."""
    lacks: set[bytes] = set()
    awaits: set[bytes] = set()
    wants: set[bytes] = set()
    failed = list(_failed(piece, outcome))
    there = Counter(line for _, file in contents if failed and file for line in split_lines(file.data))
    for hunk in failed:
        # Context at the ends may differ with fuzz, so that nobody need bring it.
        needed = hunk.old[min(fuzz, hunk.leading) : len(hunk.old) - min(fuzz, hunk.trailing)]
        missing = [line for line in needed if not there[line]]
        lacks.update(missing)
        rare = [line for line in hunk.old if there[line] < 2] or hunk.old
        awaits.update(() if missing else rare)
        wants.update(rare)
    return {"lacks": frozenset(lacks), "awaits": frozenset(awaits), "wants": frozenset(wants)}


def _failed(piece: Patch, outcome: PatchOutcome) -> Iterator[Hunk]:
    for change, target in zip(piece.files, outcome.files, strict=True):
        failed = {hunk.n for hunk in target.hunks if not hunk.status.applied}
        yield from (hunk for hunk in change.hunks if hunk.number in failed)


def _helps(one: Effect, failing: Effect) -> bool:
    if failing.whole or one.whole or one.adds & failing.lacks:
        return True
    return not failing.awaits.isdisjoint(one.adds | one.joins)


def _are_apart(one: Effect, other: Effect) -> bool:
    if one.whole or other.whole or one.wants & other.gives or other.wants & one.gives:
        return False
    return not any(
        touching(mine, others)
        for path, prints in one.prints.items()
        for mine in prints
        for others in other.prints.get(path, ())
        if mine.start <= others.end and others.start <= mine.end
    )
