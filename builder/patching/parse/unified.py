"""One hunk of a unified diff."""

from __future__ import annotations

import re

from builder.patching.parse import limits
from builder.patching.parse.error import PatchError
from builder.patching.parse.source import Dress, Source, shown, without_end
from builder.patching.patch import ADDED, CONTEXT, REMOVED, Hunk, Line, columns

START = b"@@ -"
# As GNU patch reads it: the blanks may be missing, and one @ is enough.
_HEAD = re.compile(rb"@@ -(\d{1,20})(?:,(\d{1,20}))? ?\+(\d{1,20})(?:,(\d{1,20}))? ?@(?:@ ?(.*))?")

_KINDS = {b" ": (CONTEXT, 1, 1), b"-": (REMOVED, 1, 0), b"+": (ADDED, 0, 1)}
"""What the first byte of a line makes of it, and for how many lines it counts on the old and the new side."""
_NO_KIND = ("", 0, 0)

_MOST_CHOPPED = 3
"""Lines of context that may be missing at the end of a patch file: mail and editors cut off blank lines."""
_COUNTS = "The line counts in its '@@' line are probably wrong: make the patch anew with diff -u."


def read_hunk(source: Source, at: int, number: int, dress: Dress) -> tuple[Hunk, int]:
    """The hunk whose `@@` line is line `at`, and the line after it. PatchError if it is not whole.

    What GNU patch 2.7.6 puts up with is put up with and noted: blank context lines without their space, context
    whose space was eaten before a tab, comment lines, up to three lines of context cut off at the end of the file.
    """
    old_start, old_count, new_start, new_count, section = _head(source, at, dress)
    end = _plain_end(source, at, old_count, new_count) if dress.plain else None
    if end is None:
        lines, end = _body(source, at, old_count, new_count, dress)
        kinds, texts = columns(lines)
    else:
        kinds = source.firsts[at + 1 : end]
        texts = source.texts[at + 1 : end]
    hunk = Hunk(
        number=number,
        patch_line=at + 1,
        old_start=old_start,
        new_start=new_start,
        section=section,
        kinds=kinds,
        texts=texts,
        span=(source.offsets[at], source.offsets[end]),
    )
    return hunk, end


def _head(source: Source, at: int, dress: Dress) -> tuple[int, int, int, int, bytes]:
    line = dress.off(source.lines[at])
    head = _HEAD.match(line)
    if head is None:
        raise source.malformed("malformed-hunk", at, f"this is no whole hunk head: {shown(line)}")
    old_first, old_length, new_first, new_length, section = head.groups()
    old_start, new_start = int(old_first), int(new_first)
    old_count = 1 if old_length is None else int(old_length)
    new_count = 1 if new_length is None else int(new_length)
    if old_start + old_count > limits.HIGHEST_LINE or new_start + new_count > limits.HIGHEST_LINE:
        raise source.malformed("malformed-hunk", at, f"a line number is too large: {shown(line)}")
    if not old_count and not new_count:
        raise source.malformed("malformed-hunk", at, f"this hunk has no lines: {shown(line)}")
    return old_start, old_count, new_start, new_count, (section or b"").removesuffix(b"\r")


def _plain_end(source: Source, start: int, old: int, new: int) -> int | None:
    """The line after the hunk whose head is line `start`, if all below it is as its counts say; None if `_body` must see.

    Nearly every hunk is so, and to count its lines by their first bytes takes a tenth of the time.
    """
    firsts = source.firsts
    begin = end = start + 1
    missing_old, missing_new = old, new
    while missing_old > 0 or missing_new > 0:
        end += max(missing_old, missing_new)  # a line is at most one line of either side
        if end > source.whole:
            return None
        context = firsts.count(CONTEXT, begin, end)
        removed = firsts.count(REMOVED, begin, end)
        added = firsts.count(ADDED, begin, end)
        if context + removed + added < end - begin:
            return None
        missing_old, missing_new = old - context - removed, new - context - added
    if missing_old or missing_new or firsts.startswith("\\", end):
        return None
    # What begins like the names and the first hunk of the next file needs a closer look, too.
    return None if firsts.find("-+@", begin, end + 2) >= 0 else end


