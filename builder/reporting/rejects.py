"""Rejected hunks as text for a person: what failed, where, why, who is in the way, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest

from builder.patching.applied import Reject
from builder.patching.diagnose.values import Diagnosis, Verdict
from builder.reporting.comparison import compared, table
from builder.reporting.report import Report, called, sentence
from builder.reporting.screen import Screen, printable

_LABEL = 9
_TELLING = 0.3
"""A place in the file that is less like the hunk than this is not worth showing."""
_NO_COMPARISON = ("already-applied", "reversed", "wrong-strip", "wrong-base")
"""Verdicts by which the hunk's old lines are not what the file should have."""


def rejected(report: Report, rejects: Sequence[Reject], screen: Screen) -> Iterator[str]:
    """A block for each hunk that failed; hunks of a file that failed for the same reason share one."""
    by_hunk = {(one.patch.name, one.path, one.hunk.patch_line): one for one in rejects}
    paths = {file.patch.name: file.path for file in report.files}
    groups = [list(group) for _, group in groupby(report.diagnoses, _sameness)]
    for diagnoses, following in zip_longest(groups, groups[1:]):
        first = diagnoses[0]
        yield ""
        yield from _block(
            diagnoses,
            by_hunk.get((first.patch, first.path, first.patch_line)),
            paths.get(first.patch, first.patch),
            screen,
        )
        # One command for several blocks stands below the last of them.
        if first.next_command and not (following and following[0].next_command == first.next_command):
            # Not broken into lines: it is there to be copied.
            yield f"  {'next':{_LABEL}} {printable(first.next_command)}"


def _sameness(diagnosis: Diagnosis) -> tuple[str | int | None, ...]:
    """What hunks must have in common to be told in one block: nothing that only one of them has."""
    own = diagnosis.patch_line if diagnosis.difference or diagnosis.candidate_line else 0
    return diagnosis.patch, diagnosis.path, own, diagnosis.verdict, diagnosis.detail


def _block(
    diagnoses: Sequence[Diagnosis], reject: Reject | None, patch_path: str, screen: Screen
) -> Iterator[str]:
    one = diagnoses[0]
    which = called(one.n, one.of)
    if len(diagnoses) > 1:
        which = f"hunks {one.n} {'and' if len(diagnoses) == 2 else 'to'} {diagnoses[-1].n} of {one.of}"
    title = f"{one.path}: {which} of {one.patch}"
    place = f"  ({patch_path}:{one.patch_line})"
    yield screen.paint(printable(title), "bold") + printable(place)
    yield from _row("why", f"{one.verdict.value.replace('-', ' ')}: {sentence(one.detail)}", screen)
    if reject is not None and len(diagnoses) == 1 and _comparable(one, reject):
        yield from _where(one, screen)
        if one.candidate_line is None or one.similarity >= _TELLING:
            start = (one.candidate_line or one.expected_line) - 1
            rows = compared(reject, max(start, 0))
            yield from table(rows, screen, patch=printable(one.patch), path=printable(one.path))


def _where(one: Diagnosis, screen: Screen) -> Iterator[str]:
    yield from _row("expected", f"line {one.expected_line}{_inside(one.expected_function)}", screen)
    if one.candidate_line is not None:
        alike = f", {one.similarity:.0%} alike"
        where = f"line {one.candidate_line}{_inside(one.candidate_function)}{alike}"
        yield from _row("best fit", where, screen)
    if one.difference is not None:
        yield from _row("differs", f"line {one.difference.line}, {_owned(one)}", screen)
        yield f"  {'':{_LABEL}} patch {screen.paint(printable(one.difference.expected), 'red')}"
        yield f"  {'':{_LABEL}} file  {screen.paint(printable(one.difference.found), 'green')}"


def _inside(function: str) -> str:
    return f" in {function}()" if function else ""


def _owned(one: Diagnosis) -> str:
    if one.owner is None:
        return "as the base has it"
    return f"owned by {called(one.owner.hunk)} of {one.owner.patch}"


def _comparable(one: Diagnosis, reject: Reject) -> bool:
    """Whether there is a file, and it is one that should have the hunk's old lines."""
    unchanged = one.verdict is Verdict.NOT_APPLIED and one.difference is None
    return bool(reject.before.lines) and not unchanged and one.verdict.value not in _NO_COMPARISON


def _row(label: str, text: str, screen: Screen) -> Iterator[str]:
    for line in screen.wrapped(printable(text), indent=_LABEL + 3):
        yield f"  {label:{_LABEL}} {line}"
        label = ""
