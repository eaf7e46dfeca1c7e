"""From the bytes of a patch file to a Patch.

unidiff tells where files, hunks and lines are; the bytes are taken from the file itself, because unidiff loses some
(ANCHORS, section 6). What it would lose without a word is counted here and becomes an error.
"""

from __future__ import annotations

import re
from typing import Any

import unidiff

from builder.errors import UsageError
from builder.patching.lines import split_lines
from builder.patching.patch import ADDED, CONTEXT, NO_FILE, REMOVED, FileChange, Hunk, Line, Patch

_HEADER = re.compile(rb"^--- [^\n]*\n\+\+\+ ", re.MULTILINE)
_HUNK = re.compile(rb"^@@ -\d", re.MULTILINE)
_CONTEXT_DIFF = re.compile(rb"^\*{15}", re.MULTILINE)
_TIME_ZERO = re.compile(r"19(?:70-01-01|69-12-31) \d\d:00:00(?:\.0+)? ")
_KINDS = {
    unidiff.LINE_TYPE_CONTEXT: CONTEXT,
    unidiff.LINE_TYPE_REMOVED: REMOVED,
    unidiff.LINE_TYPE_ADDED: ADDED,
}


def parse(name: str, data: bytes, *, strip: int | None = None) -> Patch:
    """The patch in `data`. UsageError if it is no unified diff, is damaged, or would not be understood whole."""
    header = _HEADER.search(data)
    if header is None:
        raise UsageError(_no_diff(name, data), hint="Make it anew with: diff -ru OLD NEW")
    start = data.rfind(b"\n", 0, header.start()) + 1
    body = data[_git_header(data, start) :]
    try:
        parsed = unidiff.PatchSet.from_string(body, errors="surrogateescape")
    except unidiff.UnidiffParseError as error:
        raise UsageError(
            f"Patch {name} is damaged: {error}.", hint="Compare it with the original."
        ) from error
    lines = split_lines(body)
    skipped = data.count(b"\n", 0, len(data) - len(body))
    files = tuple(_file(name, entry, lines, skipped) for entry in parsed if len(entry))
    _compare_counts(name, body, files)
    return Patch(name=name, files=files, strip=strip)


def _git_header(data: bytes, start: int) -> int:
    """Where the `diff --git` block before the first `---` begins, so that its modes are seen; `start` if none."""
    block = data.rfind(b"diff --git ", 0, start)
    at_line_start = block == 0 or (block > 0 and data[block - 1 : block] == b"\n")
    return block if at_line_start and data.count(b"\n", block, start) <= 4 else start


def _no_diff(name: str, data: bytes) -> str:
    if _CONTEXT_DIFF.search(data):
        return f"Patch {name} is a context diff (diff -c), which is not supported."
    return f"Patch {name} has no unified diff in it: no '---' line followed by '+++'."


def _file(name: str, entry: Any, lines: list[bytes], skipped: int) -> FileChange:
    hunks = tuple(_hunk(hunk, number, lines, skipped) for number, hunk in enumerate(entry, 1))
    for path in (entry.source_file, entry.target_file):
        _refuse_unsafe(name, path)
    return FileChange(
        old_path=entry.source_file,
        new_path=entry.target_file,
        hunks=hunks,
        creates=_is_nothing(entry.source_file, entry.source_timestamp),
        removes=_is_nothing(entry.target_file, entry.target_timestamp),
        executable=bool(entry.target_mode and int(entry.target_mode, 8) & 0o100),
    )


def _is_nothing(path: str, timestamp: str | None) -> bool:
    """Whether one side of a change does not exist: /dev/null, or the time 0 that `diff -N` gives an absent file."""
    return path == NO_FILE or bool(timestamp and _TIME_ZERO.match(timestamp))


def _hunk(hunk: Any, number: int, lines: list[bytes], skipped: int) -> Hunk:
    body = tuple(
        _line(_KINDS[line.line_type], lines, line.diff_line_no - 1)
        for line in hunk
        if line.line_type in _KINDS
    )
    return Hunk(
        number=number,
        patch_line=skipped + hunk[0].diff_line_no - 1,
        old_start=hunk.source_start,
        new_start=hunk.target_start,
        section=hunk.section_header.encode("utf-8", "surrogateescape"),
        lines=body,
    )


def _line(kind: str, lines: list[bytes], index: int) -> Line:
    # An empty context line may have lost its leading space on the way (editors, mail).
    raw = lines[index]
    text = raw if raw in (b"\n", b"\r\n") else raw[1:]
    # "\ No newline at end of file", in whatever language: the line before it has no line end.
    if index + 1 < len(lines) and lines[index + 1].startswith(b"\\"):
        text = text.removesuffix(b"\n").removesuffix(b"\r")
    return Line(kind, text)


def _refuse_unsafe(name: str, path: str) -> None:
    absolute = path.startswith("/") and path != NO_FILE
    if absolute or ".." in path.split("/") or "\0" in path:
        raise UsageError(
            f"Patch {name} reaches outside the tree: it names {path!r}.", hint="Do not apply it."
        )


def _compare_counts(name: str, body: bytes, files: tuple[FileChange, ...]) -> None:
    written = len(_HUNK.findall(body))
    understood = sum(len(file.hunks) for file in files)
    if written != understood:
        raise UsageError(
            f"Patch {name} has {written} '@@' lines, but only {understood} hunks of it can be understood.",
            hint="The line counts in an '@@' line are probably wrong: make the patch anew with diff -u.",
        )
