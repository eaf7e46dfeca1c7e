"""Rules about the text before the first file: what the patch says of itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from builder.patching.lint.problem import Rule, Severity
from builder.patching.lint.scan import PatchFile

_LICENCE = re.compile(rb"licen[cs]e|SPDX|public domain|copyright", re.IGNORECASE)
_LIKE_DIFF = re.compile(rb"--- \S|\+\+\+ |@@ |diff |Index:|\*\*\* ")


def _no_prose(file: PatchFile) -> Iterator[tuple[int, str]]:
    if not any(raw.strip() for raw in file.prose):
        yield 1, "begins with the diff: say before it what the patch does, and for whom"


def _no_licence(file: PatchFile) -> Iterator[tuple[int, str]]:
    if any(raw.strip() for raw in file.prose) and not any(_LICENCE.search(raw) for raw in file.prose):
        yield 1, 'the text before the diff names no licence, such as "Licence: 0BSD, the author"'


def _prose_encoding(file: PatchFile) -> Iterator[tuple[int, str]]:
    for number, raw in enumerate(file.prose, 1):
        try:
            raw.decode()
        except UnicodeDecodeError:
            yield number, "is not UTF-8"
            return


def _prose_like_diff(file: PatchFile) -> Iterator[tuple[int, str]]:
    for number, raw in enumerate(file.prose, 1):
        if _LIKE_DIFF.match(raw):
            yield number, "is text, but begins as a diff does, and tools will take it for one"


PROSE_RULES = (
    Rule("no-prose", Severity.WARNING, "A patch that does not say what it does.", _no_prose),
    Rule("no-licence", Severity.WARNING, "A patch that does not say how it may be passed on.", _no_licence),
    Rule("prose-encoding", Severity.WARNING, "Text before the diff that is not UTF-8.", _prose_encoding),
    Rule("prose-like-diff", Severity.WARNING, "Text before the diff that looks like one.", _prose_like_diff),
)
