"""Where a patch stands: a base or a folder, and the tree that a recipe's patches before it make."""

from __future__ import annotations

from pathlib import Path

import msgspec

from builder import pipeline
from builder.commands.build import tell
from builder.commands.common import Selection
from builder.errors import UsageError
from builder.patching.applied import Applied
from builder.pipeline import Settings
from builder.recipes.plan import Plan, make_plan, patch_recipe
from builder.sources.tree import Tree


def base_or_folder(plan: Plan, settings: Settings, folder: Path | None) -> Tree:
    """The plan's base or, if --tree names a folder, what is in that."""
    if folder is None:
        return pipeline.fetch_base(plan, settings)
    if not folder.is_dir():
        raise UsageError(f"--tree {folder} is no folder.")
    return Tree.read(folder)


def plan_before(name: str, selection: Selection) -> Plan:
    """The plan of what comes before the patch `name`: the recipe's patches up to it, or all if it has no such patch.

    The bare base if no recipe is named.
    """
    library = selection.library
    if selection.recipe is None:
        if selection.base is None:
            raise UsageError(
                "Say what the patch is for: --recipe R for its place in a recipe, --base B for the bare base.",
                hint="`list` shows what there is.",
            )
        return make_plan(library, patch_recipe(selection.base, ()))
    recipe, _ = library.recipe(selection.recipe)
    names = recipe.patches
    before = names[: names.index(name)] if name in names else names
    base = selection.base or recipe.base
    return make_plan(library, msgspec.structs.replace(recipe, base=base, patches=before))


def applied_or_told(plan: Plan, base: Tree) -> Applied:
    """The plan's patches on its base. Where they do not apply, what became of them is printed: FindingsError."""
    patched = pipeline.patch_tree(plan, base)
    if not patched.applied.ok:
        tell(patched)
    pipeline.require_applied(patched.applied)
    return patched.applied
