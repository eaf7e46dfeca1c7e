"""Which lines differ between two versions of a file: the fewest possible, by Myers's greedy algorithm.

E. Myers, "An O(ND) Difference Algorithm and Its Variations", Algorithmica 1 (1986).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from msgspec import Struct

_MOST_EDITS = 1500
"""Beyond this many edits the fewest are not looked for: the time grows with their square."""
_STRIDE = 32
"""Lines that are compared at once."""


class Change(Struct, frozen=True, gc=False):
    """old[old_start:old_end] became new[new_start:new_end]; one of the two may be empty."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


class _Run(NamedTuple):
    """`length` lines that are equal, from `i` on in the old lines and from `j` on in the new ones."""

    i: int
    j: int
    length: int


def changes(old: Sequence[bytes], new: Sequence[bytes]) -> list[Change]:
    """The changes that make `new` of `old`, in order, with equal lines between any two of them.

    An insertion or deletion that could stand at several places (a repeated line) stands at the last, as diff has it.
    """
    old, new = list(old), list(new)
    front = _equal(old, new)
    back = _equal(old[front:][::-1], new[front:][::-1])
    middle_old, middle_new = old[front : len(old) - back], new[front : len(new) - back]
    matches = _matches(middle_old, middle_new) if middle_old and middle_new else ()
    found = list(_between(matches, front, len(old) - back, len(new) - back))
    return _slid(found, old, new)


def _equal(a: list[bytes], b: list[bytes], i: int = 0, j: int = 0) -> int:
    """How many lines from `i` and `j` on are equal."""
    most = min(len(a) - i, len(b) - j)
    count = 0
    while count < most and a[i + count : i + count + _STRIDE] == b[j + count : j + count + _STRIDE]:
        count += _STRIDE
    while count < most and a[i + count] == b[j + count]:
        count += 1
    return min(count, most)


def _between(matches: Iterable[_Run], front: int, old_end: int, new_end: int) -> Iterator[Change]:
    i, j = front, front
    for run in matches:
        if run.i + front > i or run.j + front > j:
            yield Change(i, run.i + front, j, run.j + front)
        i, j = run.i + front + run.length, run.j + front + run.length
    if old_end > i or new_end > j:
        yield Change(i, old_end, j, new_end)


def _matches(old: list[bytes], new: list[bytes]) -> Iterator[_Run]:
    """A longest common subsequence."""
    # A line that only one side has can match nothing. Most changed lines are such, so the search gets small. Equal
    # lines become one object, so that they are told apart at a glance.
    in_old = list(map(dict(zip(new, new, strict=True)).get, old))
    in_new = list(map(dict(zip(in_old, in_old, strict=True)).get, new))
    a, b = ([line for line in lines if line is not None] for lines in (in_old, in_new))
    runs = _greedy(a, b)
    if runs is None:
        runs = [_Run(*block) for block in difflib.SequenceMatcher(None, a, b).get_matching_blocks()]
    old_indexes = [i for i, line in enumerate(in_old) if line is not None]
    new_indexes = [j for j, line in enumerate(in_new) if line is not None]
    for run in runs:
        yield from _unfolded(run, old_indexes, new_indexes)


def _unfolded(run: _Run, old_indexes: list[int], new_indexes: list[int]) -> Iterator[_Run]:
    """A run of common lines in terms of all lines: cut where others come between."""
    i, j, length = run
    if not length:
        return
    old, new = old_indexes[i], new_indexes[j]
    if old_indexes[i + length - 1] - old == new_indexes[j + length - 1] - new == length - 1:
        yield _Run(old, new, length)
        return
    half = length // 2
    yield from _unfolded(_Run(i, j, half), old_indexes, new_indexes)
    yield from _unfolded(_Run(i + half, j + half, length - half), old_indexes, new_indexes)


def _greedy(a: list[bytes], b: list[bytes]) -> list[_Run] | None:
    """Myers's search. With `edits` edits one can be on the diagonals i - j = k from -edits to edits, every second one;
    reach[(k + edits) / 2] is how far in `a` one can be there. Equal lines must be the same object."""
    most = min(len(a) + len(b), _MOST_EDITS)
    # A search may run past the ends, and nothing is equal there.
    padded_a: list[object] = [*a, *[object()] * (most + 2)]
    padded_b: list[object] = [*b, *[object()] * (most + 2)]
    trail: list[list[int]] = []
    starts = [0]
    for edits in range(most + 1):
        reach = [
            i if padded_a[i] is not padded_b[i - k] else i + _equal(a, b, i, i - k)
            for i, k in zip(starts, range(-edits, edits + 1, 2), strict=True)
        ]
        end = len(a) - len(b) + edits  # twice the position of the diagonal on which both end
        if not end % 2 and 0 <= end <= 2 * edits and reach[end // 2] >= len(a):
            return _walked_back(trail, len(a), len(b))
        trail.append(reach)
        # As _step chooses: the further one of the two.
        further = [other if one < other else one + 1 for one, other in pairwise(reach)]
        starts = [reach[0], *further, reach[-1] + 1]
    return None


def _step(before: list[int], edits: int, position: int) -> tuple[int, int]:
    """The edit that leads furthest onto a diagonal: the position that it comes from in `before`, and where it lands."""
    if position == 0 or (position < edits and before[position - 1] < before[position]):
        return position, before[position]  # a line of b was put in
    return position - 1, before[position - 1] + 1  # a line of a was taken out


def _walked_back(trail: list[list[int]], i: int, j: int) -> list[_Run]:
    runs = []
    for edits in range(len(trail), -1, -1):
        source, landed = _step(trail[edits - 1], edits, (i - j + edits) // 2) if edits else (0, 0)
        if i > landed:
            runs.append(_Run(landed, j - i + landed, i - landed))
        if edits:
            i = trail[edits - 1][source]
            j = i - (2 * source - (edits - 1))
    return runs[::-1]


def _slid(found: list[Change], old: Sequence[bytes], new: Sequence[bytes]) -> list[Change]:
    """The same changes, each insertion and deletion as late as it can be; those that meet become one."""
    done: list[Change] = []  # from the last to the first
    for change in reversed(found):
        done.append(change)
        while True:
            last = done.pop()
            following = done[-1] if done else Change(len(old), len(old), len(new), len(new))
            slid = _slid_once(last, following, old, new)
            if not done or (slid.old_end, slid.new_end) != (following.old_start, following.new_start):
                done.append(slid)
                break
            done[-1] = Change(slid.old_start, following.old_end, slid.new_start, following.new_end)
    return done[::-1]


def _slid_once(change: Change, following: Change, old: Sequence[bytes], new: Sequence[bytes]) -> Change:
    i, i_end, j, j_end = change.old_start, change.old_end, change.new_start, change.new_end
    if i == i_end:
        while j_end < following.new_start and new[j] == new[j_end]:
            i, i_end, j, j_end = i + 1, i_end + 1, j + 1, j_end + 1
    elif j == j_end:
        while i_end < following.old_start and old[i] == old[i_end]:
            i, i_end, j, j_end = i + 1, i_end + 1, j + 1, j_end + 1
    return Change(i, i_end, j, j_end)
