"""One side made a function of a statement that the other side moved: the call goes where the statement went.

Base: `{ refuse("too big"); return; }`. Ours adds `void too_big() { refuse("too big"); }` and calls it; theirs moves the
statement into a function of its own that does more. Both changed the same line, but calling a function whose whole body
is the statement is the same as the statement, wherever it stands. So ours' call is put into theirs' new function, and
theirs' line stays: what either side added is there, and nothing that either removed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from builder.merging.edits import Side
from builder.merging.merged import Region
from builder.merging.outline import Unit, new_functions
from builder.merging.tokens import meaning

_NOT_ALONE = {b"return", b"goto", b"break", b"continue", b"if", b"for", b"while", b"switch", b"do", b"static"}


@dataclass(frozen=True, slots=True)
class Followed:
    """The sides as they would be if nobody had touched the statement's old place but the one that moved it."""

    ours: Side
    theirs: Side
    note: str
    call: bytes


def follow(ours: Side, theirs: Side, region: Region, names: tuple[str, str]) -> Followed | None:
    """The sides to merge instead of these, so that `region` is in dispute no more; None if this is another case."""
    found = [
        followed
        for extractor, mover, mine in ((ours, theirs, True), (theirs, ours, False))
        for followed in _candidates(extractor, mover, region, names, mine=mine)
    ]
    return found[0] if len(found) == 1 else None


def _candidates(
    extractor: Side, mover: Side, region: Region, names: tuple[str, str], *, mine: bool
) -> Iterator[Followed]:
    here, there = (region.ours, region.theirs) if mine else (region.theirs, region.ours)
    for unit in _new_functions(extractor):
        statement = _only_statement(unit)
        call = unit.name + b"();"
        if not statement or not (
            _count(region.base, statement) == _count(extractor.base, statement) == 1
            and _count(here, call) == 1
            and _count(here, statement) == _count(there, statement) == 0
            and _count(extractor.lines, statement) == _count(mover.lines, statement) == 1
        ):
            continue
        back = _replaced(extractor, here, call, statement)
        moved = _replaced(mover, mover.lines, statement, call)
        if back is None or moved is None:
            continue
        first, second = (names[0], names[1]) if mine else (names[1], names[0])
        note = (
            f"{first} made {call.decode('utf-8', 'replace')[:-1]} of a statement that {second} moved: the call goes "
            f"where {second} has the statement now."
        )
        yield Followed(back if mine else moved, moved if mine else back, note, call)


def _new_functions(side: Side) -> Iterator[Unit]:
    for change in side.changes:
        for unit in new_functions(side.lines[change.new_start : change.new_end]):
            if not unit.parameters:
                yield unit


def _only_statement(unit: Unit) -> bytes:
    """The text of the one statement that a function consists of; empty if it has more, or one that is not simple."""
    said = unit.wording
    if said.count(b"{") != 1 or said.count(b"}") != 1 or said.count(b";") != 1 or _NOT_ALONE & set(said):
        return b""
    inner = unit.text.partition(b"{")[2].rpartition(b"}")[0].strip()
    return inner if inner.endswith(b";") and b"\n" not in inner and meaning(inner)[-1:] == (b";",) else b""


def _count(lines: Sequence[bytes], text: bytes) -> int:
    return b"".join(lines).count(text)


def _replaced(side: Side, where: Sequence[bytes], old: bytes, new: bytes) -> Side | None:
    """The side with one line of `where` changed; its lines and changes keep their places."""
    line = next(line for line in where if old in line)
    if side.lines.count(line) != 1:
        return None
    at = side.lines.index(line)
    if not any(change.new_start <= at < change.new_end for change in side.changes):
        return None
    lines = (*side.lines[:at], line.replace(old, new), *side.lines[at + 1 :])
    return Side(side.base, lines, side.changes)


def defined_before_use(lines: Sequence[bytes], call: bytes) -> bool:
    """Whether the function of `call` stands above its first use, as C wants it."""
    name = call.removesuffix(b";")
    uses = [at for at, line in enumerate(lines) if name in line]
    return bool(uses) and call not in lines[uses[0]].replace(b" ", b"")
