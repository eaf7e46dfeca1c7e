"""`apply`: a recipe's patches alone; says what became of each hunk, in the form that is asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from builder import pipeline
from builder.commands.build import require_new, tell, write_tree
from builder.commands.common import Flags, Selection
from builder.commands.patched import report_of
from builder.commands.standing import base_or_folder
from builder.errors import UsageError
from builder.patching.applied import Applied
from builder.pipeline import Patched, Started
from builder.recipes.model import ApplyPolicy
from builder.reporting import github, json, junit, sarif, text
from builder.reporting.rej import rej_files
from builder.reporting.report import Report
from builder.reporting.screen import Screen
from builder.sources.tree import File, Tree

FORMATS = ("text", "json", "sarif", "junit", "github")
_RENDERED: Mapping[str, Callable[[Report], str]] = {
    "json": json.render,
    "sarif": sarif.render,
    "junit": junit.render,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to come out. `out` and `rejects` are folders; None: not written."""

    format: str = "text"
    output: Path | None = None
    """The file for the report; stdout if None."""
    out: Path | None = None
    rejects: Path | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be done other than usual: patches taken back, or a tree that is not the base's own."""

    reverse: bool = False
    tree: Path | None = None


def apply(
    selection: Selection,
    flags: Flags,
    *,
    policy: ApplyPolicy | None,
    strip: int | None,
    wanted: Wanted,
    task: Task = Task(),
) -> None:
    """Apply a recipe's patches and report. FindingsError if a hunk did not apply; then no tree is written."""
    if wanted.format not in FORMATS:
        raise UsageError(f"--format is {wanted.format!r}, but must be one of: {', '.join(FORMATS)}.")
    _check_folders(wanted)
    again = selection.again(given=flags.given, tree=task.tree, policy=policy, strip=strip)
    plan = selection.plan(again=again)
    with flags.settings() as settings:
        tree = base_or_folder(plan, settings, task.tree)
        patched = pipeline.patch_tree(plan, tree, policy, strip, reverse=task.reverse)
        report = report_of(patched, identity=plan.id if selection.is_recipe else plan.base.name)
    _show(report, patched, wanted)
    if wanted.rejects is not None and not wanted.dry_run:
        _write_rejects(patched.applied, wanted.rejects)
    pipeline.require_applied(patched.applied, reverse=patched.reverse)
    if wanted.out is not None and not wanted.dry_run:
        write_tree(patched.applied, wanted.out)


def _check_folders(wanted: Wanted) -> None:
    """Before anything is done: the folders must be free for what is to go into them."""
    if wanted.out is not None:
        require_new(wanted.out)
    if wanted.rejects is not None:
        _require_only_rejects(wanted.rejects)


def _show(report: Report, patched: Patched, wanted: Wanted) -> None:
    if wanted.format == "github":
        _show_on_github(report, wanted.output)
        return
    if wanted.format in _RENDERED:
        shown = _RENDERED[wanted.format](report)
    elif wanted.output is None:
        tell(Started(plan=patched.plan, tree=patched.tree))
        shown = _text(report, patched.applied, Screen.of_stdout())
    else:
        shown = _text(report, patched.applied, Screen())
    if wanted.output is None:
        sys.stdout.write(shown)
        return
    wanted.output.write_text(shown, encoding="utf-8")


def _text(report: Report, applied: Applied, screen: Screen) -> str:
    return "".join(f"{line}\n" for line in text.applied(report, applied.rejects, screen))


def _show_on_github(report: Report, output: Path | None) -> None:
    """Annotations on stdout, where the runner looks for them; the summary where --output or the runner says."""
    sys.stdout.write(github.workflow_commands(report))
    if output is not None:
        output.write_text(github.summary(report), encoding="utf-8")
    elif os.environ.get("GITHUB_STEP_SUMMARY"):
        # Other commands of the step write there too.
        with Path(os.environ["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as file:
            file.write(github.summary(report))


def _require_only_rejects(folder: Path) -> None:
    """A folder for .rej files must be new, or hold nothing but those of last time."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError(f"--rejects {folder} is no folder.")
    others = (path for path in folder.rglob("*") if path.is_symlink() or not _is_reject(path))
    other = next(others, None)
    if other is not None:
        raise UsageError(
            f"--rejects {folder} holds something else than .rej files: {other.relative_to(folder)}.",
            hint="Name a folder that is not there yet, or one that an earlier run wrote.",
        )


def _is_reject(path: Path) -> bool:
    return path.is_dir() or path.suffix == ".rej"


def _write_rejects(applied: Applied, folder: Path) -> None:
    """Write the .rej files; those of last time go, because a hunk that applies now must leave none."""
    for path in sorted(folder.rglob("*.rej")):
        path.unlink()
    Tree({name: File(data) for name, data in rej_files(applied.rejects).items()}).write(folder)
