"""Lists with an entry on each line: includes, declarations, tables of commands, hier.c's calls, names of files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from builder.merging.dispute import Dispute, Kind, Settled
from builder.merging.merged import How, Shared
from builder.merging.sequences import Who, chunks
from builder.merging.tokens import wording

_WORDS = re.compile(rb"[\w.+/-]+(?:[ \t]+[\w.+/-]+){0,2}\s*\Z")
_INCLUDE = re.compile(rb"[ \t]*#[ \t]*include[ \t]*[<\"][^>\"]+[>\"]\s*\Z")
_IN_A_TABLE = re.compile(rb"[ \t]*,?[ \t]*\{[^{}]*\}[ \t]*,?\s*\Z")
_INSTALLED = re.compile(rb"[ \t]*[cdhpz]\(auto_qmail,[^;{}]*\);\s*\Z")
"""A call in hier.c."""
_OF_C = (_INCLUDE, _IN_A_TABLE, _INSTALLED)
_DECLARED = re.compile(
    rb"(?!return\b|goto\b|else\b|case\b|typedef\b)[A-Za-z_][\w \t*]*[ \t*][A-Za-z_]\w*(?:\[[^\]\n;]*\])?"
    rb"(?:[ \t]*=[ \t]*(?:\{[^{}();]*\}|[^{}();,]+)|\(\))?[ \t]*;(?:[ \t]*/\*[^\n]*\*/)?\s*\Z"
)
"""One variable outside of functions, or one function without parameters, on a line of its own."""
_NAME = re.compile(rb"([A-Za-z_]\w*)[ \t]*(?:\[|=|\(\)|;)")


def are_entries(dispute: Dispute, lines: Sequence[bytes]) -> bool:
    """Whether each of these lines is an entry of one and the same kind of list; blank ones may be between them."""
    said = [line for line in lines if line.strip()]
    if not said:
        return False
    if dispute.kind is Kind.NAMES:
        return _all(_WORDS, said)
    if dispute.kind is not Kind.C:
        return False
    if not dispute.function and _all(_DECLARED, said):
        return True
    return any(_all(pattern, said) for pattern in _OF_C)


def stand_alone(lines: Sequence[bytes]) -> bool:
    """Whether each line is a whole directive or statement, so that to the grammar it does not matter how many of them
    there are. Entries of a table are none, because of their commas."""
    said = [line for line in lines if line.strip()]
    even = all(line.count(b"(") == line.count(b")") and line.count(b'"') % 2 == 0 for line in said)
    return bool(said) and even and (_all(_INCLUDE, said) or _all(_INSTALLED, said))


def _all(pattern: re.Pattern[bytes], lines: Sequence[bytes]) -> bool:
    return all(pattern.match(line) for line in lines)


def as_list(dispute: Dispute) -> Settled | None:
    """The entries of both sides, less those that either removed; None if it is no list, or in dispute all the same."""
    if not are_entries(dispute, (*dispute.base, *dispute.ours, *dispute.theirs)):
        return None
    lines: list[bytes] = []
    shared: list[Shared] = []
    for chunk in chunks(dispute.base, dispute.ours, dispute.theirs):
        base, ours, theirs = (
            dispute.base[slice(*chunk.base)],
            dispute.ours[slice(*chunk.ours)],
            dispute.theirs[slice(*chunk.theirs)],
        )
        if chunk.who is not Who.BOTH:
            lines += theirs if chunk.who is Who.THEIRS else ours
            if chunk.who is Who.SAME:
                shared.append(Shared(b"".join(base), b"".join(ours)))
            continue
        if any(map(_has_twice, (base, ours, theirs))):
            return None
        if _renamed(base, ours, theirs) or _replaced(base, ours, theirs):
            return None
        merged, once = _merged(base, ours, theirs)
        lines += merged
        shared += once
    note = "Both sides changed a list: it has the entries of both, less those that either removed."
    return Settled(lines=tuple(lines), how=How.LIST, note=note, shared=tuple(shared))


def _merged(
    base: Sequence[bytes], ours: Sequence[bytes], theirs: Sequence[bytes]
) -> tuple[list[bytes], list[Shared]]:
    in_base, in_ours, in_theirs = (
        {wording(line) for line in lines if line.strip()} for lines in (base, ours, theirs)
    )
    in_either = in_ours | in_theirs
    lines = [line for line in ours if _stays(line, base, in_base, in_theirs, theirs)]
    lines += [line for line in theirs if line.strip() and wording(line) not in in_base | in_ours]
    shared = [Shared(line, b"") for line in base if line.strip() and wording(line) not in in_either]
    shared += [
        Shared(b"", line)
        for line in ours
        if line.strip() and wording(line) not in in_base and wording(line) in in_theirs
    ]
    return lines, shared


def _stays(
    line: bytes,
    base: Sequence[bytes],
    in_base: set[tuple[bytes, ...]],
    in_theirs: set[tuple[bytes, ...]],
    theirs: Sequence[bytes],
) -> bool:
    if not line.strip():
        return line in theirs or line not in base
    return wording(line) not in in_base or wording(line) in in_theirs


def _has_twice(lines: Sequence[bytes]) -> bool:
    said = [wording(line) for line in lines if line.strip()]
    return len(said) > len(set(said))


def _replaced(base: Sequence[bytes], ours: Sequence[bytes], theirs: Sequence[bytes]) -> bool:
    """Whether both sides took out the same entry, and at least one put something else in its place.

    Not if one just took out a declaration that the other changed, as there is nothing to it but what it says: with
    `extern void *malloc();` less or more a program is the same, or the compiler tells.
    """
    in_base, in_ours, in_theirs = (
        {wording(line) for line in lines if line.strip()} for lines in (base, ours, theirs)
    )
    gone = in_base - in_ours - in_theirs
    new_ours, new_theirs = in_ours - in_base - in_theirs, in_theirs - in_base - in_ours
    if not gone or not (new_ours or new_theirs):
        return False
    only_declared = all(said[:1] == (b"extern",) for said in gone | new_ours | new_theirs)
    return bool(new_ours and new_theirs) or not only_declared


def _renamed(base: Sequence[bytes], ours: Sequence[bytes], theirs: Sequence[bytes]) -> bool:
    """Whether a variable that one side took out is there again in the other's, but not as it was."""
    for one, other in ((ours, theirs), (theirs, ours)):
        removed = set(_names(line for line in base if line not in one))
        changed = set(_names(line for line in other if line not in base and not line.startswith(b"extern")))
        kept = set(_names(line for line in base if line in other))
        if (removed & changed) - kept:
            return True
    return False


def _names(lines: Iterator[bytes]) -> Iterator[bytes]:
    for line in lines:
        match = _NAME.search(line)
        if match and not line.lstrip().startswith(b"#"):
            yield match[1]
