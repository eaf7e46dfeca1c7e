"""A second opinion on a patch: how many files and hunks unidiff sees in it.

unidiff knows only unified diffs and has faults of its own (ANCHORS, section 6), so that only this counts: where it
sees a hunk that we do not, something may have been lost. It is asked by lint, and when parsing left something out.
"""

from __future__ import annotations

from typing import NamedTuple

from builder.patching.parse.error import PatchError
from builder.patching.parse.limits import MIB
from builder.patching.patch import Patch

DOUBTS = frozenset({"prose-like-hunk", "file-without-hunks"})
"""Notes after which unidiff is asked."""

_LARGEST = 4 * MIB  # it takes seconds for more


class Counts(NamedTuple):
    files: int
    hunks: int


def ours(patch: Patch) -> Counts:
    """The files with unified hunks, and their hunks."""
    unified = [file for file in patch.files if file.hunks and not file.context_format]
    return Counts(len(unified), sum(len(file.hunks) for file in unified))


def unidiffs(patch: Patch) -> Counts | None:
    """What unidiff sees between prologue and trailer; None where it gives up."""
    import unidiff  # only here, so that nobody waits for it who does not ask

    body = patch.data[len(patch.header) :]
    try:
        parsed = unidiff.PatchSet.from_string(body, errors="surrogateescape")
    except (unidiff.UnidiffParseError, ValueError, IndexError, TypeError):
        return None
    files = [file for file in parsed if len(file)]
    return Counts(len(files), sum(len(file) for file in files))


def require_agreement(patch: Patch) -> None:
    """PatchError if unidiff sees more hunks than we did."""
    theirs = unidiffs(patch) if len(patch.data) <= _LARGEST else None
    if theirs is not None and theirs.hunks > ours(patch).hunks:
        raise PatchError(
            f"Patch {patch.name} may have {theirs.hunks} hunks, but only {ours(patch).hunks} can be understood.",
            rule="lost-hunk",
            hint="Make it anew with: diff -ru OLD NEW",
        )
