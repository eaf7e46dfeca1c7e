"""The outcomes and kinds of collisions in words, for every report of a matrix."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from builder.conflicts.values import Collision, CollisionKind, Matrix, Outcome
from builder.merging.merged import How
from builder.reporting.report import called


class Sign(NamedTuple):
    """How an outcome is shown: a symbol and a letter that tell it without colour, a colour, and what it means."""

    mark: str
    colour: str
    meaning: str


SIGNS = {
    Outcome.CLEAN: Sign("·c", "dim", "applies exactly"),
    Outcome.OFFSET: Sign("+o", "", "applies at other lines"),
    Outcome.FUZZ: Sign("~f", "yellow", "applies if lines of context may differ"),
    Outcome.RESOLVED: Sign("=r", "yellow", "is rejected, but a three-way merge settles it"),
    Outcome.HIDDEN: Sign("?h", "red", "seems to apply, but wrongly"),
    Outcome.SEMANTIC: Sign("!s", "red", "applies, but does not compile"),
    Outcome.CONFLICT: Sign("#x", "red", "is rejected, and a person must decide"),
}
"""From harmless to worst."""

KINDS = {
    CollisionKind.BOTH_ADD: "both add lines here",
    CollisionKind.CONTEXT: "one changes what the other has as context",
    CollisionKind.REWRITTEN: "both rewrite these lines",
    CollisionKind.SAME_FILE_EQUAL: "both add this file, and it is the same",
    CollisionKind.SAME_FILE_DIFFERENT: "both add a file of this name, but not the same",
    CollisionKind.REMOVED: "one removes what the other edits",
    CollisionKind.ALONE: "does not apply to the bare base",
}

QUIET = frozenset({Outcome.CLEAN, Outcome.OFFSET})
"""Outcomes that need nobody's attention."""


def place(collision: Collision) -> str:
    """Where it is: "qmail-smtpd.c:242 in smtp_mail()"."""
    line = f":{collision.base_line}" if collision.base_line else ""
    inside = f" in {collision.function}()" if collision.function else ""
    return f"{collision.path}{line}{inside}"


def hunks(collision: Collision) -> str:
    """Whose hunks meet: "hunk 1 and hunk 8"."""
    if collision.kind is CollisionKind.ALONE or not collision.first_hunk:
        return called(collision.second_hunk)
    return f"{called(collision.first_hunk)} and {called(collision.second_hunk)}"


def what(collision: Collision) -> str:
    """Where two patches meet and how, and what the merge made of it: for a line of a report."""
    settled = f"; merged ({collision.how})" if collision.how not in ("", How.CONFLICT) else ""
    return f"{place(collision)}, {hunks(collision)}: {KINDS[collision.kind]}{settled}"


def summary(matrix: Matrix) -> str:
    """All pairs in a line."""
    counts = Counter(pair.outcome for pair in matrix.pairs)
    parts = ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome])
    return f"{len(matrix.pairs)} ordered pairs of {len(matrix.patches)} patches on {matrix.base}: {parts}"
