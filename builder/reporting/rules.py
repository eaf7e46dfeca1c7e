"""The rules that findings of `apply` go by: an id that stays, how grave it is, and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How grave a finding is, in SARIF's words."""

    ERROR = "error"
    """The change is not in the tree."""
    WARNING = "warning"
    """It is, but perhaps not as it was meant."""
    NOTE = "note"
    """Nothing is wrong; somebody may want to know."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of finding. `id` never changes its meaning; `help` says what to do."""

    id: str
    level: Level
    summary: str
    help: str


RULES = (
    Rule(
        "malformed",
        Level.ERROR,
        "The hunk is damaged.",
        "Compare the patch with the original, or make it anew with diff -u.",
    ),
    Rule(
        "no-target",
        Level.ERROR,
        "The file is not in the tree, or one to be created is there already.",
        "It is the patch of another base, or a patch that adds the file must come before.",
    ),
    Rule(
        "misplaced",
        Level.ERROR,
        "The hunk fits only in another C function than the one it came from.",
        "A patch that it builds on is missing. Never apply it with more fuzz or offset.",
    ),
    Rule(
        "reject.moved",
        Level.ERROR,
        "The hunk fits, but further away than is allowed or in another function.",
        "If it is the right place: refresh the patch, or allow it with --max-offset.",
    ),
    Rule(
        "reject.wrong-base",
        Level.ERROR,
        "The hunk fits another base.",
        "Take the patch's variant for this base, or the base that it was made for.",
    ),
    Rule(
        "reject.wrong-strip",
        Level.ERROR,
        "The hunk fits with another strip level.",
        "Give the level with --strip.",
    ),
    Rule(
        "reject.prerequisite-missing",
        Level.ERROR,
        "The lines that the hunk expects come from a patch that is not there.",
        "Put the patch that adds them before this one.",
    ),
    Rule(
        "reject.rewritten",
        Level.ERROR,
        "An earlier patch replaced the lines that the hunk changes.",
        "The two patches do the same thing in different ways: port the hunk by hand, or choose one.",
    ),
    Rule(
        "reject.context-changed",
        Level.ERROR,
        "An earlier patch changed lines around those that the hunk changes.",
        "Refresh the patch on top of the earlier one, or try another order.",
    ),
    Rule(
        "reject.reversed",
        Level.ERROR,
        "The hunk applies the other way round.",
        "The patch was made with old and new swapped: apply it with --reverse.",
    ),
    Rule(
        "reject.not-applied",
        Level.ERROR,
        "The hunk is to be taken back, and its change is not there.",
        "The patch was never applied here, or its lines were changed since: leave it out of what is taken back.",
    ),
    Rule(
        "reject.whitespace",
        Level.ERROR,
        "The hunk differs from the file in nothing but blanks or line ends.",
        "Refresh the patch; look for an editor or a mail program that changed tabs or line ends.",
    ),
    Rule(
        "reject",
        Level.ERROR,
        "The lines that the hunk expects are not in the file.",
        "It is the patch of another base, or a patch before it is missing.",
    ),
    Rule(
        "already-applied",
        Level.ERROR,
        "The change is there already.",
        "Take the patch, or this hunk, out of the recipe.",
    ),
    Rule(
        "fuzz",
        Level.WARNING,
        "The hunk was applied although lines of its context differ.",
        "Look whether it went where it belongs, then refresh the patch.",
    ),
    Rule(
        "offset",
        Level.NOTE,
        "The hunk was applied at another line than the patch says.",
        "Nothing needs to be done; refresh the patch to have it exact.",
    ),
)
"""Worst first."""

_BY_ID = {rule.id: rule for rule in RULES}
_SEVERITY = {rule.id: place for place, rule in enumerate(RULES)}
_REJECT = "reject"
_PARSE = "parse."


def rule_for(status: str, verdict: str | None = None) -> Rule | None:
    """The rule for a hunk by its status and, if it was diagnosed, its verdict; None for a clean one."""
    if status == "rejected" or verdict == "not-applied":
        return _BY_ID.get(f"{_REJECT}.{verdict}") or _BY_ID.get(verdict or _REJECT) or _BY_ID[_REJECT]
    return _BY_ID.get(status)


def parse_rule(note: str) -> Rule:
    """The rule for something that was put right while parsing."""
    words = note.replace("-", " ").replace("_", " ")
    return Rule(
        f"{_PARSE}{note}",
        Level.NOTE,
        f"Odd in the patch file, and put right while reading: {words}.",
        "The patch is usable as it is. `refresh` writes it anew in plain form.",
    )


def severity(rule: Rule) -> int:
    """Where a rule stands among all, from the worst (0) on."""
    return _SEVERITY.get(rule.id, len(RULES))
