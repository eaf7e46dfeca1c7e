"""Where we differ from GNU patch 2.7.6 on purpose in what only git's format can say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from builder.agreement.case import Case, Difference
from builder.patching import strip
from builder.patching.patch import FileChange, Kind, Patch
from builder.patching.reverse import reverse_change
from builder.sources.tree import File

OF_GIT = {
    "binary": "git's binary patches: GNU patch does not read them",
    "copy-taken-back": "a copy that is taken back is removed: GNU patch copies it over the original",
    "name-taken": "a rename or a copy onto a file that is there: GNU patch overwrites it",
    "moved-already": "a rename that is done already: GNU patch takes that for success",
    "moved-nothing": "a rename or a copy of a file that is not there: GNU patch makes the new one if a hunk adds all of it",
    "changed-and-renamed": "a file that another diff of the patch changes too is renamed: GNU patch renames it unchanged",
    "renamed-and-moved": "a file that an earlier diff of the patch renamed is copied or renamed: GNU patch finds it no more",
}
"""Each excuses only what becomes of the files that it is about."""

_MOVES = (Kind.RENAME, Kind.COPY)


def rule_for(
    case: Case,
    patches: Sequence[Patch],
    found: Sequence[Difference],
    theirs: Mapping[str, File],
    *,
    reverse: bool,
) -> str | None:
    """The rule of OF_GIT, if for each file that differs there is one; the first of them if there are several."""
    rules: dict[str, str] = {}
    for patch in patches:
        changes = [reverse_change(change) for change in patch.files] if reverse else patch.files
        for number, change in enumerate(changes):
            others = [*changes[:number], *changes[number + 1 :]]
            rule = _rule_of(case, change, others, reverse=reverse)
            if rule:
                rules.update(dict.fromkeys(strip.names_of(change, 1), rule))
    paths = {difference.path for difference in found if difference.path}
    if any(rules.get(path) == "binary" and theirs.get(path) != case.files.get(path) for path in paths):
        return None
    return next(iter(rules.values()), None) if paths <= rules.keys() else None


def _rule_of(case: Case, change: FileChange, others: Sequence[FileChange], *, reverse: bool) -> str | None:
    """The rule that allows the outcome of one change to be different, going by what else is in the patch."""
    if change.binary is not None:
        return "binary"
    if change.kind not in _MOVES:
        return None
    old, new = strip.stripped(change.old_path, 1), strip.stripped(change.new_path, 1)
    same = [other for other in others if _original(other, reverse) == (new if reverse else old)]
    facts = {
        "copy-taken-back": reverse and change.kind is Kind.COPY,
        "renamed-and-moved": any(other.kind is Kind.RENAME for other in same),
        "changed-and-renamed": change.kind is Kind.RENAME and any(one.kind is not Kind.COPY for one in same),
        "name-taken": new in case.files and old in case.files,
        "moved-already": new in case.files,
        "moved-nothing": old not in case.files and any(hunk.old_start == 0 for hunk in change.hunks[:1]),
    }
    return next((rule for rule, holds in facts.items() if holds), None)


def _original(change: FileChange, reverse: bool) -> str:
    """The name in the tree that the patch was made for."""
    return strip.stripped(change.new_path if reverse else change.old_path, 1)