def _body(source: Source, start: int, old: int, new: int, dress: Dress) -> tuple[list[Line], int]:
    """The lines below the head at `start`, which promises `old` and `new` lines; and the line after them."""
    lines = source.lines
    whole = source.whole
    body: list[Line] = []
    at = start + 1
    while (old > 0 or new > 0) and at < whole:
        line = dress.off(lines[at])
        kind, olds, news = _KINDS.get(line[:1], _NO_KIND)
        if kind:
            text = line[1:]
            if text.startswith(b"-- ") and kind == REMOVED:
                _refuse_swallowed(source, at, start)
        elif _is_bare_context(source, at, line):
            kind, olds, news = _KINDS[b" "]
            text = line
        elif _is_no_line(source, at, line, body, old, new):
            at += 1
            continue
        else:
            raise _miscounted(source, at, start, max(old, new))
        body.append(Line(kind, text))
        old -= olds
        new -= news
        at += 1
    if old < 0 or new < 0:
        raise _miscounted(source, at - 1, start, 0)
    if old or new:
        return body + _chopped(source, start, body, old, new), len(lines)
    return body, _end(source, at, body, dress)


def _end(source: Source, at: int, body: list[Line], dress: Dress) -> int:
    """The line after a hunk whose lines end before `at`: a marker may still follow that its last line has no end."""
    if at < len(source.lines) and dress.off(source.lines[at]).startswith(b"\\"):
        body[-1] = without_end(body[-1])
        return at + 1
    return at


def _is_no_line(source: Source, at: int, line: bytes, body: list[Line], old: int, new: int) -> bool:
    """Whether the line only says something: that the one before it has no line end, or a comment."""
    if line.startswith(b"\\") and body and _is_last(body[-1].kind, old, new):
        body[-1] = without_end(body[-1])
    elif line.startswith(b"#"):
        source.note("comment", at, "a comment line inside a hunk was left out")
    else:
        return False
    return True


def _is_last(kind: str, old: int, new: int) -> bool:
    """Whether no more lines follow on the side of a line of this kind, so that it can lack its line end."""
    return new == 0 if kind == ADDED else old == 0


def _is_bare_context(source: Source, at: int, line: bytes) -> bool:
    """Whether the line is context whose first space was eaten: before a tab, or with nothing behind it."""
    if line.startswith(b"\t"):
        source.note("context-space-eaten", at, "a context line begins with a tab instead of a space")
    elif line in (b"\n", b"\r\n"):
        source.note("blank-context-lost", at, "an empty context line has lost its space")
    else:
        return False
    return True


def _miscounted(source: Source, at: int, start: int, missing: int) -> PatchError:
    """The error for a line that cannot be part of the hunk; `missing` is how many more it should have."""
    promise = (
        f"should have {missing} more lines, but here is"
        if missing > 0
        else "has more lines than its counts say"
    )
    why = f"the hunk of line {start + 1} {promise}: {shown(source.lines[at])}"
    return source.malformed("malformed-hunk", at, why, hint=_COUNTS)


def _chopped(source: Source, start: int, body: list[Line], old: int, new: int) -> list[Line]:
    """What the end of the file cut off a hunk: only a little context can be missing."""
    if not body or old != new or old > _MOST_CHOPPED:
        why = f"the patch ends {max(old, new)} lines before this hunk does"
        raise source.malformed("malformed-hunk", start, why, hint=_COUNTS)
    if source.whole < len(source.lines):
        source.note(
            "cut-short", source.whole, "the patch ends in the middle of this line, so it was left out"
        )
    source.note(
        "context-chopped", start, f"{old} lines of context are missing at the end: taken as empty lines"
    )
    return [Line(CONTEXT, b"\n")] * old


def _refuse_swallowed(source: Source, at: int, start: int) -> None:
    """Refuse a head of the next file that stands inside a hunk: the second file would vanish into the first."""
    if source.starts(at + 1, b"+++ ") and source.starts(at + 2, START):
        raise source.malformed(
            "swallowed-file",
            at,
            f"the counts of the hunk of line {start + 1} reach into the next file",
            hint=_COUNTS,
        )
