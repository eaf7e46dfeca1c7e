"""Rules about the lines that a patch adds."""

from __future__ import annotations

from collections.abc import Iterator

from builder.patching.lint.problem import Rule, Severity
from builder.patching.lint.scan import PatchFile


def _trailing_whitespace(file: PatchFile) -> Iterator[tuple[int, str]]:
    for part in file.files:
        for hunk in part.hunks:
            for number, raw in hunk.body:
                text = raw[1:].rstrip(b"\r\n")
                if raw[:1] == b"+" and text != text.rstrip():
                    yield number, "adds a line with blanks at its end"


def _blank_at_eof(file: PatchFile) -> Iterator[tuple[int, str]]:
    for part in file.files:
        last = part.hunks[-1] if part.hunks else None
        # Less context after the change than before it: the file ends there.
        if last is None or last.trailing or not (part.whole or last.leading) or not last.body:
            continue
        number, raw = last.body[-1]
        if raw[:1] == b"+" and not raw[1:].strip():
            yield number, "leaves an empty line at the end of the file"


def _no_final_newline(file: PatchFile) -> Iterator[tuple[int, str]]:
    for part in file.files:
        for hunk in part.hunks:
            for number, raw in hunk.body:
                if raw[:1] == b"+" and number in hunk.unended:
                    yield number, "leaves the file without a line end"


CONTENT_RULES = (
    Rule("trailing-whitespace", Severity.WARNING, "Added lines that end in blanks.", _trailing_whitespace),
    Rule("blank-at-eof", Severity.WARNING, "An empty line added at the end of a file.", _blank_at_eof),
    Rule("no-final-newline", Severity.WARNING, "A last line added without line end.", _no_final_newline),
)
