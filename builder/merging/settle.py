"""A dispute goes from strategy to strategy until one can settle it; what none can is a conflict."""

from __future__ import annotations

from builder.merging.dispute import Dispute, Kind, Settled, in_doubt
from builder.merging.entries import as_list
from builder.merging.makefile import by_words
from builder.merging.merged import How, Shared
from builder.merging.neighbours import by_lines
from builder.merging.words import by_tokens


def settle(dispute: Dispute) -> Settled:
    """The lines that hold the changes of both sides; or CONFLICT, and why."""
    if dispute.ours == dispute.theirs:
        change = Shared(b"".join(dispute.base), b"".join(dispute.ours))
        note = "Both sides made the same change."
        return Settled(lines=dispute.ours, how=How.SAME, note=note, shared=(change,))
    strategies = (by_words,) if dispute.kind is Kind.MAKE else (as_list, by_lines, by_tokens)
    for strategy in strategies:
        settled = strategy(dispute)
        # A last line without an end may only be last.
        if settled is not None and all(line.endswith(b"\n") for line in settled.lines[:-1]):
            return settled
    return in_doubt(_reason(dispute))


def _reason(dispute: Dispute) -> str:
    """Why a dispute is one, for a person."""
    if not dispute.ours or not dispute.theirs:
        return "One side removed lines that the other changed."
    if not dispute.base:
        return "Both sides added lines here that cannot stand one after the other."
    return "Both sides changed the same lines."
