"""`import-series` and `export-series`: between patch folders and what quilt, dpkg and git have."""

from __future__ import annotations

from pathlib import Path

from builder import pipeline
from builder.commands.build import tell
from builder.commands.common import Flags, Selection
from builder.commands.standing import applied_or_told
from builder.errors import FindingsError, SourceError, UsageError
from builder.patching.apply import apply
from builder.recipes.library import Library
from builder.recipes.plan import Plan, make_plan
from builder.series import folder
from builder.series.exporting import FORMATS, Step, export_series
from builder.series.importing import import_series
from builder.series.output import write_new
from builder.series.reading import read
from builder.sources.tree import Tree


def bring_in(
    path: Path, selection: Selection, flags: Flags, *, name: str | None, range_: str | None, out: Path
) -> None:
    """Write the series at `path` as patch folders and a recipe below `out`, and try it on its base."""
    if selection.base is None:
        raise UsageError(
            "Say which base the series is for, with --base B.", hint="`list` shows what there is."
        )
    base, _ = selection.library.base(selection.base)
    if name is not None and not folder.is_name(name):
        raise UsageError(
            f"A recipe cannot be called {name!r}.", hint=f"A name that can be: {folder.name_from(name)}."
        )
    series = read(path, range_)
    recipe = name or folder.name_from(series.title)
    imported, files = import_series(series, recipe=recipe, base=base.name)
    write_new(out, files)
    for patch in imported:
        print(f"{out / 'patches' / patch.name}/  {patch.summary}")
    print(f"{out / 'recipes' / recipe}.toml  {len(imported)} patch(es) on {base.name}")
    unknown = [patch.name for patch in imported if patch.license == folder.UNKNOWN]
    if unknown:
        print(f"licence unknown, ask the authors: {', '.join(unknown)}")
    _try(recipe, out, selection, flags)


def _try(name: str, out: Path, selection: Selection, flags: Flags) -> None:
    library = Library.of((str(out), *selection.paths))
    recipe, _ = library.recipe(name)
    plan = make_plan(library, recipe)
    try:
        with flags.settings() as settings:
            base = pipeline.fetch_base(plan, settings)
    except SourceError as error:
        print(f"not tried: {error.what}")
        return
    patched = pipeline.patch_tree(plan, base)
    tell(patched)
    failures = sum(len(outcome.failures) for outcome in patched.applied.patches)
    if failures:
        raise FindingsError(
            f"The series is imported, but {failures} hunk(s) do not apply on {plan.base.name}.",
            hint="The list above says where and why; another base, or `fuzz = 2` under [apply] in the recipe, may help.",
        )


def give_out(selection: Selection, flags: Flags, *, form: str, out: Path) -> None:
    """Write the recipe's patches below `out` as a series for quilt, dpkg-source or git am."""
    if form not in FORMATS:
        raise UsageError(f"--format is {form!r}, but must be one of: {', '.join(FORMATS)}.")
    plan = selection.plan(again=selection.again(given=flags.given))
    with flags.settings() as settings:
        base = pipeline.fetch_base(plan, settings)
    whole = applied_or_told(plan, base)
    steps = _steps(plan, base)
    if steps and steps[-1].after != whole.tree:
        raise FindingsError("The patches give another tree one by one than together; nothing was written.")
    files = export_series(steps, form)
    write_new(out, files)
    for name in files:
        print(out / name)
    if form == "git" and any(b"\r\n" in data for data in files.values()):
        print("some lines end in CR LF: use `git am --keep-cr`")


def _steps(plan: Plan, base: Tree) -> list[Step]:
    steps = []
    before = base
    for patch, source in zip(pipeline.parse_patches(plan), plan.patches, strict=True):
        applied = apply(before, [patch], plan.recipe.apply)
        steps.append(
            Step(
                patch=patch,
                outcome=applied.patches[0],
                before=before,
                after=applied.tree,
                summary=source.spec.summary if source.spec else "",
                origin=source.spec.origin if source.spec else "",
            )
        )
        before = applied.tree
    return steps
