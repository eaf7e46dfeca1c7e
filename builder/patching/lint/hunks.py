"""Rules about hunks: their counts, their order, their context."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from builder.patching.lint.problem import Rule, Severity
from builder.patching.lint.scan import PatchFile, ScannedHunk
from builder.patching.write import CONTEXT_LINES


def _hunks(file: PatchFile) -> Iterator[ScannedHunk]:
    for part in file.files:
        yield from part.hunks


def _swallowed_file(file: PatchFile) -> Iterator[tuple[int, str]]:
    for hunk in _hunks(file):
        for (number, raw), (_, following) in pairwise(hunk.body):
            if raw.startswith(b"--- ") and following.startswith(b"+++ "):
                yield (
                    number,
                    "looks like the next file's header, but the counts above make it a part of the hunk",
                )


def _count_short(file: PatchFile) -> Iterator[tuple[int, str]]:
    for hunk in _hunks(file):
        if hunk.extra:
            yield (
                hunk.extra[0][0],
                f"{len(hunk.extra)} line(s) after all that the @@ line {hunk.line} counts: every tool drops them",
            )


def _count_wrong(file: PatchFile) -> Iterator[tuple[int, str]]:
    for hunk in _hunks(file):
        if not hunk.complete and not _context_is_missing(hunk):
            old, new = hunk.old_count - hunk.missing_old, hunk.new_count - hunk.missing_new
            said = f"{hunk.old_count} old and {hunk.new_count} new lines"
            yield hunk.line, f"promises {said}, but {old} and {new} follow"


def _context_chopped(file: PatchFile) -> Iterator[tuple[int, str]]:
    for hunk in _hunks(file):
        if not hunk.complete and _context_is_missing(hunk):
            yield hunk.line, f"the last {hunk.missing_old} line(s) of context are missing"


def _context_is_missing(hunk: ScannedHunk) -> bool:
    return 0 < hunk.missing_old == hunk.missing_new <= CONTEXT_LINES


def _out_of_order(file: PatchFile) -> Iterator[tuple[int, str]]:
    for part in file.files:
        for before, after in pairwise(part.hunks):
            if after.old_start < before.old_start + before.old_count:
                yield (
                    after.line,
                    f"overlaps the hunk of line {before.line} or belongs before it: git refuses that",
                )


def _short_context(file: PatchFile) -> Iterator[tuple[int, str]]:
    for part in file.files:
        if part.whole:
            continue
        for index, hunk in enumerate(part.hunks):
            more_before = hunk.leading < CONTEXT_LINES and hunk.old_start > 1
            more_after = hunk.trailing < CONTEXT_LINES and index + 1 < len(part.hunks)
            if more_before or more_after:
                yield (
                    hunk.line,
                    f"{hunk.leading} and {hunk.trailing} line(s) of context, where the file has more",
                )


def _empty_hunk(file: PatchFile) -> Iterator[tuple[int, str]]:
    for hunk in _hunks(file):
        if hunk.body and all(raw[:1] not in (b"+", b"-") for _, raw in hunk.body):
            yield hunk.line, "changes nothing"


HUNK_RULES = (
    Rule(
        "swallowed-file", Severity.ERROR, "A file's header that wrong counts hide in a hunk.", _swallowed_file
    ),
    Rule("count-short", Severity.ERROR, "Lines after a complete hunk, which get lost.", _count_short),
    Rule("count-wrong", Severity.ERROR, "An @@ line with counts that are not true.", _count_wrong),
    Rule(
        "context-chopped",
        Severity.WARNING,
        "A hunk without its last lines of context.",
        _context_chopped,
    ),
    Rule("hunks-out-of-order", Severity.ERROR, "Hunks that overlap or are not in order.", _out_of_order),
    Rule("short-context", Severity.WARNING, "Fewer than three lines of context.", _short_context),
    Rule("empty-hunk", Severity.WARNING, "A hunk without a change.", _empty_hunk),
)
