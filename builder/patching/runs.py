"""A file in runs of lines: which are the base's own, at which place of it, and which patch put in the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from builder.patching.findings import Owner

NOWHERE = -1
_OPEN = ord("{")
_NO_BRACES = bytes(set(range(256)) - set(b"{}"))


class Run(Struct, frozen=True, gc=False):
    """Neighbouring lines of one owner, from index `at` to where the next run begins."""

    at: int
    owner: Owner | None
    base: int
    """Where the base has these very lines, as the index of the first; NOWHERE if it has not."""


def spans(runs: Sequence[Run], end: int) -> Iterator[tuple[Run, int]]:
    """Each run with the index behind its last line; `end` is the number of all lines."""
    ends = [run.at for run in runs[1:]]
    return zip(runs, [*ends, end], strict=False)  # a file without lines may be without runs, too


def nested_as_before(lines: Sequence[bytes], runs: Sequence[Run], base: Sequence[bytes]) -> frozenset[int]:
    """The runs of the base's own lines, by their `at`, above which no change moved a brace that it did not move back.

    What stood inside of a body there still does, and in the same one. Braces in comments and strings count, too: it is
    only asked whether those that went are those that came.
    """
    found: list[int] = []
    gone = come = (0, 0)
    known = 0  # how many of the base's lines are accounted for
    for run, end in spans(runs, len(lines)):
        if run.base == NOWHERE:
            come = _nested(come, lines[run.at : end])
            continue
        gone = _nested(gone, base[known : run.base])
        known = run.base + end - run.at
        if gone == come:
            gone = come = (0, 0)
            found.append(run.at)
    return frozenset(found)


def _nested(braces: tuple[int, int], lines: Sequence[bytes]) -> tuple[int, int]:
    """How many braces are closed and how many opened, beyond those that make pairs, by `braces` and then these lines."""
    closed, opened = braces
    for brace in b"".join(lines).translate(None, _NO_BRACES):
        if brace == _OPEN:
            opened += 1
        elif opened:
            opened -= 1
        else:
            closed += 1
    return closed, opened
