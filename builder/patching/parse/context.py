"""One hunk of a context diff (diff -c), as the same kind of hunk that a unified diff has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from builder.patching.parse import limits
from builder.patching.parse.source import Dress, Source, shown, without_end
from builder.patching.patch import ADDED, CONTEXT, REMOVED, Hunk, Line, columns

START = b"********"
_OLD_HEAD = re.compile(rb"\*\*\* (\d{1,20})(?:,(\d{1,20}))?(?: \*+)?[ \t\r]*$")
_NEW_HEAD = re.compile(rb"--- (\d{1,20})(?:,(\d{1,20}))?(?: -+)?[ \t\r]*$")
_CHANGED = "!"
_MOST_CHOPPED = 3
_HINT = "The line numbers in its head are probably wrong: make the patch anew with diff -u."


@dataclass(slots=True)
class _Half:
    """The lines of a hunk on one side: what stands before each (blank, -, + or !) and the line."""

    start: int
    count: int
    lines: list[Line]


def begins(source: Source, at: int, dress: Dress) -> bool:
    """Whether a hunk of a context diff begins at line `at`: stars, and below them the old lines' range."""
    if not dress.off(source.lines[at]).startswith(START) or at + 1 >= len(source.lines):
        return False
    return _OLD_HEAD.match(dress.off(source.lines[at + 1])) is not None


def read_hunk(source: Source, at: int, number: int, dress: Dress) -> tuple[Hunk, int]:
    """The hunk whose line of stars is line `at`, and the line after it. PatchError if it is not whole.

    A half without changes may be missing, as diff leaves it out. The context is that of the old half.
    """
    section = dress.off(source.lines[at]).strip(b"*").strip()
    old = _range(source, at + 1, _OLD_HEAD, dress)
    middle = _read_old(source, at + 1, old, dress)
    new = _range(source, middle, _NEW_HEAD, dress)
    if middle == source.whole:
        source.note("cut-short", middle, "the patch ends in the middle of this line, which is taken as it is")
    end = _read_new(source, at, middle, new, old, dress)
    kinds, texts = columns(_merged(source, at, old, new))
    hunk = Hunk(
        number=number,
        patch_line=at + 1,
        old_start=old.start,
        new_start=new.start,
        section=section,
        kinds=kinds,
        texts=texts,
        span=(source.offsets[at], source.offsets[end]),
    )
    return hunk, end


def note_missing_half(source: Source, at: int, hunks: Sequence[Hunk]) -> None:
    """Note that the new half of the last hunk, which ends before line `at`, may have been cut off with all below it.

    A lone number in its head is one line, or none if the lines around are none: then it is that of the line before.
    """
    last = hunks[-1]
    if at < len(source.lines) or last.new:
        return
    grown = sum(len(hunk.new) - len(hunk.old) for hunk in hunks[:-1])
    if last.new_start == last.old_start + grown > 0:
        what = "the patch ends below this line: if a new line was to follow, it is lost"
        source.note("half-missing", len(source.lines) - 1, what)


def _range(source: Source, at: int, pattern: re.Pattern[bytes], dress: Dress) -> _Half:
    """What a head promises: "1,5" are lines 1 to 5, "3" is one line, "0" is none."""
    line = dress.off(source.lines[at])
    head = pattern.match(line)
    if head is None:
        raise source.malformed("malformed-hunk", at, f"this is no whole hunk head: {shown(line)}", hint=_HINT)
    first = int(head[1])
    last = first if head[2] is None else int(head[2])
    count = last - first + 1 if first else last
    if max(first, last) > limits.HIGHEST_LINE or count < 0:
        raise source.malformed(
            "malformed-hunk", at, f"these line numbers make no sense: {shown(line)}", hint=_HINT
        )
    return _Half(first, count, [])


def _read_old(source: Source, head: int, half: _Half, dress: Dress) -> int:
    """Read the old half; return the line of the new half's head."""
    at = head + 1
    while at < len(source.lines):
        line = dress.off(source.lines[at])
        if _NEW_HEAD.match(line):
            if half.lines and len(half.lines) != half.count:
                raise source.malformed(
                    "malformed-hunk",
                    at,
                    f"the old half has {len(half.lines)} lines, not {half.count}",
                    hint=_HINT,
                )
            return at
        if len(half.lines) == half.count and line == b"\n":
            source.note("blank-line", at, "an empty line between the halves of a hunk was left out")
        elif not _take(source, at, line, half, (CONTEXT, REMOVED, _CHANGED)):
            why = f"the old half of the hunk of line {head} does not have {half.count} lines, but here is"
            raise source.malformed("malformed-hunk", at, f"{why}: {shown(line)}", hint=_HINT)
        at += 1
    raise source.malformed(
        "malformed-hunk", head, "the patch ends before the new half of this hunk", hint=_HINT
    )


