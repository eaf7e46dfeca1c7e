"""What to do about a hunk that failed: the next command to run."""

from __future__ import annotations

from dataclasses import replace

from builder.patching.applied import Reject
from builder.patching.diagnose.background import Background
from builder.patching.diagnose.values import Verdict


def next_command(
    verdict: Verdict, reject: Reject, background: Background, *, other: str = "", fuzz: int | None = None
) -> str:
    """A command that takes the user further.

    `other` is what the verdict names: a patch, a base or a number. With `fuzz` lines of context left out the hunk
    would apply; None if it never would.
    """
    if background.reverse:
        return _backwards(verdict, reject, background, other)
    return _forwards(verdict, reject, background, other, fuzz)


def _forwards(verdict: Verdict, reject: Reject, background: Background, other: str, fuzz: int | None) -> str:
    patch, again = typed(reject.patch.name, background), background.again
    alone = ("--base", background.base, "--patch", patch)
    match verdict:
        case Verdict.PREREQUISITE_MISSING if other:
            both = ("--base", background.base, "--patch", typed(other, background), "--patch", patch)
            command = again.command("apply", series=both)
        case Verdict.WRONG_BASE if other:
            # What --from and --tree name is not that base.
            elsewhere = replace(again, given=None, tree=None)
            command = elsewhere.command("apply", series=("--base", other, "--patch", patch))
        case Verdict.PREREQUISITE_MISSING | Verdict.WRONG_BASE:
            command = again.command("list", series=())
        case Verdict.WRONG_STRIP:
            command = replace(again, strip=int(other)).command("apply", series=alone)
        case Verdict.MOVED if other:
            command = replace(again, max_offset=int(other)).command("apply")
        case Verdict.REVERSED:
            command = again.command("apply", series=alone, more=("--reverse",))
        case Verdict.WHITESPACE:
            command = again.command("lint", series=("--patch", patch))
        case Verdict.REWRITTEN | Verdict.CONTEXT_CHANGED:
            command = _past_others(reject, background, fuzz if verdict is Verdict.CONTEXT_CHANGED else None)
        case _:
            command = _explain(reject, background)
    return command


def _past_others(reject: Reject, background: Background, fuzz: int | None) -> str:
    """Two patches want the same lines, or one the other's context: then `fuzz` lines less of it may do."""
    again = background.again
    if fuzz and "--recipe" in again.series and again.tree is None:
        return again.command("refresh", typed(reject.patch.name, background), more=("--fuzz", str(fuzz)))
    if fuzz:
        return replace(again, fuzz=fuzz).command("apply")
    # `resolve` merges on the base's own tree, and finds strip levels itself.
    if again.tree is None and again.strip is None:
        return again.command("resolve")
    return _explain(reject, background)


def _explain(reject: Reject, background: Background) -> str:
    file = ("--file", reject.path) if len(reject.patch.files) > 1 else ()
    patch = typed(reject.patch.name, background)
    return background.again.command("explain", patch, *file, "--hunk", str(reject.hunk.number))


def _backwards(verdict: Verdict, reject: Reject, background: Background, other: str) -> str:
    """The same for a patch that is to be taken back."""
    patch, again = typed(reject.patch.name, background), background.again
    alone = ("--base", background.base, "--patch", patch)
    match verdict:
        case Verdict.NOT_APPLIED:
            return again.command("apply", series=alone, more=("--dry-run",))
        case Verdict.WRONG_STRIP:
            return replace(again, strip=int(other)).command("apply", series=alone, more=("--reverse",))
        case Verdict.MOVED if other:
            return replace(again, max_offset=int(other)).command("apply", more=("--reverse",))
        case Verdict.WHITESPACE:
            return again.command("lint", series=("--patch", patch))
        case _:
            return again.command("apply", more=("--reverse", "--rejects", "rejects"))


def typed(patch: str, background: Background) -> str:
    """What a user types for a patch: its name, or the path of its file."""
    return background.typed.get(patch, patch)
