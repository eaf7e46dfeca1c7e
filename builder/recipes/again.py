"""How to type a command that works on the same again: advice names commands, and what is pasted must find its input."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

_EVERYTHING = ("--path", "--from", "--tree", "--fuzz", "--max-offset", "--strip")
_TAKES = {
    "apply": _EVERYTHING,
    "explain": _EVERYTHING,
    "conflicts": ("--path", "--from"),
    # Its --from is the folder that a person has edited. The base is in the store by then.
    "resolve": ("--path", "--fuzz", "--max-offset"),
    "refresh": ("--path",),
    "smoke": ("--path", "--from"),
    "lint": ("--path",),
    "list": ("--path",),
}
"""Which of the flags that choose the input each command has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """The flags of the command that is running, as far as they choose what goes in and how strictly it is applied."""

    series: Sequence[str] = ()
    """The words that select the patches: --recipe R, or --base B --patch A --patch B."""
    paths: Sequence[str] = ()
    given: str | None = None
    """What --from names."""
    tree: str | None = None
    fuzz: int | None = None
    max_offset: int | None = None
    strip: int | None = None

    def command(
        self, name: str, *words: str, series: Sequence[str] | None = None, more: Sequence[str] = ()
    ) -> str:
        """The command called `name` for a shell. `series` selects other patches, `more` comes last."""
        selected = self.series if series is None else series
        return shlex.join(("./inv", name, *words, *selected, *self.inputs(name), *more))

    def inputs(self, name: str) -> tuple[str, ...]:
        """Those of the flags that the command called `name` has, but for what selects the patches."""
        given = (
            *(("--path", path) for path in self.paths),
            ("--from", self.given),
            ("--tree", self.tree),
            ("--fuzz", self.fuzz),
            ("--max-offset", self.max_offset),
            ("--strip", self.strip),
        )
        taken = ((flag, value) for flag, value in given if value is not None and flag in _TAKES[name])
        return tuple(str(word) for pair in taken for word in pair)
