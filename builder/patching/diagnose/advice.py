"""What to do about a hunk that failed: the next command to run."""

from __future__ import annotations

import shlex

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
        return f"./inv {_backwards(verdict, reject, background, other)}"
    return f"./inv {_forwards(verdict, reject, background, other, fuzz)}".rstrip()


def _forwards(verdict: Verdict, reject: Reject, background: Background, other: str, fuzz: int | None) -> str:
    patch, series = typed(reject.patch.name, background), background.selection
    on_base = f"--base {background.base}"
    match verdict:
        case Verdict.PREREQUISITE_MISSING if other:
            command = f"apply {on_base} --patch {typed(other, background)} --patch {patch}"
        case Verdict.WRONG_BASE if other:
            command = f"apply --base {shlex.quote(other)} --patch {patch}"
        case Verdict.PREREQUISITE_MISSING | Verdict.WRONG_BASE:
            command = "list"
        case Verdict.WRONG_STRIP:
            command = f"apply {on_base} --patch {patch} --strip {other}"
        case Verdict.MOVED if other:
            command = f"apply {series} --max-offset {other}"
        case Verdict.REVERSED:
            command = f"apply {on_base} --patch {patch} --reverse"
        case Verdict.WHITESPACE:
            command = f"lint --patch {patch}"
        case Verdict.CONTEXT_CHANGED if fuzz and "--recipe" in series:
            command = f"refresh {patch} {series} --fuzz {fuzz}"
        case Verdict.CONTEXT_CHANGED if fuzz:
            command = f"apply {series} --fuzz {fuzz}"
        case _:
            file = f" --file {shlex.quote(reject.path)}" if len(reject.patch.files) > 1 else ""
            command = f"explain {patch}{file} --hunk {reject.hunk.number} {series}"
    return command


def _backwards(verdict: Verdict, reject: Reject, background: Background, other: str) -> str:
    """The same for a patch that is to be taken back."""
    patch, series = typed(reject.patch.name, background), background.selection
    on_base = f"--base {background.base}"
    match verdict:
        case Verdict.NOT_APPLIED:
            return f"apply {on_base} --patch {patch} --dry-run"
        case Verdict.WRONG_STRIP:
            return f"apply {on_base} --patch {patch} --reverse --strip {other}"
        case Verdict.MOVED if other:
            return f"apply {series} --reverse --max-offset {other}"
        case Verdict.WHITESPACE:
            return f"lint --patch {patch}"
        case _:
            return f"apply {series} --reverse --rejects rejects"


def typed(patch: str, background: Background) -> str:
    """What a user types for a patch: its name, or the path of its file."""
    return shlex.quote(background.typed.get(patch, patch))
