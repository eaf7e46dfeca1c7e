"""What people wrote down about two patches, in their patch.toml, put on the pair of them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from builder.conflicts.values import Pair
from builder.recipes.model import PatchSpec


def with_said(pair: Pair, specs: Mapping[str, PatchSpec]) -> Pair:
    """The pair with what their patch.toml say of it. What becomes of it stays as it is: that was found by trying.

    `requires` is not among it: a patch is never tried without what it requires.
    """
    first, second = specs.get(pair.first), specs.get(pair.second)
    if first is None or second is None:
        return pair
    for one, other in ((first, second), (second, first)):
        if other.name in one.excludes:
            return _refused(pair, f"alternatives: {one.name} excludes {other.name}")
    if second.name in first.after:
        return _refused(pair, f"{first.name} comes after {second.name}, so the order is the other one")
    return pair


def _refused(pair: Pair, note: str) -> Pair:
    """No command takes them like this, so none is advised."""
    note = f"{note}; {pair.note}" if pair.note else note
    return msgspec.structs.replace(pair, refused=True, note=note, advice="")
