"""What looks like part of a diff, but is in no place where it could be read: better an error than a lost change."""

from __future__ import annotations

import re

from builder.patching.parse.error import PatchError
from builder.patching.parse.source import BLANKS, Dress, Source, shown
from builder.patching.patch import Hunk

_HUNK = re.compile(rb"@@ -\d")
_COMBINED = re.compile(rb"@@@+ -\d")
_PLAIN = re.compile(rb"\d+(?:,\d+)?[acd]\d+(?:,\d+)?\s*$")
_DASHES = re.compile(rb"--(?:-|\s*$)|-\s*$")
"""What begins with a dash and is no removed line: a mail's signature, a ruler."""
_LONE_DASH = re.compile(rb"-\s*$")
_NAMES = (b"--- ", b"+++ ", b"*** ")
_ENOUGH = 4
"""Lines that tell a hunk from prose: context that lost its blanks may come first."""
_AGAIN = "Make the patch anew with diff -u."


def has_hunk_lines(source: Source, at: int, dress: Dress) -> bool:
    """Whether what stands below line `at`, which looks like the head of a hunk, looks like its lines."""
    for line in source.lines[at + 1 : at + 1 + _ENOUGH]:
        bare = dress.off(line)
        if bare.startswith((b"--- ", b"*** ")):
            return False
        if bare.startswith((b"+", b"-", b" ")):
            return True
        if not bare.startswith((b"\t", b"\n", b"\r\n")):
            return False
    return False


def no_file(source: Source, at: int) -> PatchError:
    """The error for the hunk at line `at`, which no head belongs to."""
    why = "this hunk belongs to no file: nothing directly above it names one"
    return source.malformed(
        "lost-hunk", at, why, hint="Take out what stands between it and the hunk before it."
    )


def refuse_hunk_without_file(source: Source, at: int, dress: Dress) -> None:
    """Refuse the hunk at line `at`, which no head belongs to. Prose that only looks like one is noted."""
    if _HUNK.match(source.lines[at].lstrip(BLANKS)):
        if has_hunk_lines(source, at, dress):
            raise no_file(source, at)
        source.note("prose-like-hunk", at, "this looks like the head of a hunk, but is none")


def refuse_changes_behind(source: Source, at: int, dress: Dress, hunk: Hunk, *, blank: bool) -> None:
    """Refuse changed lines directly behind a complete hunk: GNU patch leaves them out without a word.

    `blank`: whether a blank follows the mark of a changed line, as in context diffs.
    """
    lines = source.lines
    start = at
    while at < len(lines) and dress.off(lines[at]).startswith(b" "):
        at += 1
    behind = at
    # A lone dash is a ruler. Above changed lines it is an empty line that goes, too.
    while not blank and behind < len(lines) and _LONE_DASH.match(dress.off(lines[behind])):
        behind += 1
    line = dress.off(lines[behind]) if behind < len(lines) else b""
    marks = (b"+ ", b"- ", b"! ") if blank else (b"+", b"-")
    if line.startswith(marks) and not line.startswith(_NAMES) and not _DASHES.match(line):
        why = f"this line is left over, the hunk of line {hunk.patch_line} was complete before it: {shown(line)}"
        raise source.malformed("count-short", behind, why, hint=_AGAIN)
    if at > start:
        source.note("count-short", start, "context that the hunk's counts do not cover was left out")


def refuse_hunks_without_head(source: Source, at: int) -> None:
    """Refuse changed lines at `at`, directly below the names of a file; context may come before them."""
    for index in range(at, min(at + 1 + _ENOUGH, len(source.lines))):
        line = source.lines[index]
        if _COMBINED.match(line):
            raise source.malformed(
                "combined-diff", index, "this is the combined diff of a merge", hint=_AGAIN
            )
        if line.startswith(_NAMES) or _DASHES.match(line):
            return
        if line.startswith((b"+", b"-", b"@@")):
            why = f"above this line should be the head of a hunk: {shown(line)}"
            raise source.malformed("malformed-hunk", index, why, hint=_AGAIN)
        if not line.startswith((b" ", b"\t", b"\n", b"\r\n")):
            return


def refuse_plain_diff(source: Source, at: int, line: bytes) -> None:
    """Refuse a diff without context (plain `diff`) at line `at`: its place cannot be checked."""
    if _PLAIN.match(line) and (source.starts(at + 1, b"< ") or source.starts(at + 1, b"> ")):
        raise source.malformed("plain-diff", at, "this is a diff without context", hint=_AGAIN)
