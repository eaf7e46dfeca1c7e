"""`refresh`: a patch file made exact for its place in a recipe."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from builder import pipeline
from builder.commands.build import tell
from builder.commands.common import Flags, Selection
from builder.commands.standing import applied_or_told, plan_before
from builder.errors import FindingsError, UsageError
from builder.patching import refresh as engine
from builder.patching.parse import parse
from builder.recipes.model import ApplyPolicy
from builder.recipes.plan import read_patch
from builder.reporting.text import describe_hunk
from builder.series.output import replace_file, write_new


def refresh(
    name: str, selection: Selection, flags: Flags, *, policy: ApplyPolicy | None, out: Path | None
) -> None:
    """Write the patch so that it applies with no offset and no fuzz: in its place, or to `out`."""
    library = selection.library
    if selection.recipe is not None:
        recipe, _ = library.recipe(selection.recipe)
        if name not in recipe.patches:
            listed = ", ".join(recipe.patches) or "none"
            raise UsageError(f"The recipe {recipe.name} has no patch {name}.", hint=f"It has: {listed}.")
    plan = plan_before(name, selection)
    source = read_patch(library, name, plan.base.name)
    patch = parse(source.name, source.data, strip=source.strip)
    if out is None and patch.data != source.data:
        raise UsageError(
            f"{source.path} is compressed, and what is written anew is not.",
            hint="Name the new file with --out.",
        )
    with flags.settings() as settings:
        base = pipeline.fetch_base(plan, settings)
    before = applied_or_told(plan, base).tree
    policy = policy or plan.recipe.apply
    result = engine.refresh(patch, before, policy)
    if result is None:
        whole = replace(plan, patches=(*plan.patches, source))
        tell(pipeline.patch_tree(whole, base, policy))
        raise FindingsError(
            f"{name} does not apply there, so there is nothing to refresh.",
            hint="The list above says where and why; --fuzz 2 tries harder.",
        )
    for path, hunk in result.moved:
        print(f"{path}: {describe_hunk(hunk)}")
    if out is not None:
        write_new(out.parent, {out.name: result.data})
        print(f"wrote {out}")
    elif result.data == source.data:
        print(f"{source.path} is exact already")
    else:
        replace_file(source.path, result.data)
        print(f"wrote {source.path} anew")
