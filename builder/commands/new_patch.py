"""`new-patch`: the tree to edit, and from the edited tree a patch in its folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from builder import pipeline
from builder.commands.build import write_tree
from builder.commands.common import Flags, Selection
from builder.commands.standing import applied_or_told, plan_before
from builder.errors import UsageError
from builder.patching.applied import Applied
from builder.patching.patch import Kind
from builder.patching.strip import target
from builder.recipes.library import Library
from builder.recipes.model import PatchSpec
from builder.recipes.plan import Plan
from builder.series import folder
from builder.series.made import Made, make_patch, readme
from builder.series.output import replace_file, write_new
from builder.sources.tree import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the author says of the patch."""

    name: str
    summary: str | None = None
    license: str | None = None
    out: Path | None = None


def write_for_editing(wish: Wish, selection: Selection, flags: Flags, edit: Path) -> None:
    """Write the tree that the patch is to change into a new folder."""
    plan = plan_before(wish.name, selection)
    _, applied = _start(plan, flags)
    write_tree(applied, edit)
    print(f"{edit}  {len(applied.tree)} files of {_described(plan)}")
    print(f"Edit them, then: new-patch {wish.name} {_flags(selection)} --from {edit} --summary 'One line.'")


def make(wish: Wish, selection: Selection, flags: Flags, edited: Path) -> None:
    """Write the patch that leads from the tree to the edited one: a new folder, or a known patch's next variant."""
    if not edited.is_dir():
        raise UsageError(f"--from {edited} is no folder.", hint="--edit DIR writes one to edit.")
    plan = plan_before(wish.name, selection)
    known = _known(wish, selection.library, plan.base.name)
    summary, license_ = _about(wish, known)
    base, applied = _start(plan, flags)
    made = make_patch(
        wish.name,
        summary=summary,
        license_=license_,
        base=base,
        patches=pipeline.parse_patches(plan),
        before=applied.tree,
        edited=Tree.read(edited),
    )
    for path in made.left_out:
        print(f"left out  {path}")
    if known is None:
        _write_folder(wish, plan, made, summary, license_, applied.tree)
    else:
        _add_variant(known[1], plan.base.name, made)
    for change in made.patch.files:
        what = "binary" if change.kind is Kind.BINARY else f"{len(change.hunks)} hunk(s)"
        print(f"          {target(change, 1)}: {what}")


def _start(plan: Plan, flags: Flags) -> tuple[Tree, Applied]:
    """The bare base, and the tree that the patch is to change."""
    with flags.settings() as settings:
        base = pipeline.fetch_base(plan, settings)
    return base, applied_or_told(plan, base)


def _known(wish: Wish, library: Library, base: str) -> tuple[PatchSpec, Path] | None:
    """The patch of this name, if there is one and no other folder is asked for; it must lack a variant for the base."""
    if not folder.is_name(wish.name):
        raise UsageError(
            f"A patch cannot be called {wish.name!r}.",
            hint=f"A name that can be: {folder.name_from(wish.name)}.",
        )
    if wish.out is not None or wish.name not in library.patch_files():
        return None
    spec, origin = library.patch(wish.name)
    if base in spec.variants:
        raise UsageError(
            f"{wish.name} has a variant for {base} already: {origin.parent / spec.variants[base]}.",
            hint="Take another name, or another folder with --out; `refresh` renews a variant.",
        )
    return spec, origin


def _about(wish: Wish, known: tuple[PatchSpec, Path] | None) -> tuple[str, str]:
    if known is not None:
        return known[0].summary, known[0].license
    if not (wish.summary or "").strip():
        raise UsageError(
            "A new patch needs a summary.", hint="Say in one line what it does: --summary 'Poll, not select.'"
        )
    return " ".join((wish.summary or "").split()), wish.license or folder.UNKNOWN


def _write_folder(wish: Wish, plan: Plan, made: Made, summary: str, license_: str, tree: Tree) -> None:
    base = plan.base.name
    top = f"patches/{wish.name}"
    toml = folder.patch_toml(
        name=wish.name,
        summary=summary,
        license_=license_,
        base=base,
        requires=made.requires,
        after=made.after,
    )
    about = readme(made, name=wish.name, summary=summary, license_=license_, base=_described(plan), tree=tree)
    out = wish.out or Path()
    write_new(out, {f"{top}/patch.toml": toml, f"{top}/{base}.patch": made.diff, f"{top}/README.md": about})
    print(f"wrote     {out / top}/: patch.toml, {base}.patch, README.md")


def _add_variant(origin: Path, base: str, made: Made) -> None:
    toml = folder.with_variant(origin.read_bytes(), base, str(origin))
    write_new(origin.parent, {f"{base}.patch": made.diff})
    replace_file(origin, toml)
    print(f"wrote     {origin.parent / base}.patch, and named it in {origin}")


def _described(plan: Plan) -> str:
    names = ", ".join(patch.name for patch in plan.patches)
    return f"{plan.base.name} with {names}" if names else plan.base.name


def _flags(selection: Selection) -> str:
    given = {"--base": selection.base, "--recipe": selection.recipe}
    return " ".join(f"{flag} {value}" for flag, value in given.items() if value)
