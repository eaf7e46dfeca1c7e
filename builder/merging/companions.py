"""An object that one side links wherever another is linked belongs into the other side's new rules too.

Base: ten programs link ipalloc.o. Ours puts strsalloc.o behind it in every one of them; theirs adds a program that links
ipalloc.o and knows nothing of strsalloc.o. Line by line there is no conflict, and the new program does not link. If a
side put a new object behind another one in *all* lists that have that one, three at least, it is its companion, and it
goes into the new lists as well. Nothing else is ever put into a merge that neither side has.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from builder.merging.asides import Aside
from builder.merging.edits import NO_CHANGES, Side, meetings
from builder.merging.makefile import Logical, logical_lines, spans
from builder.merging.merged import How
from builder.patching.difference import Change

_OBJECT = re.compile(rb"[^\s\\`]+\.o(?![^\s\\`])")
_FEWEST = 3
"""Lists that must have got the companion, before it counts as one."""


@lru_cache(maxsize=256)
def companions(side: Side) -> dict[bytes, bytes]:
    """For each object the new one that `side` put behind it in all lists of the base that have it."""
    base = side.base
    words = Counter(_OBJECT.findall(b"".join([line for _, line in side.added])))
    if max(words.values(), default=0) < _FEWEST:
        return {}
    count: Counter[tuple[bytes, bytes]] = Counter()
    for meeting in meetings(side.changes, NO_CHANGES, spans(base)):
        before = {line.head: line for line in logical_lines(base[meeting.start : meeting.end]) if line.head}
        for line in logical_lines(side.lines[slice(*meeting.ours)]):
            if line.head in before:
                count.update(_put_in(before[line.head], line))
    found = {}
    for (word, new), times in count.items():
        if times >= _FEWEST and times == _lists_with(word, base) and new not in b"".join(base):
            found[word] = new
    return found


def _put_in(before: Logical, after: Logical) -> Iterator[tuple[bytes, bytes]]:
    """The objects that are new in a list, each with the one before it that is not."""
    known = set(before.words)
    for word, new in zip(after.words, after.words[1:], strict=False):
        if new.endswith(b".o") and new not in known and word in known and word.endswith(b".o"):
            yield word, new


def _lists_with(word: bytes, base: tuple[bytes, ...]) -> int:
    ranges = spans(base)
    parts = {ranges[at] for at, line in enumerate(base) if word in line}
    lines = (line for start, end in parts for line in logical_lines(base[start:end]))
    return sum(1 for line in lines if line.head and word in line.words[1:])


def carry(ours: Side, theirs: Side, names: tuple[str, str]) -> tuple[Side, Side, list[Aside]]:
    """Both sides, with the companions that the other side asks for in their new lists."""
    new_ours, for_ours = _with_companions(ours, companions(theirs), names, ours=True)
    new_theirs, for_theirs = _with_companions(theirs, companions(ours), names, ours=False)
    return new_ours, new_theirs, [*for_ours, *for_theirs]


def _with_companions(
    side: Side, wanted: dict[bytes, bytes], names: tuple[str, str], *, ours: bool
) -> tuple[Side, list[Aside]]:
    if not wanted:
        return side, []
    asks, gets = names[ours], names[not ours]
    lines = list(side.lines)
    carried: list[Aside] = []
    for change in side.changes:
        if change.old_start < change.old_end:
            continue  # no new rules
        for at, word in _lacking(side.lines, change, wanted):
            old, new = lines[at], wanted[word]
            lines[at] = _behind(old, word, new)
            aside = Aside(
                how=How.CARRIED,
                base_start=change.old_start,
                ours=(old,) if ours else (),
                theirs=() if ours else (old,),
                merged=(lines[at],),
                note=f"{asks} puts {new.decode()} behind {word.decode()} wherever that is linked, so it is here too, "
                f"where {gets} has a new rule.",
                carried=(new,),
            )
            carried.append(aside)
    return (Side(side.base, tuple(lines), side.changes), carried) if carried else (side, [])


def _lacking(
    lines: tuple[bytes, ...], change: Change, wanted: dict[bytes, bytes]
) -> Iterator[tuple[int, bytes]]:
    """The lines of new lists that have an object, but not its companion: the index of the line and the object."""
    for start, end in sorted(set(spans(lines[change.new_start : change.new_end]))):
        span = range(change.new_start + start, change.new_start + end)
        (line,) = logical_lines(tuple([lines[at] for at in span]))
        for word, new in wanted.items():
            if line.head and word in line.words[1:] and new not in line.words:
                yield next(at for at in span if word in lines[at].split()), word


def _behind(line: bytes, word: bytes, new: bytes) -> bytes:
    found = re.search(rb"(?<!\S)" + re.escape(word) + rb"(?!\S)", line)
    end = found.end() if found else len(line)
    return line[:end] + b" " + new + line[end:]
