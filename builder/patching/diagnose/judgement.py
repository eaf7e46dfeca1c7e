"""A verdict with what it rests on."""

from __future__ import annotations

from dataclasses import dataclass

from builder.patching.diagnose.advice import next_command
from builder.patching.diagnose.blame import Mismatch
from builder.patching.diagnose.examine import Examined
from builder.patching.diagnose.values import Difference, Verdict, visible
from builder.patching.findings import Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """`detail` is one sentence without a full stop."""

    verdict: Verdict
    detail: str
    next_command: str
    difference: Difference | None = None
    owner: Owner | None = None


def judgement(
    examined: Examined,
    verdict: Verdict,
    detail: str,
    *,
    other: str = "",
    mismatch: Mismatch | None = None,
    owner: Owner | None = None,
) -> Judgement:
    """A judgement that shows `mismatch`, or else the first one that there is, and its owner unless another is named.

    `other` is what the next command needs to know: the patch, base or number that the verdict is about.
    """
    mismatch = mismatch or next(iter(examined.mismatches), None)
    return Judgement(
        verdict=verdict,
        detail=detail,
        next_command=next_command(
            verdict, examined.reject, examined.background, other=other, fuzz=examined.fuzz
        ),
        difference=None if mismatch is None else _difference(examined, mismatch),
        owner=owner or (mismatch.owner if mismatch else None),
    )


def named(owner: Owner) -> str:
    """An owner in words: "hunk 2 of poll-spawn"."""
    return f"hunk {owner.hunk} of {owner.patch}" if owner.hunk else owner.patch


def _difference(examined: Examined, mismatch: Mismatch) -> Difference:
    lines = examined.reject.before.lines
    found = visible(lines[mismatch.index]) if mismatch.index < len(lines) else ""
    expected = visible(mismatch.expected) if mismatch.expected else ""
    return Difference(line=mismatch.index + 1, expected=expected, found=found)
