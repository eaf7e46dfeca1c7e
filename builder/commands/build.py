"""`build` and the commands that go a part of its way: `apply`, `smoke`, `package`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from builder import pipeline
from builder.checks.run import run_checks
from builder.commands.common import Flags, Selection, to_json
from builder.errors import UsageError
from builder.patching.apply import Applied
from builder.pipeline import Settings, Stage, Started
from builder.recipes.model import ApplyPolicy
from builder.recipes.plan import Plan
from builder.reporting import text
from builder.sources.tree import Tree

APPLY_SCHEMA = 1
CHECKS_SCHEMA = 1


def build(selection: Selection, flags: Flags, out: Path) -> None:
    """Build, check and package a recipe."""
    plan = selection.plan()
    with flags.settings() as settings:
        pipeline.build(plan, settings, out, tell)


def package(selection: Selection, flags: Flags, out: Path) -> None:
    """Package a recipe without running its checks."""
    plan = selection.plan()
    pipeline.require_packageable(plan, out)
    with flags.settings() as settings:
        tree, applied = _patched(plan, settings)
        compiled = pipeline.compile_plan(plan, applied, settings)
        tell(compiled)
        tell(pipeline.package(plan, tree, applied, compiled, (), settings, out))


def smoke(
    selection: Selection, flags: Flags, *, checks: Sequence[str], deliveries: int | None, as_json: bool
) -> None:
    """Build a recipe and run its checks, or those named."""
    plan = selection.plan()
    if deliveries is not None:
        spawn = msgspec.structs.replace(plan.recipe.spawn, deliveries=deliveries)
        plan = plan.with_recipe(msgspec.structs.replace(plan.recipe, spawn=spawn))
    with flags.settings() as settings:
        _, applied = _patched(plan, settings, quiet=as_json)
        compiled = pipeline.compile_plan(plan, applied, settings)
        if not as_json:
            tell(compiled)
        results = run_checks(compiled, plan, names=tuple(checks), progress=settings.progress)
    if as_json:
        print(to_json({"schema_version": CHECKS_SCHEMA, "build": plan.id, "checks": list(results)}))
    else:
        tell(results)
    pipeline.require_passed(results)


def apply(
    selection: Selection,
    flags: Flags,
    *,
    policy: ApplyPolicy | None,
    strip: int | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Apply a recipe's patches, say what became of each hunk, and write the tree if `out` is given."""
    plan = selection.plan()
    with flags.settings() as settings:
        tree = pipeline.fetch_base(plan, settings)
        applied = pipeline.apply_patches(plan, tree, policy, strip)
    if as_json:
        print(
            to_json(
                {"schema_version": APPLY_SCHEMA, "base": plan.base.name, "patches": list(applied.patches)}
            )
        )
    else:
        tell(Started(plan=plan, tree=tree))
        tell(applied)
    pipeline.require_applied(applied)
    if out is not None:
        write_tree(applied, out)


def write_tree(applied: Applied, out: Path) -> None:
    """Write the patched tree into a new folder."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(
            f"{out} exists and is not empty.", hint="Name a folder that is not there yet with --out."
        )
    applied.tree.write(out)


def tell(stage: Stage) -> None:
    """Print a stage's block at once, so that a long build shows how far it is."""
    for line in text.stage(stage):
        print(line)
    print(end="", flush=True)


def _patched(plan: Plan, settings: Settings, *, quiet: bool = False) -> tuple[Tree, Applied]:
    tree = pipeline.fetch_base(plan, settings)
    applied = pipeline.apply_patches(plan, tree)
    if not quiet:
        tell(Started(plan=plan, tree=tree))
        tell(applied)
    pipeline.require_applied(applied)
    return tree, applied
