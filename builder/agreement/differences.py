"""Where we differ from GNU patch 2.7.6 on purpose. Anything else is a mistake in one of the two."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from builder.agreement import git_differences
from builder.agreement.case import Case, Difference
from builder.agreement.git_differences import OF_GIT
from builder.agreement.gnu import CRASHED, DAMAGED, Result
from builder.errors import UsageError
from builder.patching import strip
from builder.patching.parse import PatchError
from builder.patching.patch import FileChange, Patch
from builder.sources.tree import File

REFUSED = {
    "count-short": "lines that a hunk's counts leave out: GNU patch drops them without a word",
    "swallowed-file": "counts that reach into the next file: GNU patch takes its head for lines",
    "malformed-hunk": "something in a hunk that is no line of one",
    "malformed-head": "a hunk's head that is cut off: GNU patch takes it for prose",
    "lost-hunk": "a hunk that belongs to no file: GNU patch takes it for prose",
    "no-file": "both names of a change are /dev/null, or none is there",
}
"""Patches that GNU patch makes something of and that we refuse as a whole, by the rule of the PatchError."""

TAKEN = {
    "no-change": "a hunk of nothing but context; at the end of a patch GNU patch just does not count it",
    "cut-short": "the patch file ends in the middle of a line that it can do without",
    "context-chopped": "the last hunk lacks context at its end",
    "blank-context-lost": "an empty context line that has lost its space, but has a carriage return",
    "bare-context-diff": "a context diff without context, as diff -C0 writes it",
}
"""Patches that GNU patch calls malformed and that we take, by the rule of the ParseNote or a name of its own."""

OUTCOMES = {
    "crash": "an assertion of GNU patch fails: it wanted to go on after a last line without a newline",
    "backwards": "taking a patch back, we begin with the last of several diffs to one file",
    "line-ended": "after a last line without a newline GNU patch may put the next one into the same line",
    "start-0-with-lines": "a hunk at line 0 that has old (new) lines does not say that there was (will be) no file",
    "stacked-heads": "a head without hunks before another: GNU patch goes on believing what it said of the file",
    "nameless": "names that are too short for the strip level: GNU patch takes those of a head further up",
}
"""Patches that both take and whose outcomes differ."""

RULES = {**REFUSED, **TAKEN, **OUTCOMES, **OF_GIT}
"""Not among them, because the comparison does not come there: hunks in another function (`ApplyPolicy.other_functions`
lets them pass), offsets beyond a limit."""

_UNENDED = re.compile(rb"[^\n]\Z|^\\", re.MULTILINE)
"""A file, or a part of a patch, with a last line without a newline."""


def of_refusal(error: UsageError, result: Result) -> str | None:
    """The rule by which we may refuse the patch; "" if GNU patch refuses it too, None if there is no rule."""
    if DAMAGED in result.exit_codes:
        return ""
    rule = error.rule if isinstance(error, PatchError) else None
    return rule if rule in REFUSED else None


def of_outcome(
    case: Case,
    patches: Sequence[Patch],
    found: Sequence[Difference],
    result: Result,
    ours: Mapping[str, File],
    *,
    reverse: bool,
) -> str | None:
    """The rule that allows an outcome to be different in the things that were `found`, or None.

    `ours` is what we make of the files.
    """
    changes = [change for patch in patches for change in patch.files]
    refused = DAMAGED in result.exit_codes
    kinds = {difference.kind for difference in found}
    no_change = kinds == {"hunks"} and any(not hunk.edits for change in changes for hunk in change.hunks)
    facts = {
        "crash": CRASHED in result.exit_codes,
        "no-change": no_change,
        "start-0-with-lines": any(map(_starts_at_0_with_lines, changes)),
        "stacked-heads": any(note.rule == "file-without-hunks" for patch in patches for note in patch.notes),
        "nameless": not refused and any(not strip.target(change, 1) for change in changes),
        "line-ended": not refused and _glued(case, found, result.files, ours),
    }
    taken = _taken(patches) if refused else None
    return (
        taken
        or next((rule for rule, holds in facts.items() if holds), None)
        or git_differences.rule_for(case, patches, found, result.files, reverse=reverse)
    )


def _taken(patches: Sequence[Patch]) -> str | None:
    for patch in patches:
        for change in patch.files:
            if not all(hunk.edits for hunk in change.hunks):
                return "no-change"
            if change.context_format and any(hunk.leading + hunk.trailing == 0 for hunk in change.hunks):
                return "bare-context-diff"
        if not patch.data.endswith(b"\n"):
            return "cut-short"
        for note in patch.notes:
            if note.rule in TAKEN:
                return note.rule
    return None


def _starts_at_0_with_lines(change: FileChange) -> bool:
    return any(
        (hunk.old_start == 0 and hunk.old) or (hunk.new_start == 0 and hunk.new) for hunk in change.hunks[:1]
    )


def _glued(
    case: Case, found: Sequence[Difference], theirs: Mapping[str, File], ours: Mapping[str, File]
) -> bool:
    """Whether GNU patch went on in the last line of a file, which has no newline."""
    before = {path: file.data for path, file in case.files.items()}
    if not any(text and _UNENDED.search(text) for text in (*before.values(), *case.patches)):
        return False
    paths = {difference.path for difference in found if difference.kind == "data"} or set(theirs)
    return all(
        path in theirs
        and (
            _same_but_for_newlines(found, theirs[path], ours.get(path))
            or _goes_on_in_last(before.get(path, b""), theirs[path].data)
        )
        for path in paths
    )


def _same_but_for_newlines(found: Sequence[Difference], theirs: File, ours: File | None) -> bool:
    only_data = all(difference.kind == "data" for difference in found)
    return only_data and ours is not None and ours.data.replace(b"\n", b"") == theirs.data.replace(b"\n", b"")


def _goes_on_in_last(before: bytes, theirs: bytes) -> bool:
    last = before.rpartition(b"\n")[2]
    return bool(last) and any(line.startswith(last) and line != last for line in theirs.split(b"\n"))
