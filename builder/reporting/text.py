"""Findings as text for a person: one short block for each stage."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator

from builder.checks.report import CheckResult
from builder.compiling.build import Build
from builder.patching.apply import Applied
from builder.patching.findings import HunkOutcome, HunkStatus, PatchOutcome
from builder.pipeline import Packaged, Stage, Started

_WIDTH = 10
_BARS = "▁▂▃▄▅▆▇█"
_CURVE_COLUMNS = 40


def paint(text: str, colour: str) -> str:
    """`text` in red, green or yellow where stdout is a terminal that wants colours."""
    codes = {"red": 31, "green": 32, "yellow": 33}
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\033[{codes[colour]}m{text}\033[0m"


def stage(value: Stage) -> Iterator[str]:
    """The block for what a stage of the pipeline gave."""
    match value:
        case Started():
            return started(value)
        case Applied():
            return applied(value)
        case Build():
            return compiled(value)
        case Packaged():
            return packaged(value)
        case _:
            return checked(value)


def started(value: Started) -> Iterator[str]:
    yield value.plan.id
    yield _row("base", f"{value.plan.base.name}  {value.tree.digest[:19]}…")


def applied(outcome: Applied) -> Iterator[str]:
    """A line for each patch, and one for each hunk that needs looking at."""
    if not outcome.patches:
        yield _row("patches", "none")
    label = "patches"
    for patch in outcome.patches:
        colour = "red" if patch.failures else "yellow" if patch.status != HunkStatus.CLEAN else "green"
        yield _row(label, f"{patch.name:18} {paint(_summary(patch), colour)}")
        label = ""
        for path, hunk in _noteworthy(patch):
            yield _row("", f"  {path}: {describe_hunk(hunk)}")


def describe_hunk(hunk: HunkOutcome) -> str:
    """One hunk in one line: "hunk 3 of line 120 in docmd(): rejected; hunk 1 of tls changed …"."""
    where = f" in {hunk.function}" if hunk.function else ""
    head = f"hunk {hunk.n} (line {hunk.patch_line} of the patch){where}"
    if hunk.status == HunkStatus.OFFSET:
        return f"{head}: applied {abs(hunk.offset)} lines {'later' if hunk.offset > 0 else 'earlier'}"
    if hunk.status == HunkStatus.FUZZ:
        return f"{head}: applied at line {hunk.line} only with fuzz {hunk.fuzz}"
    return f"{head}: {hunk.status.value} at line {hunk.line}: {hunk.verdict}"


def _summary(patch: PatchOutcome) -> str:
    hunks = [hunk for file in patch.files for hunk in file.hunks]
    counts = Counter(hunk.status.value for hunk in hunks)
    kinds = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    return f"{len(patch.files)} file(s), {len(hunks)} hunk(s): {kinds}"


def _noteworthy(patch: PatchOutcome) -> Iterator[tuple[str, HunkOutcome]]:
    for file in patch.files:
        for hunk in file.hunks:
            if not hunk.status.applied or hunk.status == HunkStatus.FUZZ:
                yield file.path, hunk


def compiled(build: Build) -> Iterator[str]:
    warnings = build.found.warnings
    took = f"{build.make_seconds:.1f} s" if build.make_seconds else "taken from the store"
    yield _row("compile", f"{build.found.compiler}, {took}, {warnings.total} warning(s)")
    from_patches = {patch: count for patch, count in warnings.by_patch.items() if patch}
    if from_patches:
        counts = ", ".join(f"{patch} {count}" for patch, count in from_patches.items())
        yield _row("", f"of them in lines of patches: {counts}")


def checked(results: Iterable[CheckResult]) -> Iterator[str]:
    """A line for each check, its reasons below it, and the curve of a spawn check as small bars."""
    label = "checks"
    for result in results:
        word = "skipped" if result.skipped else "passed" if result.passed else "FAILED"
        colour = "yellow" if result.skipped else "green" if result.passed else "red"
        yield _row(label, f"{result.name:24} {paint(word, colour)}  {result.summary}")
        label = ""
        for reason in result.reasons:
            yield _row("", f"  {reason}")
        if result.curve:
            yield _row("", f"  {bars(result.curve)}  to {result.curve[-1][0]:.1f} s")


def bars(curve: tuple[tuple[float, int], ...]) -> str:
    """A curve of (seconds, deliveries) as a line of block characters, each the highest value of its time."""
    end = curve[-1][0] or 1.0
    top = max(value for _, value in curve) or 1
    columns = [0] * _CURVE_COLUMNS
    for seconds, value in curve:
        column = min(int(seconds / end * _CURVE_COLUMNS), _CURVE_COLUMNS - 1)
        columns[column] = max(columns[column], value)
    # Between two points the value stays: an empty column repeats the one before it.
    for column in range(1, _CURVE_COLUMNS):
        columns[column] = columns[column] or columns[column - 1]
    return "".join(_BARS[(len(_BARS) - 1) * value // top] for value in columns)


def packaged(made: Packaged) -> Iterator[str]:
    label = "packages"
    for package in made.packages:
        yield _row(label, f"{made.folder / package.name}  {package.size:,} bytes")
        label = ""
    yield _row("manifest", f"{made.folder / 'manifest.json'}")


def _row(label: str, text: str) -> str:
    return f"{label:{_WIDTH}} {text}"
