"""What a saved patch changes in a matrix, as plain data for reports."""

from __future__ import annotations

from dataclasses import dataclass

from builder.conflicts.values import Pair


@dataclass(frozen=True, slots=True)
class Turn:
    """An ordered pair that is another one than before."""

    before: Pair
    after: Pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What a new version of a patch changes. `before` and `after` are its status by itself."""

    patch: str
    before: str
    after: str
    checked: int
    """How many ordered pairs were compared anew."""
    turns: tuple[Turn, ...]
