"""The matrix for a person in a terminal: a table of all pairs, then what is wrong with which and what to do."""

from __future__ import annotations

from collections.abc import Iterator

from builder.conflicts.values import Collision, Matrix, Outcome, Pair
from builder.reporting.conflicts.words import QUIET, SIGNS, Sign, summary, what
from builder.reporting.screen import Screen, columns, padded, printable

_MOST_COLUMNS = 20
"""Patches above which a table helps nobody: then there are only the list and the summary."""
_WIDTH = 80
_CELL = 3
_NUMBER = 3
_TITLE = "first, then:"
_FEW = 3
"""Patches up to which the lines in dispute are shown, too."""
_MOST_LINES = 12
_TEXT = 4


def render(matrix: Matrix, screen: Screen) -> str:
    """The whole report."""
    return "".join(f"{line}\n" for line in _report(matrix, screen))


def _report(matrix: Matrix, screen: Screen) -> Iterator[str]:
    if len(matrix.patches) <= _MOST_COLUMNS:
        yield from _table(matrix, screen)
        yield ""
    with_lines = len(matrix.patches) <= _FEW
    for pair in matrix.pairs:
        if pair.outcome not in QUIET or pair.note or pair.collisions:
            yield from _pair(pair, screen, with_lines=with_lines)
            yield ""
    yield printable(summary(matrix))


def _table(matrix: Matrix, screen: Screen) -> Iterator[str]:
    """Rows come first, columns after them."""
    names = [patch.name for patch in matrix.patches]
    found = {(pair.first, pair.second): pair.outcome for pair in matrix.pairs}
    numbers = range(1, len(names) + 1)
    room = min(_WIDTH - _NUMBER - _CELL * len(names), max(map(len, (*names, _TITLE))))
    yield " " * _NUMBER + padded(_TITLE, room) + "".join(f"{number:>{_CELL}}" for number in numbers)
    for number, first in enumerate(names, 1):
        cells = "".join(_cell(found.get((first, second)), screen) for second in names)
        yield f"{number:>{_NUMBER - 1}} {padded(abbreviated(first, room), room)}{cells}".rstrip()
    yield ""
    used = set(found.values())
    for outcome, sign in SIGNS.items():
        if outcome in used:
            yield f"  {_painted(sign.mark, sign, screen)}  {outcome}: the second patch {sign.meaning}"


def _cell(outcome: Outcome | None, screen: Screen) -> str:
    if outcome is None:
        return " " * _CELL
    sign = SIGNS[outcome]
    return f" {_painted(sign.mark, sign, screen)}"


def _painted(text: str, sign: Sign, screen: Screen) -> str:
    return screen.paint(text, sign.colour) if sign.colour else text


def abbreviated(name: str, width: int) -> str:
    """A name in at most `width` columns: its end says more than its beginning.

    >>> abbreviated("patches_netqmail_dkim", 16), abbreviated("tls", 16)
    ('pat…etqmail_dkim', 'tls')
    """
    name = printable(name)
    if columns(name) <= width:
        return name
    end = width * 3 // 4
    return f"{name[: width - end - 1]}…{name[-end:]}"


def _pair(pair: Pair, screen: Screen, *, with_lines: bool) -> Iterator[str]:
    sign = SIGNS[pair.outcome]
    title = screen.paint(printable(f"{pair.first}, then {pair.second}"), "bold")
    note = printable(f" ({pair.note})") if pair.note else ""
    word = _painted(pair.outcome.value, sign, screen)
    yield f"{title}: {word}{note}"
    for collision in pair.collisions:
        yield from _indented(what(collision), screen, 2)
        if with_lines:
            yield from _lines(pair, collision, screen)
        if collision.advice:
            yield from _indented(collision.advice, screen, _TEXT)
    if pair.advice:
        yield from _indented(pair.advice, screen, 2)


def _lines(pair: Pair, collision: Collision, screen: Screen) -> Iterator[str]:
    """The lines in dispute, as each has them."""
    for title, text in (
        ("base", collision.base),
        (pair.first, collision.first),
        (pair.second, collision.second),
        (f"merged ({collision.how})" if collision.how else "", collision.merged),
    ):
        lines = text.splitlines()
        if not title or not (lines or title == "base" or collision.kind == "removed"):
            continue
        yield " " * _TEXT + screen.paint(printable(title), "dim")
        for line in lines[:_MOST_LINES]:
            yield f"{' ' * _TEXT}| {printable(line.expandtabs(8))}"
        if len(lines) > _MOST_LINES:
            yield f"{' ' * _TEXT}| … and {len(lines) - _MOST_LINES} more"


def _indented(text: str, screen: Screen, indent: int) -> Iterator[str]:
    for line in screen.wrapped(printable(text), indent=indent):
        yield " " * indent + line
