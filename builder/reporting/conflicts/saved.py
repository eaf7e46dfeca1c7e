"""What a saved patch changes, for someone who is editing it."""

from __future__ import annotations

from collections.abc import Iterator

from builder.conflicts.saved import Saved, Turn
from builder.reporting.conflicts.words import SIGNS, what
from builder.reporting.screen import Screen, printable


def render(saved: Saved, milliseconds: float, screen: Screen) -> str:
    """A line for the patch, then a block for each pair that is another one now."""
    return "".join(f"{line}\n" for line in _lines(saved, milliseconds, screen))


def _lines(saved: Saved, milliseconds: float, screen: Screen) -> Iterator[str]:
    what = (
        f"{len(saved.turns)} of {saved.checked} pairs changed"
        if saved.turns
        else f"{saved.checked} pairs as before"
    )
    alone = f", by itself {_arrow(saved.before, saved.after)}" if saved.before != saved.after else ""
    yield f"{printable(saved.patch)} saved: {what}{alone} ({milliseconds:.0f} ms)"
    for turn in saved.turns:
        yield from _turn(turn, screen)


def _turn(turn: Turn, screen: Screen) -> Iterator[str]:
    before, after = turn.before.outcome, turn.after.outcome
    colour = SIGNS[after].colour
    outcome = _arrow(before, after) if before != after else f"{after}, in another way"
    note = printable(f" ({turn.after.note})") if turn.after.note else ""
    shown = screen.paint(outcome, colour) if colour else outcome
    yield f"  {printable(turn.after.first)}, then {printable(turn.after.second)}: {shown}{note}"
    for collision in turn.after.collisions:
        yield from _indented(what(collision), screen, 4)
        if collision.advice:
            yield from _indented(collision.advice, screen, 6)
    if turn.after.advice:
        yield from _indented(turn.after.advice, screen, 4)


def _arrow(before: str, after: str) -> str:
    return f"{before} -> {after}"


def _indented(text: str, screen: Screen, indent: int) -> Iterator[str]:
    for line in screen.wrapped(printable(text), indent=indent):
        yield " " * indent + line
