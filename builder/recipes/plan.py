"""A plan: a recipe with everything it names looked up and read, so that all that follows depends on values alone."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from builder.errors import UsageError
from builder.fixups.choice import choose, stale
from builder.fixups.fixup import FixUp, Ingredient
from builder.fixups.lookup import fixups_of
from builder.recipes.again import Again
from builder.recipes.library import Library
from builder.recipes.model import Base, Limits, PatchSpec, Recipe
from builder.toolchains.platforms import Platform, default_platform, platform_called
from builder.toolchains.profiles import build_id

_PATCH_SUFFIXES = (".patch", ".diff")


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchInput:
    """A patch file as it was read. `checks` are the scripts that prove it; a file given by its path has none.

    With `fixup` it is the fix-up's file that was read: what the patch becomes after certain others.
    """

    name: str
    path: Path
    data: bytes
    spec: PatchSpec | None = None
    checks: tuple[Path, ...] = ()
    fixup: FixUp | None = None

    @property
    def stem(self) -> str:
        """What fix-ups and their folders call it: the name, without the ending of a file's name."""
        stem = self.name if self.spec is not None else Path(self.name).stem
        return stem if stem.strip(".") else self.name

    @property
    def ingredient(self) -> Ingredient:
        """The file as fix-ups record it."""
        return Ingredient(self.stem, self.sha256)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def strip(self) -> int | None:
        """The leading folders to cut off its paths, if its patch.toml says so. Fix-ups always have one."""
        if self.fixup is not None:
            return 1
        return None if self.spec is None else self.spec.strip


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that a build depends on, but for the base's own bytes."""

    recipe: Recipe
    base: Base
    base_path: Path
    patches: tuple[PatchInput, ...]
    platform: Platform
    libraries: tuple[tuple[Base, Path], ...] = ()
    """What its programs are linked with besides the C library, each with the path of its file."""
    again: Again = field(default_factory=Again)
    """How to type a command that works on the same, for advice on what to do next."""
    library: Library | None = None
    """Where its names were looked up, to compare with what else there is. Nothing that is built depends on it."""

    @property
    def id(self) -> str:
        """The build's printable name."""
        return build_id(self.recipe.name, self.platform.id, self.recipe.profile)

    def with_recipe(self, recipe: Recipe) -> Plan:
        """The plan for a recipe that differs in nothing that was looked up."""
        return replace(self, recipe=recipe)

    @property
    def recipe_digest(self) -> str:
        """SHA256 of the recipe's values; comments and the order of keys in its file do not count."""
        return hashlib.sha256(msgspec.json.encode(self.recipe, order="sorted")).hexdigest()

    @property
    def limits(self) -> Limits:
        """What bounds conf-spawn in the patched tree."""
        spawn, select = self.base.limits.spawn, self.base.limits.select
        for patch in self.patches:
            if patch.spec is not None:
                spawn = patch.spec.limits.spawn if patch.spec.limits.spawn is not None else spawn
                select = patch.spec.limits.select if patch.spec.limits.select is not None else select
        return Limits(spawn=spawn, select=select)

    @property
    def conf(self) -> Mapping[str, int | str | tuple[str, ...]]:
        """The values for conf-* files: the base's, and the recipe's over them."""
        return {**self.base.conf, **self.recipe.conf}


def make_plan(
    library: Library,
    recipe: Recipe,
    *,
    platform: str | None = None,
    again: Again | None = None,
    fixups: bool = True,
) -> Plan:
    """Look up what `recipe` names. UsageError if something is missing or does not go together.

    `again` is how it was selected on the command line. Without `fixups` every patch is as its author has it.
    """
    base, base_path = library.base(recipe.base)
    patches = tuple(read_patch(library, name, base.name) for name in recipe.patches)
    _check_series(patches)
    _check_profile(recipe, base)
    again = again or Again(series=("--recipe", recipe.name))
    if fixups:
        patches = _with_fixups(library, base, patches, again)
    wanted = platform or (recipe.platforms[0] if recipe.platforms else None)
    return Plan(
        recipe=recipe,
        base=base,
        base_path=base_path,
        patches=patches,
        platform=platform_called(wanted) if wanted else default_platform(),
        again=again,
        libraries=tuple(library.linked(name) for name in _libraries(recipe, patches)),
        library=library,
    )


