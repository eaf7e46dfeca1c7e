"""One sentence for a person on what to do about a collision."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from builder.conflicts.values import CollisionKind
from builder.merging.merged import How


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The pair that a collision is of."""

    base: str
    first: str
    second: str
    typed: Mapping[str, str]
    """What a user types for a patch, where that is not its name."""
    broken: str = ""
    """The patch that does not apply by itself, if it is one of them."""
    applies: bool = False
    """Whether the second seems to apply after the first all the same."""
    other_order: bool = False
    """Whether both apply with the second before the first, to the same tree or the only one there is."""


def advice(case: Case, kind: CollisionKind, *, how: str = "", same: bool = False) -> str:
    """What to do next."""
    first, second = case.first, case.second
    if kind is CollisionKind.ALONE:
        typed = case.typed.get(case.broken, case.broken)
        explain = shlex.join(("./inv", "explain", typed, "--base", case.base, "--patch", typed))
        return f"{case.broken} does not apply to the bare {case.base}: `{explain}` says why."
    if same:
        return f"Both make the same change here: drop it from {second}."
    if case.other_order:
        return f"Put {second} before {first}: in that order both apply."
    if case.applies:
        return _look_closely(case, kind)
    if how and how != How.CONFLICT:
        return f"`{_resolve(case)}` settles it ({how}): read the fix-up that it writes, and keep it."
    return _by_hand(case, kind)


def _look_closely(case: Case, kind: CollisionKind) -> str:
    if kind is CollisionKind.BOTH_ADD:
        return f"Decide which comes first: both orders apply, but put the lines of {case.first} and {case.second} in another order."
    return f"Look whether the hunk went where it belongs, then `refresh {case.second}` in a recipe that has it after {case.first}."


def _by_hand(case: Case, kind: CollisionKind) -> str:
    first, second = case.first, case.second
    match kind:
        case CollisionKind.SAME_FILE_DIFFERENT:
            return f"Rename the file in one of them, or choose between {first} and {second}."
        case CollisionKind.REMOVED:
            return f"Decide whether these lines stay: one removes what the other edits, so `{_resolve(case)}` leaves them to you."
        case _:
            return f"Decide what is meant: `{_resolve(case)}` writes both versions between markers for you to edit."


def _resolve(case: Case) -> str:
    first, second = (case.typed.get(name, name) for name in (case.first, case.second))
    return shlex.join(("./inv", "resolve", "--base", case.base, "--patch", first, "--patch", second))
