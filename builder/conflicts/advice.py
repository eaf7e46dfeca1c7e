"""What a person can do about a pair that does not go together: as a whole, and at each place of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from builder.conflicts.values import Collision, CollisionKind
from builder.merging.merged import How
from builder.recipes.again import Again


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The pair that advice is for."""

    base: str
    first: str
    second: str
    series: Sequence[str]
    """Both in their order, each after what it needs."""
    typed: Mapping[str, str]
    """What a user types for a patch, where that is not its name."""
    again: Again
    """How the comparison was called."""
    broken: Sequence[str] = ()
    """The patch that does not apply by itself, if it is one of them, after what it needs."""
    applies: bool = False
    """Whether the second seems to apply after the first all the same."""
    other_order: bool = False
    """Whether both apply with the second before the first, to the same tree or the only one there is."""


def place_advice(case: Case, kind: CollisionKind, *, how: str = "", same: bool = False) -> str:
    """What to decide at one place; empty where there is nothing to decide but what to do about the pair."""
    if same:
        return _drop(case)
    if kind is CollisionKind.ALONE or case.applies or case.other_order or how not in ("", How.CONFLICT):
        return ""
    match kind:
        case CollisionKind.SAME_FILE_DIFFERENT:
            return f"Rename the file in one of them, or choose between {case.first} and {case.second}."
        case CollisionKind.REMOVED:
            return "Decide whether these lines stay."
        case _:
            return "Decide what is meant."


def pair_advice(case: Case, collisions: Sequence[Collision]) -> str:
    """What to do about the pair, with the command for it; empty where its places say all that there is to say."""
    if case.broken:
        return f"{case.broken[-1]} does not apply to the bare {case.base}: `{_explain(case)}` says why."
    left = [one for one in collisions if one.advice != _drop(case)]
    if left and case.other_order:
        return f"Put {case.second} before {case.first}: in that order both apply."
    if case.applies:
        return " ".join(dict.fromkeys(_look_closely(case, one.kind) for one in left))
    return _merge(case, left)


def _merge(case: Case, places: Sequence[Collision]) -> str:
    """What a merge makes of these places: nothing is said of files of one name, since one of them must go first."""
    undecided = [one for one in places if one.advice]
    if places and not undecided:
        return f"`{_resolve(case)}` settles it: read the fix-up that it writes, and keep it."
    if all(one.kind is CollisionKind.SAME_FILE_DIFFERENT for one in undecided):
        return ""
    return f"`{_resolve(case)}` writes both versions of what is in dispute between markers for you to edit."


def _drop(case: Case) -> str:
    return f"Both make the same change here: drop it from {case.second}."


def _look_closely(case: Case, kind: CollisionKind) -> str:
    if kind is CollisionKind.BOTH_ADD:
        return f"Decide which comes first: both orders apply, but put the lines of {case.first} and {case.second} in another order."
    return f"Look whether the hunks went where they belong, then `refresh {case.second}` in a recipe that has it after {case.first}."


def _resolve(case: Case) -> str:
    return case.again.command("resolve", series=_flags(case, case.series))


def _explain(case: Case) -> str:
    *_, patch = names = [case.typed.get(name, name) for name in case.broken]
    return case.again.command("explain", patch, series=_flags(case, names))


def _flags(case: Case, names: Iterable[str]) -> tuple[str, ...]:
    patches = (case.typed.get(name, name) for name in names)
    return ("--base", case.base, *(word for patch in patches for word in ("--patch", patch)))