def _libraries(recipe: Recipe, patches: Sequence[PatchInput]) -> tuple[str, ...]:
    """The names of the libraries that a recipe and its patches ask for, each once."""
    asked = (*recipe.libraries, *(name for patch in patches if patch.spec for name in patch.spec.libraries))
    return tuple(dict.fromkeys(asked))


def _with_fixups(
    library: Library, base: Base, patches: Sequence[PatchInput], again: Again
) -> tuple[PatchInput, ...]:
    """The patches, each as its fix-up says where there is one for what comes before it."""
    used: list[PatchInput] = []
    for patch in patches:
        before = [one.ingredient for one in used]
        found = choose(fixups_of(library, patch.stem), base=base.name, before=[one.name for one in before])
        if found is None:
            used.append(patch)
            continue
        why = stale(found.fixup, patch=patch.ingredient, before=before, base_tree=base.tree)
        if why:
            raise stale_fixup(found.path, why, again)
        used.append(replace(patch, path=found.path, data=found.data, fixup=found.fixup))
    return tuple(used)


def stale_fixup(path: Path, why: str, again: Again) -> UsageError:
    """What to say of a fix-up that is no longer one for the files in use."""
    return UsageError(
        f"The fix-up {path} is stale: {why}.", hint=f"`{again.command('resolve')}` makes it anew."
    )


def read_patch(library: Library, name: str, base: str) -> PatchInput:
    """The patch called `name` in its form for `base`, or the patch file at the path `name`."""
    if "/" in name or name.endswith(_PATCH_SUFFIXES):
        return PatchInput(name=Path(name).name, path=Path(name), data=_read(Path(name)))
    spec, origin = library.patch(name)
    variant = spec.variants.get(base)
    if variant is None:
        raise UsageError(
            f"The patch {name} has no variant for the base {base}; it has: {', '.join(spec.variants)}.",
            hint=(
                f"To make one: `new-patch {name} --base {base} --edit DIR` writes the tree; edit it, then "
                f"`new-patch {name} --base {base} --from DIR` writes {origin.parent / base}.patch."
            ),
        )
    path = origin.parent / variant
    checks = tuple(sorted((origin.parent / "checks").glob("*.sh")))
    return PatchInput(name=name, path=path, data=_read(path), spec=spec, checks=checks)


def patch_recipe(base: str, patches: Sequence[str]) -> Recipe:
    """The recipe that `--base B --patch P …` on the command line stands for."""
    stem = re.sub(r"[^a-z0-9.-]+", "-", base.lower())
    return Recipe(name=stem, summary="given on the command line", base=base, patches=tuple(patches))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"The patch {path} cannot be read: {error.strerror}.") from error


def _check_profile(recipe: Recipe, base: Base) -> None:
    for name in ("conf-cc", "conf-ld"):
        if recipe.profile != "release" and (name in recipe.conf or name in base.conf):
            raise UsageError(
                f"The profile {recipe.profile} is a matter of {name}, which the recipe or its base sets itself.",
                hint=f"Leave {name} to the platform, or write the flags that you want into it.",
            )


def _check_series(patches: Sequence[PatchInput]) -> None:
    names = [patch.name for patch in patches]
    for position, patch in enumerate(patches):
        if names.index(patch.name) != position:
            raise UsageError(f"The recipe names the patch {patch.name} twice.")
        spec = patch.spec
        if spec is None:
            continue
        for needed in spec.requires:
            if needed not in names[:position]:
                raise UsageError(f"{patch.name} needs {needed} before it.", hint=f"Put {needed} before it.")
        for earlier in spec.after:
            if earlier in names[position:]:
                raise UsageError(f"{patch.name} comes before {earlier}, but must come after it.")
        for other in spec.excludes:
            if other in names:
                raise UsageError(f"{patch.name} and {other} cannot be combined.", hint="Take one of them.")
