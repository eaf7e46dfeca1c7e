"""The same function, or the same rule of a makefile, that the sides added at different places: ours' stays.

Where both added it at one place, both_added.py and makefile.py see to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

from builder.merging.asides import Aside
from builder.merging.dispute import Kind
from builder.merging.edits import Side
from builder.merging.makefile import rules, said
from builder.merging.merged import How, Shared
from builder.merging.outline import named, new_functions
from builder.merging.tokens import wording
from builder.patching.difference import Change
from builder.patching.lines import split_lines


@dataclass(frozen=True)
class _Block:
    """A definition that a change brought."""

    kind: Kind
    name: bytes
    text: bytes
    change: Change

    @cached_property
    def key(self) -> bytes:
        """What it says, however it is laid out."""
        return said(self.text) if self.kind is Kind.MAKE else b"\0".join(wording(self.text))


def without_twice(kind: Kind, ours: Side, theirs: Side) -> tuple[Side, list[Aside]]:
    """Theirs without what ours has too, and what is to be told of it."""
    known = _by_name(kind, ours)
    asides: list[Aside] = []
    twice: dict[Change, list[bytes]] = {}
    for block in _blocks(kind, theirs) if known else ():
        same = [mine for mine in known.get(block.name, ()) if mine.key == block.key]
        if not same or _meet(same[-1].change, block.change):
            continue
        mine = same[-1]
        if not (_is_whole(mine, ours) and _is_whole(block, theirs)):
            continue
        twice.setdefault(block.change, []).append(block.text)
        text = mine.text.lstrip(b"\r\n")
        lines = _as_they_stand(ours, mine.change, text)
        name = block.name.decode("utf-8", "replace")
        aside = Aside(
            how=How.FUNCTION if kind is Kind.C else How.LIST,
            base_start=mine.change.old_start,
            ours=lines,
            theirs=_as_they_stand(theirs, block.change, block.text.lstrip(b"\r\n")),
            merged=lines,
            note=f"Both sides added {name}, at different places: it is there once, where ours has it.",
            shared=(Shared(b"", text),),
        )
        asides.append(aside)
    return (_less(theirs, twice), asides) if asides else (theirs, [])


@lru_cache(maxsize=1024)
def _blocks(kind: Kind, side: Side) -> tuple[_Block, ...]:
    return tuple(
        _Block(kind, name, text, change)
        for change in side.changes
        for name, text in _definitions(kind, side.lines[change.new_start : change.new_end])
    )


@lru_cache(maxsize=1024)
def _by_name(kind: Kind, side: Side) -> dict[bytes, list[_Block]]:
    found: dict[bytes, list[_Block]] = {}
    for block in _blocks(kind, side):
        found.setdefault(block.name, []).append(block)
    return found


def _definitions(kind: Kind, lines: tuple[bytes, ...]) -> Iterator[tuple[bytes, bytes]]:
    """The rules or functions among some lines: name and text."""
    if kind is Kind.MAKE:
        yield from rules(lines)
    else:
        for unit in new_functions(lines):
            yield unit.name, unit.text


def _is_whole(block: _Block, side: Side) -> bool:
    """Whether a block is what it looks like: a block of a loop in a function may have a head like a function's."""
    return block.kind is Kind.MAKE or named(side.lines[: block.change.new_start]) is not None


def _meet(one: Change, other: Change) -> bool:
    return one.old_start <= other.old_end and other.old_start <= one.old_end


def _as_they_stand(side: Side, change: Change, text: bytes) -> tuple[bytes, ...]:
    """The whole lines of a side that a text is in."""
    lines = side.lines[change.new_start : change.new_end]
    data = b"".join(lines)
    start = data.index(text)
    first = data.count(b"\n", 0, start)
    last = data.count(b"\n", 0, start + len(text.rstrip(b"\r\n")))
    return tuple(lines[first : last + 1])


def _less(side: Side, twice: dict[Change, list[bytes]]) -> Side:
    lines: list[bytes] = []
    changes: list[Change] = []
    at = 0
    for change in side.changes:
        lines += side.lines[at : change.new_start]
        start = len(lines)
        data = b"".join(side.lines[change.new_start : change.new_end])
        for text in twice.get(change, ()):
            data = data.replace(text, b"", 1)
        lines += split_lines(data)
        if len(lines) > start or change.old_start < change.old_end:
            changes.append(Change(change.old_start, change.old_end, start, len(lines)))
        at = change.new_end
    return Side(side.base, (*lines, *side.lines[at:]), tuple(changes))
