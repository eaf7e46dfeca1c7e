"""What a series that fails can be compared with: the other bases that are on this machine, and the patches in the library."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from builder.errors import BuilderError
from builder.patching.parse import parse
from builder.patching.patch import Patch
from builder.recipes.plan import Plan
from builder.sources.fetch import obtain
from builder.sources.tree import Tree


def other_bases(plan: Plan, store: Path) -> dict[str, Tree]:
    """The trees of all bases but the plan's own that can be had without a network, by name."""
    return dict(_other_bases(plan, store))


def _other_bases(plan: Plan, store: Path) -> Iterator[tuple[str, Tree]]:
    library = plan.library
    for name in library.base_files() if library else ():
        if name == plan.base.name or library is None:
            continue
        try:
            base, path = library.base(name)
            yield name, obtain(base, bases_folder=path.parent, store=store, offline=True)
        except BuilderError:
            continue  # not fetched, or a file of the user's that other commands complain about


def known_patches(plan: Plan) -> dict[str, Patch]:
    """The library's patches that can be read, each in its form for the plan's base or else in any."""
    return dict(_known_patches(plan))


def _known_patches(plan: Plan) -> Iterator[tuple[str, Patch]]:
    library = plan.library
    for name in library.patch_files() if library else ():
        if library is None:
            continue
        try:
            spec, origin = library.patch(name)
            variant = spec.variants.get(plan.base.name) or next(iter(spec.variants.values()), None)
            if variant is not None:
                yield name, parse(name, (origin.parent / variant).read_bytes(), strip=spec.strip)
        except (BuilderError, OSError):
            continue
