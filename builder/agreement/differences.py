"""Where we differ from GNU patch 2.7.6 on purpose. Anything else is a mistake in one of the two."""

from __future__ import annotations

from collections.abc import Sequence

from builder.agreement.cases import Case
from builder.agreement.gnu import Result
from builder.errors import UsageError
from builder.patching import strip
from builder.patching.parse import PatchError
from builder.patching.patch import Patch

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
    "cut-short": "the patch file ends in the middle of a line of context",
    "context-chopped": "the last hunk lacks context at its end",
    "bare-context-diff": "a context diff without context, as diff -C0 writes it",
}
"""Patches that GNU patch calls malformed and that we take, by the rule of the ParseNote or a name of its own."""

OUTCOMES = {
    "backwards": "taking a patch back, we begin with the last of several diffs to one file",
    "line-ended": "after a last line without a newline GNU patch may put the next one into the same line",
    "start-0-with-lines": "a hunk at line 0 that has old (new) lines does not say that there was (will be) no file",
    "nameless": "names that are too short for the strip level: GNU patch takes those of a head further up",
}
"""Patches that both take and whose outcomes differ."""

RULES = {**REFUSED, **TAKEN, **OUTCOMES}
"""Not among them, because the comparison does not come there: hunks in another function (`ApplyPolicy.other_functions`
lets them pass), offsets beyond a limit, renames onto a file that exists (GNU patch overwrites it), a file that was
changed and then renamed by one git patch (GNU patch renames it unchanged), git's binary patches (it has none)."""


def of_refusal(error: UsageError, result: Result) -> str | None:
    """The rule by which we may refuse the patch; "" if GNU patch refuses it too, None if there is no rule."""
    if any(code > 1 for code in result.exit_codes):
        return ""
    rule = error.rule if isinstance(error, PatchError) else None
    return rule if rule in REFUSED else None


def of_outcome(
    case: Case, patches: Sequence[Patch], kinds: set[str], result: Result, *, reverse: bool
) -> str | None:
    """The rule that allows an outcome to be different in these kinds of things ("exit", "hunks", "data"), or None."""
    changes = [change for patch in patches for change in patch.files]
    if any(code > 1 for code in result.exit_codes):
        return _taken(patches)
    if kinds == {"hunks"} and any(not hunk.edits for change in changes for hunk in change.hunks):
        return "no-change"
    if reverse and any(len(patch.files) > 1 for patch in patches):
        return "backwards"
    if any(not strip.target(change, 1) for change in changes):
        return "nameless"
    firsts = [change.hunks[0] for change in changes if change.hunks]
    if any((hunk.old_start == 0 and hunk.old) or (hunk.new_start == 0 and hunk.new) for hunk in firsts):
        return "start-0-with-lines"
    return "line-ended" if _glued(case, result.data) else None


def _taken(patches: Sequence[Patch]) -> str | None:
    for patch in patches:
        for change in patch.files:
            if not all(hunk.edits for hunk in change.hunks):
                return "no-change"
            if change.context_format and any(hunk.leading + hunk.trailing == 0 for hunk in change.hunks):
                return "bare-context-diff"
        for note in patch.notes:
            if note.rule in TAKEN:
                return note.rule
    return None


def _glued(case: Case, data: bytes | None) -> bool:
    """Whether GNU patch went on in the last line of the file, which has no newline."""
    last = (case.data or b"").rpartition(b"\n")[2]
    lines = (data or b"").split(b"\n")
    return bool(last) and any(line.startswith(last) and line != last for line in lines)
