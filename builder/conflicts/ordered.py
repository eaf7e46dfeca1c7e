"""What comes out of the search for an order, as plain data for reports."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from builder.recipes.model import ApplyPolicy


class Needed(msgspec.Struct, frozen=True, kw_only=True):
    """A prerequisite that was found: `patch` does not apply by itself, but does after all of `before`, in this order.

    Several of one patch are ways to choose from.
    """

    patch: str
    before: tuple[str, ...]


class Rule(StrEnum):
    """Why one patch must come before another, if both are taken."""

    REQUIRES = "requires"
    """The later one's patch.toml requires the earlier one."""
    AFTER = "after"
    """The later one's patch.toml names the earlier one under `after`."""
    FOUND = "found"
    """The later one does not apply without the earlier one."""
    ORDER = "order"
    """The other way round the second does not apply."""


class Before(msgspec.Struct, frozen=True, kw_only=True):
    """`first` comes before `second`."""

    first: str
    second: str
    rule: Rule


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Hunks of a patch that do not apply to one file. Number 0 is the file as a whole."""

    patch: str
    path: str
    hunks: tuple[int, ...]


class Core(msgspec.Struct, frozen=True, kw_only=True):
    """Patches that cannot go together in any order, whatever else is taken, while all but any one of them can.

    A single one is a patch that does not apply at all.
    """

    patches: tuple[str, ...]
    excluded: bool
    """Whether it is so because a patch.toml says it."""
    failures: tuple[Failure, ...] = ()
    """What fails if they are applied as they were given, each after what it needs."""


class Ordered(msgspec.Struct, frozen=True, kw_only=True):
    """An order of patches on a base in which all of them apply, or of as many as can."""

    base: str
    base_tree: str
    policy: ApplyPolicy
    given: tuple[str, ...]
    """The patches as they were given."""
    alone: dict[str, str]
    """The status of every patch on the bare base, with nothing before it but what its patch.toml requires."""
    added: tuple[str, ...] = ()
    """Those that were not given, but that a patch.toml requires."""
    order: tuple[str, ...]
    """The largest set that applies, in an order in which it does, as near to the given one as can be."""
    left_out: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    """What becomes of each patch of `order`: clean, offset or fuzz."""
    needed: tuple[Needed, ...] = ()
    """The prerequisites that were found."""
    rules: tuple[Before, ...] = ()
    """Pairs with a reason for their order."""
    cores: tuple[Core, ...] = ()
    """Why not all can be ordered: the smallest sets that cannot go together, smallest first."""
    complete: bool = True
    """Whether all possibilities were ruled out; false if there were too many to try, so that a better answer may exist."""

    @property
    def ok(self) -> bool:
        """Whether all have a place."""
        return not self.left_out
