"""Showing what became of patches: the same for every command that applies some."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from builder.commands.comparable import known_patches, other_bases
from builder.patching.diagnose import Background, diagnose, explain
from builder.pipeline import Patched
from builder.reporting import text
from builder.reporting.report import PatchFile, Report
from builder.reporting.screen import Screen
from builder.sources.store import default_store


def report_of(patched: Patched, *, identity: str | None = None) -> Report:
    """The findings as a value for presenters, with every hunk that failed diagnosed.

    `identity` names the run: the build's printable id, if nothing else is given.
    """
    plan, applied = patched.plan, patched.applied
    diagnoses = diagnose(applied.rejects, background_of(patched)) if applied.rejects else ()
    top = _repository(Path.cwd())
    files = (
        PatchFile(
            patch=patch,
            path=_relative(given.path, top),
            sha256=given.sha256,
            fixup="" if given.fixup is None else given.path.name,
        )
        for patch, given in zip(patched.patches, plan.patches, strict=True)
    )
    return Report(
        id=identity or plan.id,
        base=plan.base.name,
        base_tree=patched.tree.digest,
        patches=explain(applied, diagnoses).patches,
        files=tuple(files),
        diagnoses=diagnoses,
    )


def lines_of(patched: Patched) -> Iterator[str]:
    """The findings as text for stdout."""
    yield from text.applied(report_of(patched), patched.applied.rejects, Screen.of_stdout())


def background_of(patched: Patched) -> Background:
    """What the diagnosis of a series may look at."""
    plan = patched.plan
    return Background(
        tree=patched.tree,
        base=plan.base.name,
        series=patched.patches,
        reverse=patched.reverse,
        bases=other_bases(plan, default_store()),
        known=known_patches(plan),
        again=plan.again,
        typed={patch.name: str(patch.path) for patch in plan.patches if patch.spec is None},
    )


def in_repository(path: Path) -> str:
    """A file's path as code hosts know it: from the top of the repository that we are in; absolute if outside."""
    return _relative(path, _repository(Path.cwd()))


def _repository(folder: Path) -> Path:
    """The top of the repository that `folder` is in; the folder itself if it is in none."""
    return next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)


def _relative(path: Path, top: Path) -> str:
    """A file's path as code hosts know it: from the top of the repository, with slashes; absolute if outside."""
    whole = path.resolve()
    return whole.relative_to(top).as_posix() if whole.is_relative_to(top) else whole.as_posix()
