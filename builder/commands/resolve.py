"""`resolve`: the fix-ups that make a series apply, written for a person to review."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from builder import pipeline
from builder.checks.patch_checks import patch_checks
from builder.commands.build import require_new
from builder.commands.common import Flags, Selection
from builder.commands.proving import NATIVE
from builder.errors import FindingsError, UsageError
from builder.fixups.fixup import FixUp
from builder.fixups.header import write
from builder.fixups.lookup import fixups_of, home_of, load
from builder.patching.applied import Applied
from builder.patching.parse import parse
from builder.pipeline import Settings
from builder.proofs.setting import Setting
from builder.proofs.verdict import weigh
from builder.recipes.library import Library
from builder.recipes.model import ApplyPolicy
from builder.recipes.plan import PatchInput, Plan
from builder.reporting.resolved import render_json, render_text
from builder.reporting.screen import Screen
from builder.resolving.report import Resolution, Resolved
from builder.resolving.series import Resolver
from builder.resolving.telling import resolved
from builder.resolving.values import Judge, Judged, Member, Step
from builder.series.output import replace_file, write_new
from builder.sources.tree import Tree
from builder.toolchains.platforms import platform_called

FORMATS = ("text", "json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is wanted. `out` is the folder for the tree of the last patch that was merged, `edited` such a tree."""

    format: str = "text"
    out: Path | None = None
    edited: Path | None = None
    compile: bool = False
    dry_run: bool = False
    force: bool = False


def resolve(selection: Selection, flags: Flags, *, policy: ApplyPolicy | None, wish: Wish) -> None:
    """Write the fix-ups that a series needs, and report. FindingsError if a patch needs a person."""
    _check(wish)
    plan = selection.plan(again=selection.again(policy=policy), fixups=False)
    library = selection.library
    with flags.settings() as settings, _judging(plan, selection, settings, wish) as judging:
        tree = pipeline.fetch_base(plan, settings)
        resolver = Resolver(
            base=plan.base.name,
            tree=tree,
            policy=policy or plan.recipe.apply,
            judge=judging,
            edited=None if wish.edited is None else Tree.read(wish.edited),
            force=wish.force,
        )
        steps = list(resolver.resolve([_member(patch, library) for patch in plan.patches]))
    if resolver.edited is not None:
        raise UsageError("No patch of the series needs a person, so --from has nothing to settle.")
    found = Resolution(
        id=plan.id if selection.is_recipe else plan.base.name,
        base=plan.base.name,
        base_tree=tree.digest,
        patches=tuple(
            _written(step, patch, library, wish) for step, patch in zip(steps, plan.patches, strict=True)
        ),
    )
    _write_tree(steps, wish)
    if wish.format == "json":
        sys.stdout.write(render_json(found))
    else:
        sys.stdout.write(render_text(found, Screen.of_stdout(), plan.again, proof=_proof(selection, wish)))
    if found.unsettled:
        names = ", ".join(patch.name for patch in found.unsettled)
        raise FindingsError(
            f"{len(found.unsettled)} of {len(steps)} patches need a person: {names}.",
            hint="The list above says where and why; no fix-up was written for them.",
        )


def _proof(selection: Selection, wish: Wish) -> tuple[str, ...]:
    """The flags that say whether and for what fix-ups are compiled."""
    platform = ("--platform", selection.platform) if selection.platform else ()
    return ("--compile", *platform) if wish.compile else ()


def _check(wish: Wish) -> None:
    if wish.format not in FORMATS:
        raise UsageError(f"--format is {wish.format!r}, but must be one of: {', '.join(FORMATS)}.")
    if wish.edited is not None and not wish.edited.is_dir():
        raise UsageError(f"--from {wish.edited} is no folder.", hint="--out DIR writes one to edit.")
    if wish.out is not None:
        require_new(wish.out)


def _member(patch: PatchInput, library: Library) -> Member:
    if not patch.stem.isprintable():
        raise UsageError(f"A fix-up cannot be named after {patch.stem!r}.", hint="Rename the patch's file.")
    return Member(
        patch=parse(patch.stem, patch.data, strip=patch.strip),
        ingredient=patch.ingredient,
        requires=() if patch.spec is None else patch.spec.requires,
        fixups=fixups_of(library, patch.stem),
    )


@contextmanager
def _judging(plan: Plan, selection: Selection, settings: Settings, wish: Wish) -> Iterator[Judge | None]:
    """Who compiles, for as long as the objects that were compiled are kept; nobody unless --compile says so.

    A recipe is compiled for where it is meant to run, patches on a bare base for this machine itself.
    """
    if not wish.compile:
        yield None
        return
    platform = plan.platform
    if selection.platform is None and not selection.is_recipe:
        platform = platform_called(NATIVE)
    with TemporaryDirectory(prefix="qmail-builder-objects-") as objects:
        setting = Setting(
            platform=platform,
            cache=settings.store / "toolchains",
            objects=Path(objects),
            conf=plan.conf,
            defines=plan.recipe.defines,
            ids=plan.recipe.ids,
            jobs=settings.jobs or os.cpu_count() or 1,
        )

        def judged(series: Applied, before: Applied, alone: Applied) -> Judged:
            names = [patch.name for patch in series.patches]
            settings.progress.step(f"compiling the series up to {names[-1]}")
            scripts = patch_checks([patch for patch in plan.patches if patch.stem in names])
            found = setting.compile(series.tree, series.owner, scripts)
            verdict = weigh(
                found,
                {
                    "the series before it": lambda: setting.compile(before.tree, before.owner),
                    f"{names[-1]} alone": lambda: setting.compile(alone.tree, alone.owner),
                },
            )
            return Judged(error=verdict.error, compiled="" if verdict.error else setting.name)

        yield judged


def _written(step: Step, patch: PatchInput, library: Library, wish: Wish) -> Resolved:
    """A step as data, with its fix-up written if it is new."""
    instead = step.instead
    typed = shlex.quote(patch.name if patch.spec is not None else str(patch.path))
    if step.fixup is None or not step.fresh:
        return resolved(step, typed, file="" if instead is None else _shown(instead.path))
    target = _target(step.fixup, library)
    replaced = instead.path if instead is not None and instead.path != target else None
    if not wish.dry_run:
        _put(target, write(step.fixup))
        if replaced is not None:
            replaced.unlink()
    return resolved(
        step,
        typed,
        file=_shown(target),
        written=not wish.dry_run,
        replaced="" if replaced is None or wish.dry_run else _shown(replaced),
    )


def _target(fixup: FixUp, library: Library) -> Path:
    """Where a fix-up goes. If one for another base is there under its name, the base is added to the name."""
    home = home_of(library, fixup.patch.name)
    plain = home / fixup.file_name
    if plain.is_file() and load(plain).fixup.base != fixup.base:
        return plain.with_name(f"{plain.stem}.{fixup.base}.patch")
    return plain


def _put(path: Path, data: bytes) -> None:
    if path.exists():
        replace_file(path, data)
    else:
        write_new(path.parent, {path.name: data})


def _write_tree(steps: Sequence[Step], wish: Wish) -> None:
    """Write the tree of the first patch that needs a person or, if none does, of the last one that was merged."""
    tried = [step for step in steps if step.attempt is not None]
    wanted = next((step for step in tried if not step.state.settled), tried[-1] if tried else None)
    if wish.out is not None and wanted is not None and wanted.attempt is not None and not wish.dry_run:
        wanted.attempt.merged.tree.write(wish.out)


def _shown(path: Path) -> str:
    """A path as a person in the current folder would write it."""
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else str(path)
