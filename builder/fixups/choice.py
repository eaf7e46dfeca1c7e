"""Which of a patch's fix-ups a series uses, and whether it was made from the very files of that series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from builder.fixups.fixup import FixUp, Ingredient
from builder.fixups.lookup import Found


def choose(known: Sequence[Found], *, base: str, before: Sequence[str]) -> Found | None:
    """Of the fix-ups for `base` whose other patches all come before, the one that has the most of them.

    `before` are names in the order of the series. Of two with equally many the one counts whose last patch is later.
    """
    fitting = [
        found
        for found in known
        if found.fixup.base == base and all(one.name in before for one in found.fixup.after)
    ]
    return max(fitting, key=lambda found: _rank(found.fixup, before), default=None)


def _rank(fixup: FixUp, before: Sequence[str]) -> tuple[int, list[int]]:
    return len(fixup.after), sorted((before.index(one.name) for one in fixup.after), reverse=True)


def stale(
    fixup: FixUp, *, patch: Ingredient, before: Sequence[Ingredient], base_tree: str | None = None
) -> str:
    """What has changed since the fix-up was made, in words; empty if nothing has.

    `patch` and `before` are the files that the series has now; `base_tree` is None while it is not known.
    """
    now: Mapping[str, str] = {one.name: one.sha256 for one in (*before, patch)}
    for one in fixup.ingredients:
        if one.name not in now:
            return f"{one.name}, which it was made with, is not before it"
        if now[one.name] != one.sha256:
            return f"{one.name} has changed since it was made"
    if base_tree is not None and base_tree != fixup.base_tree:
        return f"it was made for another {fixup.base}"
    return ""
