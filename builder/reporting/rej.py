"""Rejected hunks as .rej files, in the form that GNU patch 2.7.6 gives them for a unified diff.

What that form is was learned from what patch writes, and tests compare the two byte for byte:

- the names are stripped, /dev/null if that leaves nothing; what stood behind a name in the patch, such as a time, stays;
- line numbers are shifted by the lines that the hunks before it which did apply have put in;
- in each run of changed lines those to be removed come first.

One difference is deliberate. patch forgets the "no newline" marker and glues the next line to the one without a line
end, so that its .rej can no longer be applied; ours has the marker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from builder.patching.applied import Reject
from builder.patching.lines import split_lines
from builder.patching.patch import ADDED, CONTEXT, NO_FILE, REMOVED, Hunk, Line
from builder.patching.write import render_line

_SECTION = re.compile(rb"@@ -\S+ \+\S+ @@( [^\n]*)")


def rej_files(rejects: Sequence[Reject]) -> dict[str, bytes]:
    """The .rej files of a series, by path: "PATCH/FILE.rej", so that no patch overwrites what another left."""
    files: dict[str, list[bytes]] = {}
    for _, of_patch in groupby(rejects, lambda one: id(one.patch)):
        lines: list[bytes] | None = None
        for _, of_file in groupby(of_patch, lambda one: id(one.change)):
            group = list(of_file)
            lines = split_lines(group[0].patch.data) if lines is None else lines
            name = f"{group[0].patch.name}/{group[0].path}.rej"
            files.setdefault(name, []).extend(_file(group, lines))
    return {name: b"".join(parts) for name, parts in files.items()}


def _file(rejects: list[Reject], lines: list[bytes]) -> Iterator[bytes]:
    """The header and the rejected hunks of one file of the patch whose raw lines are given."""
    first = rejects[0]
    old, new = _raw_header(first, lines)
    if _turned_round(first, lines):
        old, new = new, old
    yield _name_line(b"---", first.change.old_path, old, first.strip)
    yield _name_line(b"+++", first.change.new_path, new, first.strip)
    rejected = {reject.hunk.number: reject for reject in rejects}
    grown = 0
    for hunk in first.change.hunks:
        if hunk.number in rejected:
            yield from _hunk(rejected[hunk.number], grown, lines)
        else:
            grown += len(hunk.new) - len(hunk.old)


def _raw_header(reject: Reject, lines: list[bytes]) -> tuple[bytes, bytes]:
    """What stands behind `---` and `+++` (or `***` and `---`) right above the file's first hunk; nothing if it is not there."""
    above = reject.change.hunks[0].patch_line - 1
    old, new = lines[max(above - 2, 0) : above] if 2 <= above <= len(lines) else (b"", b"")
    tags = (b"*** ", b"--- ") if reject.change.context_format else (b"--- ", b"+++ ")
    if not (old.startswith(tags[0]) and new.startswith(tags[1])):
        return b"", b""
    return old[4:], new[4:]


def _turned_round(reject: Reject, lines: list[bytes]) -> bool:
    """Whether the patch was to be taken back, so that its hunks are not as the patch file has them."""
    for at, line in enumerate(reject.hunk.lines, reject.hunk.patch_line):
        if line.kind != CONTEXT:
            return at < len(lines) and lines[at][:1] in b"-+" and lines[at][:1] != line.kind.encode()
    return False


def _name_line(tag: bytes, path: str, raw: bytes, level: int) -> bytes:
    name = _stripped(path, level)
    if name is None:
        return tag + b" /dev/null\n"
    return tag + b" " + name.encode("utf-8", "surrogateescape") + _behind_name(raw, path) + b"\n"


def _stripped(path: str, level: int) -> str | None:
    """The path without `level` folders as patch counts them, where "a//b" has one; None if that is no file's name."""
    parts = re.split("/+", path)
    return None if path == NO_FILE or len(parts) <= level else "/".join(parts[level:])


def _behind_name(raw: bytes, path: str) -> bytes:
    """What follows the name in a header line: the time, with the blanks before it."""
    raw = raw.rstrip(b"\r\n")
    quoted = re.match(rb'"(?:[^"\\]|\\.)*"', raw)
    if quoted:
        return raw[quoted.end() :]
    name = path.encode("utf-8", "surrogateescape")
    return raw[len(name) :] if raw.startswith(name) else b""


def _hunk(reject: Reject, shift: int, lines: list[bytes]) -> Iterator[bytes]:
    hunk = reject.hunk
    old = _range(hunk.old_start + shift, len(hunk.old))
    new = _range(hunk.new_start + shift, len(hunk.new))
    ranges = f"@@ -{old} +{new} @@"
    yield ranges.encode() + _section(reject, lines) + b"\n"
    yield from map(render_line, _in_order(hunk))


def _range(start: int, count: int) -> str:
    return str(start) if count == 1 else f"{start},{count}"


def _section(reject: Reject, lines: list[bytes]) -> bytes:
    """What stands behind the second `@@`, with the blank before it; patch drops it if there is no blank."""
    at = reject.hunk.patch_line - 1
    if at < len(lines) and lines[at].startswith(b"@@ "):
        found = _SECTION.match(lines[at])
        section = found[1] if found else b""
    else:
        section = b" " + reject.hunk.section if reject.hunk.section else b""
    return section.rstrip(b"\r") if reject.change.crlf else section


def _in_order(hunk: Hunk) -> Iterator[Line]:
    for unchanged, run in groupby(hunk.lines, lambda line: line.kind == CONTEXT):
        lines = list(run)
        for kind in (CONTEXT,) if unchanged else (REMOVED, ADDED):
            yield from (line for line in lines if line.kind == kind)
