"""Both sides added lines at one place: both stay, ours first, unless the code says that the other order is meant.

A block is not taken if it cannot stand beside another one: one that opens a brace or an #if that it does not close, or
that leaves the function for good, so that what comes behind it is never reached.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from builder.merging.dispute import Dispute, Kind, Settled
from builder.merging.entries import are_entries
from builder.merging.merged import How, Shared
from builder.merging.outline import Kind as UnitKind
from builder.merging.outline import Unit, units
from builder.merging.tokens import meaning, wording
from builder.patching.lines import split_lines

Lines = tuple[bytes, ...]
Wording = tuple[bytes, ...]

_IF = re.compile(rb"\s*#\s*if")
_ENDIF = re.compile(rb"\s*#\s*endif")
_BRANCH = re.compile(rb"\s*#\s*el")
_DECLARATION = re.compile(
    rb"\s*(?:(?:static|const|register|unsigned|signed|volatile)\s+)*"
    rb"(?:(?:struct|union|enum)\s+\w+|(?!return\b|goto\b|else\b|case\b|break\b|continue\b)[A-Za-z_]\w*)"
    rb"(?:\s+|\s*\*+\s*)[A-Za-z_*][\w\s*,\[\]]*;\s*\Z"
)
"""A declaration of local variables, without a value: it can go before any statement."""
_SECTION = re.compile(rb"\.S[HS]\b")
_JUMPS = (b"return", b"goto", b"break", b"continue")
_BOTH = "Both sides added lines here: ours come first, then theirs."


def both_added(dispute: Dispute, ours: Lines, theirs: Lines) -> Settled | None:
    """What becomes of two blocks of new lines at one place of a dispute; None if nobody but a person can tell."""
    if dispute.kind is Kind.PLACES or _inside_of_a_line(dispute.before, ours, theirs):
        return None
    if are_entries(dispute, (*ours, *theirs)):
        return _entries(ours, theirs)
    if dispute.kind is Kind.C:
        return _statements(dispute, ours, theirs) if dispute.function else _outside(ours, theirs)
    if dispute.kind is Kind.MANUAL and _opens_section(ours) and not _opens_section(theirs):
        note = (
            "Both sides added lines here: theirs come first, as ours begin a new section of the manual page."
        )
        return Settled(lines=theirs + ours, how=How.BOTH_ADDED, note=note)
    return Settled(lines=ours + theirs, how=How.BOTH_ADDED, note=_BOTH)


def _inside_of_a_line(before: Lines, ours: Lines, theirs: Lines) -> bool:
    """Whether a line is continued into the blocks or behind them, or has no end."""
    continued = any(lines[-1].rstrip(b"\r\n").endswith(b"\\") for lines in (before, ours, theirs) if lines)
    return continued or not ours[-1].endswith(b"\n") or not theirs[-1].endswith(b"\n")


def _once(lines: Sequence[bytes]) -> tuple[Shared, ...]:
    return (Shared(b"", b"".join(lines)),)


def _opens_section(lines: Lines) -> bool:
    return any(_SECTION.match(line) for line in lines)


def _entries(ours: Lines, theirs: Lines) -> Settled:
    added, twice = _apart([wording(line) for line in ours if line.strip()], theirs)
    note = "Both sides added entries to a list: ours come first, then theirs."
    if twice:
        note = f"Both sides added entries to a list: it has both, and {_counted(len(twice))} that both added once."
    return Settled(
        lines=(*ours, *added), how=How.LIST, note=note, shared=tuple([Shared(b"", line) for line in twice])
    )


def _apart(known: Iterable[Wording], lines: Lines) -> tuple[list[bytes], list[bytes]]:
    """The lines that are not known yet, and those that are; one that is known once counts as known once."""
    left = Counter(known)
    added: list[bytes] = []
    twice: list[bytes] = []
    for line in lines:
        (twice if left[wording(line)] > 0 else added).append(line)
        left[wording(line)] -= 1
    return added, twice


def _counted(count: int) -> str:
    return "the one" if count == 1 else f"the {count}"


def _balanced(lines: Sequence[bytes]) -> bool:
    """Whether all that these lines open is closed in them, and nothing else."""
    open_brackets: list[bytes] = []
    conditions = 0
    for text in wording(b"".join(lines)):
        if text in {b"(", b"[", b"{"}:
            open_brackets.append({b"(": b")", b"[": b"]", b"{": b"}"}[text])
        elif text in {b")", b"]", b"}"} and (not open_brackets or open_brackets.pop() != text):
            return False
        elif text.startswith(b"#"):
            conditions += bool(_IF.match(text)) - bool(_ENDIF.match(text))
            if conditions < 0 or (not conditions and _BRANCH.match(text)):
                return False
    return not open_brackets and not conditions


def dangling(lines: Iterable[bytes]) -> bool:
    """Whether the lines end in an `if (…)`, `else` or the like, whose statement is the next line."""
    text = b"".join(lines).rstrip()
    if text.endswith((b";", b"}")) and b"//" not in text[text.rfind(b"\n") + 1 :]:
        return False  # so end most, and there is no need to read all of it
    said = meaning(text)
    if not said or said[-1] != b")":
        return bool(said) and said[-1] in {b"else", b"do"}
    depth = 0
    for at in range(len(said) - 1, -1, -1):
        depth += {b")": 1, b"(": -1}.get(said[at], 0)
        if not depth:
            return at > 0 and said[at - 1] in {b"if", b"for", b"while", b"switch"}
    return False


def _whole(lines: Sequence[bytes]) -> bool:
    """Whether these are whole statements, perhaps with the head of another one behind them."""
    said = meaning(b"".join(lines))
    if not said:
        return True
    ended = said[-1] in {b";", b"}", b":"} or said[-1].startswith(b"#") or dangling(lines)
    return ended and said[0] not in {b"else", b"{"} and _balanced(lines)


def _leaves(said: Sequence[bytes]) -> bool:
    """Whether what comes behind these statements is not reached: they end in a jump that no condition guards."""
    depth = 0
    start = 0
    for at, word in enumerate(said[:-1]):
        depth += {b"{": 1, b"}": -1, b"(": 1, b")": -1}.get(word, 0)
        if not depth and word in {b";", b"}", b":"}:
            start = at + 1
    return bool(said) and said[start] in _JUMPS


def _statements(dispute: Dispute, ours: Lines, theirs: Lines) -> Settled | None:
    if dangling(dispute.before) or not (_whole(ours) and _whole(theirs)):
        return None
    ours_said, theirs_said = wording(b"".join(ours)), wording(b"".join(theirs))
    for small, large, lines, name in (
        (theirs_said, ours_said, ours, "ours"),
        (ours_said, theirs_said, theirs, "theirs"),
    ):
        if _has(large, small):
            note = f"Both sides added the same here, and {name} more: it is there once."
            fewer = theirs if name == "ours" else ours
            return Settled(lines=lines, how=How.BOTH_ADDED, note=note, shared=_once(fewer))
    first, second, note = ours, theirs, _BOTH
    if dangling(ours):
        if dangling(theirs):
            return None
        first, second = theirs, ours
        note = (
            "Both sides added lines here: theirs come first, as ours end in a condition for the line below."
        )
    if not _can_precede(meaning(b"".join(first)), meaning(b"".join(second))):
        return None
    lines = _hoisted(first, second)
    if lines != first + second:
        note = f"{note[:-1]}; a declaration goes before the statements."
    return Settled(lines=lines, how=How.BOTH_ADDED, note=note)


def _has(large: Sequence[bytes], small: Sequence[bytes]) -> bool:
    """Whether the statements `small` are among `large`, at its top level."""
    if not small or small[-1] not in {b";", b"}"}:
        return False
    depth = 0
    for at in range(len(large) - len(small) + 1):
        starts = at == 0 or large[at - 1] in {b";", b"}"}
        if starts and not depth and tuple(large[at : at + len(small)]) == tuple(small):
            return True
        depth += {b"{": 1, b"}": -1, b"(": 1, b")": -1}.get(large[at], 0)
    return False


def _can_precede(first: Sequence[bytes], second: Sequence[bytes]) -> bool:
    labels = b"case" in first or b"default" in first
    if _leaves(first):
        return bool(second) and second[0] in {b"case", b"default"}
    return not labels


def _hoisted(first: Lines, second: Lines) -> Lines:
    """Both blocks, the declarations at the head of the second before the statements of the first: C had no other
    order before 1999."""
    if all(_DECLARATION.match(line) or not line.strip() for line in first):
        return first + second
    count = 0
    while count < len(second) and (
        _DECLARATION.match(second[count]) or (count and not second[count].strip())
    ):
        count += 1
    return second[:count] + first + second[count:]


def _outside(ours: Lines, theirs: Lines) -> Settled | None:
    if not (_balanced(ours) and _balanced(theirs)):
        return None
    ours_units, theirs_units = units(ours), units(theirs)
    if ours_units is None or theirs_units is None:
        return None
    added, twice = without_known(ours_units, theirs_units)
    if any(clash(one, other) for one in ours_units for other in added):
        return None
    if not twice:
        return Settled(lines=ours + theirs, how=How.BOTH_ADDED, note=_BOTH)
    lines = ours + tuple(split_lines(b"".join([unit.text for unit in added])))
    return once(lines, twice, "")


def without_known(known: Sequence[Unit], new: Sequence[Unit]) -> tuple[list[Unit], list[Unit]]:
    """Those of the new units that are not known yet, and those that are: definitions and declarations with the same
    tokens. What is between #if and #endif is new in any case, as are comments."""
    left = Counter(unit.wording for unit in known if unit.kind is not UnitKind.COMMENT)
    added: list[Unit] = []
    twice: list[Unit] = []
    depth = 0
    for unit in new:
        depth += bool(_IF.match(unit.text)) - bool(_ENDIF.match(unit.text))
        conditional = depth or _ENDIF.match(unit.text)
        is_known = not conditional and left[unit.wording] > 0
        (twice if is_known else added).append(unit)
        left[unit.wording] -= is_known
    return added, twice


def once(lines: Lines, twice: Sequence[Unit], extra: str) -> Settled:
    """The outcome if both sides added the units `twice`."""
    names = [unit.name.decode("utf-8", "replace") for unit in twice if unit.kind is UnitKind.FUNCTION]
    shared = tuple([Shared(b"", unit.text) for unit in twice])
    if names:
        note = f"Both sides added {', '.join(f'{name}()' for name in names)} with the same body: it is there once{extra}."
        return Settled(lines=lines, how=How.FUNCTION, note=note, shared=shared)
    note = f"Both sides added {len(twice)} equal declarations: they are there once{extra}."
    return Settled(lines=lines, how=How.LIST, note=note, shared=shared)


def clash(one: Unit, other: Unit) -> bool:
    """Whether two units define the same name, each in its own way."""
    if not one.name or one.name != other.name or one.wording == other.wording:
        return False
    kinds = {one.kind, other.kind}
    if UnitKind.DECLARATION in kinds:
        return len(kinds) == 1 and bool(one.parameters) and bool(other.parameters)
    return True
