"""`build` and the commands that go a part of its way: `smoke`, `package`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from builder import pipeline
from builder.checks.run import run_checks
from builder.commands.common import Flags, Selection, to_json
from builder.commands.patched import lines_of
from builder.errors import UsageError
from builder.patching.apply import Applied
from builder.pipeline import Patched, Settings, Stage, Started
from builder.recipes.plan import Plan
from builder.reporting import text
from builder.reporting.screen import Screen
from builder.sources.tree import Tree

CHECKS_SCHEMA = 1


def build(selection: Selection, flags: Flags, out: Path) -> None:
    """Build, check and package a recipe."""
    plan = selection.plan(again=selection.again(given=flags.given))
    with flags.settings() as settings:
        pipeline.build(plan, settings, out, tell)


def build_several(selections: Sequence[Selection], flags: Flags, engines: Sequence[str], out: Path) -> None:
    """Build, check and package all of these, each on the engine that is free first."""
    from builder.backends.engine import machine_of
    from builder.commands.several import Build, build_all, build_words

    if flags.shell:
        raise UsageError("--shell is for one build.", hint="Name one recipe, one platform and one engine.")
    # By its id, and so that a wrong name is said before anything is built.
    plans = [(selection.plan(), selection) for selection in selections]
    builds = {plan.id: Build(build_words(of, flags, out), plan.platform) for plan, of in plans}
    build_all(builds, engines, machine_of)


def package(selection: Selection, flags: Flags, out: Path) -> None:
    """Package a recipe without running its checks."""
    plan = selection.plan(again=selection.again(given=flags.given))
    pipeline.require_packageable(plan, out)
    with flags.settings() as settings:
        tree, applied = _patched(plan, settings)
        compiled = pipeline.compile_plan(plan, applied, settings)
        tell(compiled)
        tell(pipeline.package(plan, tree, applied, compiled, (), settings, out))


def smoke(
    selection: Selection,
    flags: Flags,
    *,
    checks: Sequence[str],
    deliveries: int | None,
    as_json: bool,
    cores: Path | None = None,
) -> None:
    """Build a recipe and run its checks, or those named; cores of what crashes go into a folder below `cores`."""
    plan = selection.plan(again=selection.again(given=flags.given))
    if deliveries is not None:
        spawn = msgspec.structs.replace(plan.recipe.spawn, deliveries=deliveries)
        plan = plan.with_recipe(msgspec.structs.replace(plan.recipe, spawn=spawn))
    with flags.settings() as settings:
        _, applied = _patched(plan, settings, quiet=as_json)
        compiled = pipeline.compile_plan(plan, applied, settings)
        if not as_json:
            tell(compiled)
        folder = None if cores is None else cores / "cores" / plan.id
        watch = pipeline.watch_for(plan, applied, compiled, cores=folder)
        if folder is not None and not as_json:
            _print(text.core_obstacles(watch.obstacles))
        known = len(watch.obstacles)
        results = run_checks(compiled, plan, names=tuple(checks), progress=settings.progress, watch=watch)
        if as_json:
            found = {"schema_version": CHECKS_SCHEMA, "build": plan.id, "checks": list(results)}
            if folder is not None:
                found["cores"] = {"folder": str(folder), "obstacles": list(watch.obstacles)}
            print(to_json(found))
        else:
            tell(results)
            if folder is not None:
                _print(text.core_obstacles(watch.obstacles[known:]))
        pipeline.require_passed(results, plan, compiled, settings)


def write_tree(applied: Applied, out: Path) -> None:
    """Write the patched tree into a new folder."""
    require_new(out)
    applied.tree.write(out)


def require_new(out: Path) -> None:
    """UsageError if `out` is anything but a folder that is empty or not there."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(
            f"{out} exists and is not empty.", hint="Name a folder that is not there yet with --out."
        )


def tell(stage: Stage) -> None:
    """Print a stage's block at once, so that a long build shows how far it is."""
    _print(lines_of(stage) if isinstance(stage, Patched) else text.stage(stage, Screen.of_stdout()))


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)
    print(end="", flush=True)


def _patched(plan: Plan, settings: Settings, *, quiet: bool = False) -> tuple[Tree, Applied]:
    tree = pipeline.fetch_base(plan, settings)
    patched = pipeline.patch_tree(plan, tree)
    if not quiet:
        tell(Started(plan=plan, tree=tree))
        tell(patched)
    pipeline.require_applied(patched.applied)
    return tree, patched.applied
