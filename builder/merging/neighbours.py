"""Changes of neighbouring lines: no line was changed by both, so that each change is made as if the other were not.

Lines that both added at one place are judged in both_added.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from builder.merging.both_added import both_added, dangling
from builder.merging.dispute import Dispute, Kind, Settled, in_doubt
from builder.merging.merged import How, Shared
from builder.merging.tokens import meaning
from builder.patching.difference import Change

_BODY = "A condition of one side would get lines of the other below it, that were not made for it."
_NOT_BESIDE = "Both sides added lines here that cannot stand one after the other."
_ENOUGH = 3
"""Tokens at the beginning or end of a line by which it is known again."""


class _Step(Struct, frozen=True):
    """The base's lines from `start` to `end` become `lines`."""

    start: int
    end: int
    theirs: bool
    lines: tuple[bytes, ...]

    def meets(self, other: _Step) -> bool:
        """Whether the other side has a step for the same range."""
        return self.theirs != other.theirs and (self.start, self.end) == (other.start, other.end)


def by_lines(dispute: Dispute) -> Settled | None:
    """The lines with the changes of both; None if both changed one line."""
    made = _Made(dispute)
    waiting = [*_steps(dispute.ours_changes, dispute.base, dispute.ours, theirs=False)]
    waiting += _steps(dispute.theirs_changes, dispute.base, dispute.theirs, theirs=True)
    waiting.sort(key=lambda step: (step.start, step.end, step.theirs))
    while waiting:
        step = waiting.pop(0)
        other = waiting.pop(0) if waiting and step.meets(waiting[0]) else None
        rewritten = other is not None and step.start < step.end and step.lines != other.lines
        if step.start < made.at or rewritten:
            return None
        doubt = made.one(step) if other is None else made.both(step, other)
        if doubt:
            return in_doubt(doubt)
    return made.settled()


class _Made:
    """The lines so far."""

    def __init__(self, dispute: Dispute) -> None:
        self._dispute = dispute
        self._lines: list[bytes] = []
        self.at = 0
        """How far in the base."""
        self._both: list[Settled] = []
        self._heading: bool | None = None
        """The side (theirs or not) whose lines end in a condition for the next line; None if they do not."""
        self._last: bool | None = None
        """The side that changed the lines above; None if both did."""

    def one(self, step: _Step) -> str:
        """Take a step that only one side made. What speaks against it, if something does."""
        if self._takes_a_body(step):
            return _BODY
        self._lines += self._dispute.base[self.at : step.start]
        self._lines += step.lines
        self.at = step.end
        self._last = step.theirs
        self._heading = step.theirs if self._dispute.kind is Kind.C and dangling(step.lines) else None
        return ""

    def both(self, ours: _Step, theirs: _Step) -> str:
        """Take two steps with the same range of the base. What speaks against it, if something does."""
        if self._takes_a_body(ours) or self._takes_a_body(theirs):
            return _BODY
        settled = _at_once(self._dispute, ours, theirs)
        if settled is None:
            return _NOT_BESIDE
        self._lines += self._dispute.base[self.at : ours.start]
        self._lines += settled.lines
        self.at = ours.end
        self._last = None
        self._both.append(settled)
        if self._dispute.kind is Kind.C and dangling(settled.lines):
            self._heading = dangling(theirs.lines)
        else:
            self._heading = None
        return ""

    def _takes_a_body(self, step: _Step) -> bool:
        """Whether a step puts lines of one side below a condition of the other that was not made for them, or an
        `else` below what the other made of the `if`."""
        if self._dispute.kind is not Kind.C or step.start != self.at:
            return False
        if self._heading not in {None, step.theirs}:
            return step.start == step.end or not _is_one_statement(step.lines)
        changed = bool(self._lines) and self._last is not step.theirs
        return changed and meaning(b"".join(step.lines))[:1] == (b"else",)

    def settled(self) -> Settled:
        lines = (*self._lines, *self._dispute.base[self.at :])
        if self._both:
            last = max(self._both, key=lambda settled: settled.how is not How.SAME)
            shared = tuple(shared for settled in self._both for shared in settled.shared)
            return Settled(lines=lines, how=last.how, note=last.note, shared=shared)
        note = "The sides changed neighbouring lines; no line was changed by both."
        return Settled(lines=lines, how=How.LINES, note=note)


def _is_one_statement(lines: Sequence[bytes]) -> bool:
    depth = ends = 0
    said = meaning(b"".join(lines))
    for at, word in enumerate(said):
        depth += {b"{": 1, b"(": 1, b"}": -1, b")": -1}.get(word, 0)
        if not depth and word in {b";", b"}"} and said[at + 1 : at + 2] != (b"else",):
            ends += 1
    return ends == 1 and said[-1] in {b";", b"}"}


def _at_once(dispute: Dispute, ours: _Step, theirs: _Step) -> Settled | None:
    """Two steps with the same range of the base, of which the first is ours."""
    if ours.lines == theirs.lines:
        change = Shared(b"".join(dispute.base[ours.start : ours.end]), b"".join(ours.lines))
        note = "Both sides made the same change."
        return Settled(lines=ours.lines, how=How.SAME, note=note, shared=(change,))
    if ours.start < ours.end:
        return None
    return both_added(dispute, ours.lines, theirs.lines)


def _steps(
    changes: Sequence[Change], base: Sequence[bytes], side: Sequence[bytes], *, theirs: bool
) -> Iterator[_Step]:
    """The changes, with lines that were only put in before or behind changed ones as steps of their own."""
    for change in changes:
        start, end = change.old_start, change.old_end
        old, new = base[start:end], tuple(side[change.new_start : change.new_end])
        head, tail = _added(old, new) if 0 < len(old) < len(new) else (0, 0)
        if head:
            yield _Step(start, start, theirs, new[:head])
        yield _Step(start, end, theirs, new[head : len(new) - tail])
        if tail:
            yield _Step(end, end, theirs, new[len(new) - tail :])


def _added(old: Sequence[bytes], new: Sequence[bytes]) -> tuple[int, int]:
    """How many new lines stand before the one that begins as the old lines do, and behind the one that ends so."""
    begins = meaning(old[0])[:_ENOUGH]
    ends = meaning(old[-1])[-_ENOUGH:]
    heads = [at for at, line in enumerate(new) if begins and meaning(line)[: len(begins)] == begins]
    tails = [at for at, line in enumerate(new) if ends and meaning(line)[-len(ends) :] == ends]
    head = heads[0] if len(heads) == 1 and len(begins) == _ENOUGH else 0
    tail = len(new) - 1 - tails[0] if len(tails) == 1 and len(ends) == _ENOUGH else 0
    return (head, tail) if head + tail < len(new) else (0, 0)
