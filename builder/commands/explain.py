"""`explain`: why hunks of a patch fail in a series, or how they applied, and who is to blame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec import Struct

from builder import pipeline
from builder.commands.common import Flags, Selection
from builder.commands.patched import report_of
from builder.commands.standing import base_or_folder
from builder.errors import UsageError
from builder.patching.apply import apply
from builder.patching.diagnose import Diagnosis
from builder.patching.findings import HunkOutcome, Owner, PatchOutcome
from builder.pipeline import Patched
from builder.recipes.model import ApplyPolicy
from builder.reporting import json
from builder.reporting.rejects import rejected
from builder.reporting.report import Report, called
from builder.reporting.screen import Screen, printable
from builder.reporting.text import describe_hunk

EXPLAIN_SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which hunks to explain: number `hunk` of each file, or of `file` alone; without a number those that failed."""

    patch: str
    hunk: int | None = None
    file: str | None = None


class Above(Struct, frozen=True, kw_only=True):
    """Lines that an earlier patch put in and took out above a hunk, which is why the hunk is at another line."""

    patch: str
    added: int
    removed: int


class Explained(Struct, frozen=True, kw_only=True):
    """One hunk: what became of it and, if it failed, why."""

    path: str
    outcome: HunkOutcome
    diagnosis: Diagnosis | None
    above: tuple[Above, ...]


def explain(
    question: Question,
    selection: Selection,
    flags: Flags,
    *,
    policy: ApplyPolicy | None,
    strip: int | None,
    tree: Path | None = None,
    as_json: bool,
) -> None:
    """Print why the hunks in question fail, on the base or in the folder `tree`. UsageError if there are no such hunks."""
    plan = selection.plan(again=selection.again(given=flags.given, tree=tree, policy=policy, strip=strip))
    name = _name(question.patch, [patch.name for patch in plan.patches])
    with flags.settings() as settings:
        patched = pipeline.patch_tree(plan, base_or_folder(plan, settings, tree), policy, strip)
        report = report_of(patched)
    outcome = next(patch for patch in report.patches if patch.name == name)
    hunks = [
        Explained(
            path=path,
            outcome=hunk,
            diagnosis=report.diagnosis(name, path, hunk),
            above=_above(patched, name, path, hunk),
        )
        for path, hunk in _asked(question, outcome)
    ]
    if as_json:
        body = {"base": plan.base.name, "patch": name, "hunks": hunks}
        print(json.dumps({"schema_version": EXPLAIN_SCHEMA, **body}), end="")
        return
    for line in _text(report, patched, name, hunks):
        print(line)


def _name(wanted: str, names: Sequence[str]) -> str:
    """The patch in the series that `wanted` is the name or the path of."""
    for name in (wanted, wanted.rpartition("/")[2]):
        if name in names:
            return name
    series = ", ".join(names) or "none"
    raise UsageError(
        f"The series has no patch {wanted}; it has: {series}.",
        hint="Name the series with --recipe R, or with --base B and a --patch for each.",
    )


def _asked(question: Question, outcome: PatchOutcome) -> list[tuple[str, HunkOutcome]]:
    found = [
        (file.path, hunk)
        for file in outcome.files
        for hunk in file.hunks
        if question.file in (None, file.path)
    ]
    if question.hunk is None and found:
        return [(path, hunk) for path, hunk in found if not hunk.status.applied]
    chosen = [(path, hunk) for path, hunk in found if hunk.n == question.hunk]
    if chosen:
        return chosen
    files = ", ".join(f"{file.path} ({len(file.hunks)})" for file in outcome.files)
    where = f" for {question.file}" if question.file else ""
    number = f" {question.hunk}" if question.hunk is not None else ""
    raise UsageError(f"{outcome.name} has no hunk{number}{where}; its files and their hunks: {files}.")


def _above(patched: Patched, name: str, path: str, hunk: HunkOutcome) -> tuple[Above, ...]:
    """Who moved the place of a hunk that applied at an offset: what earlier patches did above it."""
    if not hunk.status.applied or not hunk.offset:
        return ()
    names = [patch.name for patch in patched.patches]
    earlier = apply(patched.tree, patched.patches[: names.index(name)], patched.plan.recipe.apply)
    owned = earlier.owned.get(path)
    if owned is None:
        return ()
    added: Counter[str] = Counter(_patches(owned.owners[: hunk.line - 1]))
    removed: Counter[str] = Counter()
    for gone in owned.removed:
        if gone.at < hunk.line:
            removed[gone.owner.patch] += len(gone.lines)
    return tuple(
        Above(patch=patch, added=added[patch], removed=removed[patch])
        for patch in names
        if added[patch] != removed[patch]
    )


def _patches(owners: Sequence[Owner | None]) -> Iterator[str]:
    return (owner.patch for owner in owners if owner is not None)


def _text(report: Report, patched: Patched, name: str, hunks: Sequence[Explained]) -> Iterator[str]:
    fixup = next((file.fixup for file, outcome in report if outcome.name == name), "")
    if fixup:
        yield f"{printable(name)} is here as its fix-up says: with {printable(fixup)}."
    if not hunks:
        yield f"Every hunk of {printable(name)} applied."
        return
    for one in hunks:
        if one.diagnosis is None:
            yield f"{printable(one.path)}: {printable(describe_hunk(one.outcome) if _odd(one) else _clean(one))}"
            for above in one.above:
                yield f"  above it {above.patch} put {above.added} lines in and took {above.removed} out"
    diagnoses = tuple(one.diagnosis for one in hunks if one.diagnosis is not None)
    chosen = replace(report, diagnoses=diagnoses)
    lines = rejected(chosen, patched.applied.rejects, Screen.of_stdout())
    # The block begins with an empty line, which is of no use at the top.
    yield from (line for number, line in enumerate(lines) if number or line or len(diagnoses) < len(hunks))


def _odd(one: Explained) -> bool:
    return not one.outcome.status.applied or bool(one.outcome.offset or one.outcome.fuzz)


def _clean(one: Explained) -> str:
    return f"{called(one.outcome.n)} applied at line {one.outcome.line}, where it says"