def _read_new(source: Source, stars: int, head: int, half: _Half, old: _Half, dress: Dress) -> int:
    """Read the new half; return the line after it."""
    at = head + 1
    if _is_left_out(source, at, half, old, dress):
        return at
    while len(half.lines) < half.count:
        if at >= source.whole:
            missing = half.count - len(half.lines)
            if missing > _MOST_CHOPPED:
                raise source.malformed(
                    "malformed-hunk", stars, f"the patch ends {missing} lines before this hunk", hint=_HINT
                )
            if at < len(source.lines):
                source.note("cut-short", at, "the patch ends in the middle of this line, so it was left out")
            source.note("context-chopped", stars, f"{missing} lines of context are missing at the end")
            half.lines += [Line(CONTEXT, b"\n")] * missing
            return len(source.lines)
        line = dress.off(source.lines[at])
        if not _take(source, at, line, half, (CONTEXT, ADDED, _CHANGED)):
            why = f"the new half of the hunk of line {stars + 1} should have {half.count} lines, but here is"
            raise source.malformed("malformed-hunk", at, f"{why}: {shown(line)}", hint=_HINT)
        at += 1
    if at < len(source.lines) and dress.off(source.lines[at]).startswith(b"\\"):
        half.lines[-1] = without_end(half.lines[-1])
        at += 1
    return at


def _is_left_out(source: Source, at: int, half: _Half, old: _Half, dress: Dress) -> bool:
    """Whether the new half is not there because it would only repeat the old one's context."""
    if half.count == 0:
        return True
    if not old.lines or any(line.kind == _CHANGED for line in old.lines):
        return False
    if at == len(source.lines):
        return True
    line = dress.off(source.lines[at])
    return not line.startswith((b"  ", b"+ ", b"! ", b" ", b"\t", b"\n", b"+", b"!")) or (
        half.count == (sum(kind == CONTEXT for kind, _ in old.lines) or 1) and not line.startswith(b"  ")
    )


def _take(source: Source, at: int, line: bytes, half: _Half, kinds: tuple[str, ...]) -> bool:
    """Add a line to its half; whether it can be one."""
    first = line[:1]
    if first == b"\\" and half.lines:
        half.lines[-1] = without_end(half.lines[-1])
    elif first == b"#":
        source.note("comment", at, "a comment line inside a hunk was left out")
    elif len(half.lines) == half.count:
        return False
    elif first in (b"\t", b"\n"):
        source.note("context-space-eaten", at, "a context line has lost the blanks before it")
        half.lines.append(Line(CONTEXT, line))
    elif first.decode("latin-1") in kinds and first:
        half.lines.append(Line(first.decode("latin-1"), _text(line)))
    else:
        return False
    return True


def _text(line: bytes) -> bytes:
    """The line without the two characters before it, of which the blank may be missing."""
    return line[2:] if line[1:2] in (b" ", b"\t") else line[1:]


def _merged(source: Source, at: int, old: _Half, new: _Half) -> list[Line]:
    """Both halves as one sequence: context once, before it what was removed and what came instead."""
    _fill(source, at, old, new)
    _fill(source, at, new, old)
    lines: list[Line] = []
    left, right = old.lines, new.lines
    here = there = 0
    while here < len(left) or there < len(right):
        before = left[here].kind if here < len(left) else ""
        after = right[there].kind if there < len(right) else ""
        if before == REMOVED:
            lines.append(left[here])
            here += 1
        elif after == ADDED:
            lines.append(right[there])
            there += 1
        elif before != after:
            why = "the halves of this hunk do not have the same context, or change one another's lines"
            raise source.malformed("malformed-hunk", at, why, hint=_HINT)
        elif before == CONTEXT:
            lines.append(left[here])
            here += 1
            there += 1
        else:
            here = _changed(left, here, REMOVED, lines)
            there = _changed(right, there, ADDED, lines)
    if not lines:
        raise source.malformed("malformed-hunk", at, "this hunk has no lines", hint=_HINT)
    return lines


def _fill(source: Source, at: int, half: _Half, other: _Half) -> None:
    """Give a half that was left out the context of the other. A lone number may also be an empty range."""
    if half.lines or not half.count:
        return
    half.lines = [line for line in other.lines if line.kind == CONTEXT]
    if len(half.lines) != half.count and (half.lines or half.count > 1):
        raise source.malformed(
            "malformed-hunk", at, "the half that is left out has other lines than context", hint=_HINT
        )


def _changed(lines: list[Line], at: int, kind: str, out: list[Line]) -> int:
    while at < len(lines) and lines[at].kind == _CHANGED:
        out.append(Line(kind, lines[at].text))
        at += 1
    return at
