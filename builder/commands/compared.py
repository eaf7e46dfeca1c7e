"""What the commands that compare patches compare: a base's tree and the patches, each with what it requires."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from builder.commands.common import Flags
from builder.errors import NothingSelectedError, UsageError
from builder.patching.parse import parse
from builder.patching.patch import Patch
from builder.recipes.library import Library
from builder.recipes.model import PatchSpec
from builder.recipes.plan import PatchInput, read_patch
from builder.sources.fetch import obtain
from builder.sources.tree import Tree

DEFAULT_BASE = "netqmail-1.06"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Patches on one base. `inputs` are their files, `patches` the same as values; they are called by their stems."""

    base: str
    tree: Tree
    inputs: tuple[PatchInput, ...]
    patches: tuple[Patch, ...]
    needs: Mapping[str, tuple[Patch, ...]]
    """By name what must come before a patch, in order, with the needs of that; only for patches that need something."""
    specs: Mapping[str, PatchSpec]
    """The patch.toml of those that have one, needs and all, by name."""

    forms: Mapping[str, str]
    """By name the base that a patch's file is for; only for those that have a patch.toml."""

    @property
    def typed(self) -> dict[str, str]:
        """What a user types for each patch: its name, or the path of its file."""
        return {one.stem: one.name if one.spec else str(one.path) for one in self.inputs}


def bring_together(
    base: str | None, names: Sequence[str], library: Library, flags: Flags, *, nearest: bool = False
) -> Compared:
    """The patches called `names` on the base called `base`, netqmail 1.06 if None.

    Without names it is all of the library's that have a form for the base. With `nearest` a patch without one comes in
    its form for netqmail 1.06, or else in its first. UsageError if two have one name, NothingSelectedError if there are
    not two.
    """
    base = base or DEFAULT_BASE
    file, path = library.base(base)
    chosen = list(dict.fromkeys(names)) or _all_for(base, library)
    if len(chosen) < 2:
        raise NothingSelectedError(
            f"There are not two patches for {base} to compare.",
            hint="Name them: --patch A --patch B, each by its name or the path of its file.",
        )

    def read(name: str) -> PatchInput:
        return read_patch(library, name, _nearest(name, base, library) if nearest else base)

    inputs = tuple(map(read, chosen))
    _require_different_names(inputs)
    needed = {one.stem: _needs(one, read) for one in inputs}
    everyone = {one.stem: one for one in (*inputs, *(need for needs in needed.values() for need in needs))}
    values = {stem: parse(stem, one.data, strip=one.strip) for stem, one in everyone.items()}
    with flags.settings() as settings:
        tree = obtain(
            file,
            bases_folder=path.parent,
            store=settings.store,
            given=settings.given,
            offline=settings.offline,
            progress=settings.progress,
        )
    return Compared(
        base=base,
        tree=tree,
        inputs=inputs,
        patches=tuple(values[one.stem] for one in inputs),
        needs={stem: tuple(values[need.stem] for need in needs) for stem, needs in needed.items() if needs},
        forms={stem: _form(one) for stem, one in everyone.items() if one.spec is not None},
        specs={stem: one.spec for stem, one in everyone.items() if one.spec is not None},
    )


def _all_for(base: str, library: Library) -> list[str]:
    return [spec.name for spec in library.all_patches() if base in spec.variants]


def _nearest(name: str, base: str, library: Library) -> str:
    """The base whose form of a patch comes nearest to `base`; that itself for a patch given by its path."""
    if name not in library.patch_files():
        return base
    variants = library.patch(name)[0].variants
    return next((one for one in (base, DEFAULT_BASE, *variants) if one in variants), base)


def _form(patch: PatchInput) -> str:
    """The base that a patch's file is for."""
    variants = patch.spec.variants if patch.spec else {}
    return next((base for base, file in variants.items() if file == patch.path.name), "")


def _require_different_names(inputs: Sequence[PatchInput]) -> None:
    for stem, count in Counter(one.stem for one in inputs).items():
        if count > 1:
            paths = " and ".join(str(one.path) for one in inputs if one.stem == stem)
            raise UsageError(f"Two patches are called {stem}: {paths}.", hint="Rename one of the files.")


def _needs(patch: PatchInput, read: Callable[[str], PatchInput]) -> tuple[PatchInput, ...]:
    """What must come before a patch, by its patch.toml and those of what it names. UsageError if that is a circle."""
    found: dict[str, PatchInput] = {}

    def visit(one: PatchInput, above: tuple[str, ...]) -> None:
        for name in one.spec.requires if one.spec else ():
            if name in above:
                raise UsageError(
                    f"{' requires '.join((*above[above.index(name) :], name))}: that is a circle."
                )
            if name not in found:
                need = read(name)
                visit(need, (*above, name))
                found[name] = need

    visit(patch, (patch.name,))
    return tuple(found.values())
