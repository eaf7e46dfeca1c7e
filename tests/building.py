"""Building recipes in tests, as the pipeline does it."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder import pipeline
from builder.backends.choice import Here
from builder.compiling.build import Build
from builder.console import Quiet
from builder.errors import BackendError
from builder.pipeline import Settings
from builder.recipes.library import Library
from builder.recipes.plan import Plan, make_plan


def recipe_plan(name: str, platform: str | None = None) -> Plan:
    """The plan of one of our own recipes; the default platform if none is named."""
    library = Library.of()
    recipe, _ = library.recipe(name)
    return make_plan(library, recipe, platform=platform)


def built(plan: Plan, store: Path) -> Build:
    """The compiled tree of a plan; the test is skipped where the tools for it are missing."""
    settings = Settings(store=store, progress=Quiet(), backends=Here(), offline=True)
    applied = pipeline.apply_patches(plan, pipeline.fetch_base(plan, settings))
    pipeline.require_applied(applied)
    try:
        return pipeline.compile_plan(plan, applied, settings)
    except BackendError as error:
        pytest.skip(f"{error.what} {error.hint}")
