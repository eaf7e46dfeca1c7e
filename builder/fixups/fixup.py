"""A fix-up: what a patch becomes where certain other patches come before it, and from what it was made."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from msgspec import Struct

_LONGEST_NAMES = 150
"""Bytes of the patches' names in a file's name."""


class Ingredient(Struct, frozen=True):
    """A patch that went into a fix-up, by its name and the SHA256 of the file that was used of it."""

    name: str
    sha256: str


class Settled(Struct, frozen=True, kw_only=True):
    """A region that both sides changed, and how it was settled."""

    path: str
    line: int
    """Where the base has it, from 1; where the base lacks the file, 1."""
    function: str
    """The C function around it; empty outside of one."""
    how: str
    """One of merging.How, or "hand"."""
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FixUp:
    """A complete replacement of `patch` for series in which all of `after` come before it."""

    patch: Ingredient
    after: tuple[Ingredient, ...]
    needs: tuple[Ingredient, ...] = ()
    """What the patch needs before it in any case. They went into the merge's base."""
    base: str
    base_tree: str
    """The digest of the base's tree."""
    settled: tuple[Settled, ...] = ()
    proof: str = ""
    """What the comparison of tokens says, in a line."""
    compiled: str = ""
    """Where and by what its series was compiled: "native (gcc 12.2.0)"; empty if that was not tried."""
    by_hand: bool = False
    """Whether a person made it, or changed it since it was made."""
    diff: bytes
    """The patch itself, from its first file on."""

    @property
    def ingredients(self) -> tuple[Ingredient, ...]:
        """Everything that went into it, but for the base."""
        return (self.patch, *self.after, *self.needs)

    @property
    def file_name(self) -> str:
        """What its file is called. File systems bound that: of too many patches only the first is named."""
        names = "+".join(one.name for one in self.after)
        if len(names.encode()) > _LONGEST_NAMES:
            code = hashlib.sha256(names.encode()).hexdigest()[:8]
            names = f"{self.after[0].name}+{len(self.after) - 1}-more-{code}"
        return f"after-{names}.patch"
