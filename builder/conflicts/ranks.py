"""How hunks go in, as numbers that can be compared: the worst of many is their maximum."""

from __future__ import annotations

from builder.conflicts.values import Outcome
from builder.patching.findings import HunkStatus

CLEAN, OFFSET, FUZZ, REJECTED = range(4)

OUTCOMES = (Outcome.CLEAN, Outcome.OFFSET, Outcome.FUZZ)
"""What a pair is whose second patch goes in with this rank, as far as that alone tells."""

_RANKS = {HunkStatus.CLEAN: CLEAN, HunkStatus.OFFSET: OFFSET, HunkStatus.FUZZ: FUZZ}


def rank_of(status: HunkStatus) -> int:
    """The rank of a hunk, or of the worst of many."""
    return _RANKS.get(status, REJECTED)
