"""Findings as text for a person: one short block for each stage."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from builder.checks.report import CheckResult
from builder.compiling.build import Build
from builder.debugging.crash import Crash
from builder.debugging.obstacles import Obstacle
from builder.patching.applied import Reject
from builder.patching.diagnose.values import Verdict
from builder.patching.findings import HunkOutcome, HunkStatus, PatchOutcome
from builder.pipeline import Packaged, Started
from builder.reporting.rejects import rejected
from builder.reporting.report import Report, called, distance
from builder.reporting.screen import Screen, printable

_WIDTH = 10
_BARS = "▁▂▃▄▅▆▇█"
_CURVE_COLUMNS = 40


def stage(value: Started | Build | Packaged | tuple[CheckResult, ...], screen: Screen) -> Iterator[str]:
    """The block for what a stage of the pipeline gave; that of the patches is `applied`."""
    match value:
        case Started():
            return started(value)
        case Build():
            return compiled(value)
        case Packaged():
            return packaged(value)
        case _:
            return checked(value, screen)


def started(value: Started) -> Iterator[str]:
    yield value.plan.id
    yield _row("base", f"{value.plan.base.name}  {_shortened(value.tree.digest)}")


def _shortened(text: str) -> str:
    """A text with as much of each hash as a person needs; all of it stands in the manifest."""
    return re.sub(r"(sha256:[0-9a-f]{12})[0-9a-f]{52}", r"\1…", text)


def applied(report: Report, rejects: Sequence[Reject], screen: Screen) -> Iterator[str]:
    """A line for each patch and for what needs looking at in it, then a block for each hunk that failed."""
    if not report.patches:
        yield _row("patches", "none")
    label = "patches"
    for file, patch in report:
        colour = "red" if patch.failures else "yellow" if patch.status != HunkStatus.CLEAN else "green"
        name = f"{printable(patch.name):18}"
        summary = _summary(report, patch) + (f", with {printable(file.fixup)}" if file.fixup else "")
        for line in screen.wrapped(summary, indent=_WIDTH + 2 + len(name)):
            yield _row(label, f"{name} {screen.paint(line, colour)}")
            label, name = "", " " * len(name)
        for path, hunk in _noteworthy(report, patch):
            yield from _remark(f"{path}: {describe_hunk(hunk)}", screen)
        for note in file.patch.notes:
            yield from _remark(f"line {note.line} of the patch: {note.text}", screen)
    yield from rejected(report, rejects, screen)


def _remark(text: str, screen: Screen) -> Iterator[str]:
    """Something about the patch above, below its name."""
    for number, line in enumerate(screen.wrapped(printable(text), indent=_WIDTH + 5)):
        yield _row("", f"    {line}" if number else f"  {line}")


def describe_hunk(hunk: HunkOutcome) -> str:
    """One hunk in one line: "hunk 3 (line 120 of the patch) in docmd(): rejected at line 205: …"."""
    where = f" in {hunk.function}" if hunk.function else ""
    head = f"{called(hunk.n)} (line {hunk.patch_line} of the patch){where}"
    if hunk.status == HunkStatus.OFFSET:
        return f"{head}: applied {distance(hunk.offset)}"
    if hunk.status == HunkStatus.FUZZ:
        return f"{head}: applied at line {hunk.line} only with fuzz {hunk.fuzz}"
    place = f" at line {hunk.line}" if hunk.n else ""
    return f"{head}: {hunk.status.value}{place}: {hunk.verdict}"


def _summary(report: Report, patch: PatchOutcome) -> str:
    hunks = [
        (hunk, report.diagnosis(patch.name, file.path, hunk)) for file in patch.files for hunk in file.hunks
    ]
    not_applied = Verdict.NOT_APPLIED
    counts = Counter(
        not_applied.value if one and one.verdict is not_applied else hunk.status.value for hunk, one in hunks
    )
    kinds = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    return f"{len(patch.files)} file(s), {len(hunks)} hunk(s){': ' if kinds else ''}{kinds}"


def _noteworthy(report: Report, patch: PatchOutcome) -> Iterator[tuple[str, HunkOutcome]]:
    """The hunks with fuzz, and those that failed and get no block of their own."""
    for file in patch.files:
        for hunk in file.hunks:
            failed = not hunk.status.applied
            if hunk.status == HunkStatus.FUZZ or (
                failed and report.diagnosis(patch.name, file.path, hunk) is None
            ):
                yield file.path, hunk


def compiled(build: Build) -> Iterator[str]:
    warnings = build.found.warnings
    took = f"{build.make_seconds:.1f} s" if build.make_seconds else "taken from the store"
    yield _row("compile", f"{_shortened(build.found.compiler)}, {took}, {warnings.total} warning(s)")
    from_patches = {patch: count for patch, count in warnings.by_patch.items() if patch}
    if from_patches:
        counts = ", ".join(f"{patch} {count}" for patch, count in from_patches.items())
        yield _row("", f"of them in lines of patches: {counts}")


def checked(results: Iterable[CheckResult], screen: Screen) -> Iterator[str]:
    """A line for each check, its reasons below it, and the curve of a spawn check as small bars."""
    label = "checks"
    for result in results:
        word = "skipped" if result.skipped else "passed" if result.passed else "FAILED"
        colour = "yellow" if result.skipped else "green" if result.passed else "red"
        yield _row(label, f"{result.name:24} {screen.paint(word, colour)}  {result.summary}")
        label = ""
        for reason in result.reasons:
            yield _row("", f"  {reason}")
        if result.curve:
            yield _row("", f"  {bars(result.curve)}  to {result.curve[-1][0]:.1f} s")
        for crash in result.crashes:
            yield from (_row("", f"  {line}") for line in crashed(crash))


def crashed(crash: Crash) -> Iterator[str]:
    """A crash: who, how, and the calls that led to it, each with the line and whose it is."""
    who = ", ".join(
        f"{name} {value}" for name, value in (("pid", crash.pid), ("uid", crash.uid)) if value is not None
    )
    yield (
        f"{printable(crash.program) or 'A program'}{f' ({who})' if who else ''} "
        f"{f'was killed by {crash.signal}' if crash.signal else 'crashed'}"
    )
    frames = crash.frames if any(frame.path for frame in crash.frames) else ()
    for number, frame in enumerate(frames):
        where = f"  {printable(frame.path)}:{frame.line}" if frame.path else ""
        whose = f"hunk {frame.owner.hunk} of {frame.owner.patch}" if frame.owner else "base"
        yield f"  #{number} {printable(frame.function)}{where}{f'  ({whose})' if frame.patched else ''}"
        if frame.text:
            yield f"       {printable(frame.text)}"
    if crash.debugger:
        yield f"  core: {crash.debugger}"
    for note in crash.notes:
        yield f"  {note}"


def core_obstacles(obstacles: Iterable[Obstacle]) -> Iterator[str]:
    """What is in the way of cores, and how to lift it."""
    label = "cores"
    for obstacle in obstacles:
        whose = f"{', '.join(obstacle.programs)}: " if obstacle.programs else ""
        yield _row(label, f"{whose}{obstacle.text}")
        yield _row("", f"  to lift it: {obstacle.lift}")
        label = ""


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
