"""Where we differ from GNU patch 2.7.6 on purpose. Anything else is a mistake in one of the two."""

from __future__ import annotations

import re
from collections.abc import Sequence

from builder.agreement.cases import Case
from builder.agreement.gnu import CRASHED, DAMAGED, Result
from builder.errors import UsageError
from builder.patching import strip
from builder.patching.parse import PatchError
from builder.patching.patch import FileChange, Patch

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

RULES = {**REFUSED, **TAKEN, **OUTCOMES}
"""Not among them, because the comparison does not come there: hunks in another function (`ApplyPolicy.other_functions`
lets them pass), offsets beyond a limit, renames onto a file that exists (GNU patch overwrites it), a file that was
changed and then renamed by one git patch (GNU patch renames it unchanged), git's binary patches (it has none)."""


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
    kinds: set[str],
    result: Result,
    ours: bytes | None,
    *,
    reverse: bool,
) -> str | None:
    """The rule that allows an outcome to be different in these kinds of things ("exit", "hunks", "data"), or None.

    `ours` is what we make of the file.
    """
    changes = [change for patch in patches for change in patch.files]
    refused = DAMAGED in result.exit_codes
    no_change = kinds == {"hunks"} and any(not hunk.edits for change in changes for hunk in change.hunks)
    facts = {
        "crash": CRASHED in result.exit_codes,
        "no-change": no_change,
        "start-0-with-lines": any(map(_starts_at_0_with_lines, changes)),
        "backwards": reverse and not refused and any(len(patch.files) > 1 for patch in patches),
        "stacked-heads": any(note.rule == "file-without-hunks" for patch in patches for note in patch.notes),
        "nameless": not refused and any(not strip.target(change, 1) for change in changes),
        "line-ended": not refused and _glued(case, kinds, result.data, ours),
    }
    taken = _taken(patches) if refused else None
    return taken or next((rule for rule, holds in facts.items() if holds), None)


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


def _glued(case: Case, kinds: set[str], data: bytes | None, ours: bytes | None) -> bool:
    """Whether GNU patch went on in the last line of the file, which has no newline."""
    unended = [text for text in (case.data, *case.patches) if text and _UNENDED.search(text)]
    if not unended or data is None:
        return False
    if kinds == {"data"} and ours is not None and ours.replace(b"\n", b"") == data.replace(b"\n", b""):
        return True
    last = (case.data or b"").rpartition(b"\n")[2]
    return bool(last) and any(line.startswith(last) and line != last for line in data.split(b"\n"))
