"""What is compared: some patches on a base, and how strictly they are applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from builder.conflicts.standing import Standing, stand
from builder.patching.patch import Patch
from builder.recipes.again import Again
from builder.recipes.model import ApplyPolicy, PatchSpec
from builder.sources.tree import Tree

TOLERANCE = 2
"""The fuzz with which GNU patch applies if nothing else is said."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Patches to be compared on the base called `base`, each with another name."""

    base: str
    tree: Tree
    patches: Sequence[Patch]
    needs: Mapping[str, Sequence[Patch]] = field(default_factory=dict)
    """By a patch's name what must come before it, in order, with the needs of that."""
    typed: Mapping[str, str] = field(default_factory=dict)
    """What a user types for a patch, where that is not its name."""
    specs: Mapping[str, PatchSpec] = field(default_factory=dict)
    """The patch.toml of those that have one, by name."""
    again: Again = field(default_factory=Again)
    """How the comparison was called, for the commands that advice names."""
    fuzz: int = TOLERANCE

    @cached_property
    def policy(self) -> ApplyPolicy:
        """How the patches are applied."""
        return ApplyPolicy(fuzz=self.fuzz)

    @cached_property
    def standings(self) -> tuple[Standing, ...]:
        """Every patch by itself, in the same order."""
        return tuple(
            stand(self.tree, patch, self.needs.get(patch.name, ()), self.policy) for patch in self.patches
        )
