"""Which lines differ between two versions of a file: the fewest possible, by Myers's greedy algorithm.

E. Myers, "An O(ND) Difference Algorithm and Its Variations", Algorithmica 1 (1986).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_MOST_EDITS = 1500
"""Beyond this many edits the fewest are not looked for: the time grows with their square."""


@dataclass(frozen=True, slots=True)
class Change:
    """old[old_start:old_end] became new[new_start:new_end]; one of the two may be empty."""

    old_start: int
    old_end: int
    new_start: int
    new_end: int


def changes(old: Sequence[bytes], new: Sequence[bytes]) -> list[Change]:
    """The changes that make `new` of `old`, in order, with equal lines between any two of them.

    An insertion or deletion that could stand at several places (a repeated line) stands at the last, as diff has it.
    """
    front = _common(old, new)
    back = _common(old[front:][::-1], new[front:][::-1])
    middle_old, middle_new = old[front : len(old) - back], new[front : len(new) - back]
    matches = [(i + front, j + front) for i, j in _matches(middle_old, middle_new)]
    found = list(_between(matches, front, len(old) - back, len(new) - back))
    return _slid(found, old, new)


def _common(old: Sequence[bytes], new: Sequence[bytes]) -> int:
    for count, (one, other) in enumerate(zip(old, new, strict=False)):
        if one != other:
            return count
    return min(len(old), len(new))


def _between(matches: list[tuple[int, int]], front: int, old_end: int, new_end: int) -> Iterator[Change]:
    i, j = front, front
    for match_i, match_j in [*matches, (old_end, new_end)]:
        if match_i > i or match_j > j:
            yield Change(i, match_i, j, match_j)
        i, j = match_i + 1, match_j + 1


def _matches(old: Sequence[bytes], new: Sequence[bytes]) -> list[tuple[int, int]]:
    """The pairs of indexes of a longest common subsequence."""
    # A line that only one side has can match nothing. Most changed lines are such, so the search gets small.
    in_old, in_new = set(old), set(new)
    old_indexes = [i for i, line in enumerate(old) if line in in_new]
    new_indexes = [j for j, line in enumerate(new) if line in in_old]
    a, b = [old[i] for i in old_indexes], [new[j] for j in new_indexes]
    pairs = _greedy(a, b)
    if pairs is None:
        blocks = difflib.SequenceMatcher(None, a, b).get_matching_blocks()
        pairs = [(block.a + step, block.b + step) for block in blocks for step in range(block.size)]
    return [(old_indexes[i], new_indexes[j]) for i, j in pairs]


def _greedy(a: list[bytes], b: list[bytes]) -> list[tuple[int, int]] | None:
    """Myers's search. With `edits` edits one can be on the diagonals i - j = k from -edits to edits, every second one;
    reach[(k + edits) / 2] is how far in `a` one can be there."""
    trail: list[list[int]] = []
    for edits in range(min(len(a) + len(b), _MOST_EDITS) + 1):
        reach: list[int] = []
        for position in range(edits + 1):
            i, k = _step(trail[-1], edits, position)[1] if trail else 0, 2 * position - edits
            while i < len(a) and i - k < len(b) and a[i] == b[i - k]:
                i += 1
            reach.append(i)
            if i >= len(a) and i - k >= len(b):
                return _walked_back(trail, len(a), len(b))
        trail.append(reach)
    return None


def _step(before: list[int], edits: int, position: int) -> tuple[int, int]:
    """The edit that leads furthest onto a diagonal: the position that it comes from in `before`, and where it lands."""
    if position == 0 or (position < edits and before[position - 1] < before[position]):
        return position, before[position]  # a line of b was put in
    return position - 1, before[position - 1] + 1  # a line of a was taken out


def _walked_back(trail: list[list[int]], i: int, j: int) -> list[tuple[int, int]]:
    pairs = []
    for edits in range(len(trail), -1, -1):
        source, landed = _step(trail[edits - 1], edits, (i - j + edits) // 2) if edits else (0, 0)
        while i > landed:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        if edits:
            i = trail[edits - 1][source]
            j = i - (2 * source - (edits - 1))
    return pairs[::-1]


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
