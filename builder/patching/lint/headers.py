"""Rules about which files a patch names, and how."""

from __future__ import annotations

import re
from collections.abc import Iterator

from builder.patching.leftovers import is_leftover
from builder.patching.lint.problem import Rule, Severity
from builder.patching.lint.scan import Name, PatchFile
from builder.patching.patch import NO_FILE

_CONTEXT_DIFF = re.compile(rb"\*{15}")
_NO_PAYLOAD = re.compile(rb"(Binary files|Files) .* differ")
_COMPILED = (".o", ".a", ".so", ".gz", ".tar", ".zip", ".deb")


def _names(file: PatchFile) -> Iterator[Name]:
    for part in file.files:
        yield part.old
        yield part.new


def _unsafe_path(file: PatchFile) -> Iterator[tuple[int, str]]:
    for name in _names(file):
        if (name.path.startswith("/") and name.path != NO_FILE) or ".." in name.path.split("/"):
            yield name.line, f"{name.path!r} leads out of the tree"


def _glued_timestamp(file: PatchFile) -> Iterator[tuple[int, str]]:
    for name in _names(file):
        if name.glued:
            yield (
                name.line,
                "spaces instead of a tab before the time: many tools take the time for a part of the name",
            )


def _timestamp(file: PatchFile) -> Iterator[tuple[int, str]]:
    stamped = [name for name in _names(file) if name.time and not name.glued]
    if stamped:
        yield (
            stamped[0].line,
            f"{len(stamped)} file name(s) with a time: it changes whenever the patch is made anew",
        )


def _no_folder(file: PatchFile) -> Iterator[tuple[int, str]]:
    bare = [name for name in _names(file) if "/" not in name.path]
    if bare:
        yield bare[0].line, f"{bare[0].path!r} is a path for patch -p0: git and dpkg want a/ and b/ before it"


def _file_twice(file: PatchFile) -> Iterator[tuple[int, str]]:
    seen: dict[str, int] = {}
    for part in file.files:
        name = part.target
        if name.path in seen:
            yield (
                name.line,
                f"{name.path} is changed a second time (first at line {seen[name.path]}); dpkg refuses that",
            )
        seen.setdefault(name.path, name.line)


def _generated_file(file: PatchFile) -> Iterator[tuple[int, str]]:
    for part in file.files:
        path = part.target.path
        if is_leftover(path) or path.endswith(_COMPILED):
            yield part.target.line, f"{path} is a backup or something that a program made"


def _context_diff(file: PatchFile) -> Iterator[tuple[int, str]]:
    for number, raw in file.outside:
        if _CONTEXT_DIFF.match(raw):
            yield number, "a context diff (diff -c): git refuses it, and dpkg too"
            return


def _crlf(file: PatchFile) -> Iterator[tuple[int, str]]:
    for part in file.files:
        for number in (part.old.line, part.new.line, *(hunk.line for hunk in part.hunks)):
            if file.lines[number - 1].endswith(b"\r\n"):
                yield number, "lines end in CR LF; git refuses the patch, and others guess"
                return


def _binary_without_payload(file: PatchFile) -> Iterator[tuple[int, str]]:
    for number, raw in file.outside:
        following = file.lines[number] if number < len(file.lines) else b""
        empty = raw.rstrip() == b"GIT binary patch" and not following.startswith((b"literal ", b"delta "))
        if empty or (_NO_PAYLOAD.match(raw) and number > len(file.prose)):
            yield number, "says that a binary file differs, but does not have its bytes"


HEADER_RULES = (
    Rule("unsafe-path", Severity.ERROR, "A path that is absolute or has `..` in it.", _unsafe_path),
    Rule(
        "glued-timestamp", Severity.ERROR, "Spaces, not a tab, between a name and its time.", _glued_timestamp
    ),
    Rule("timestamp", Severity.WARNING, "A time behind a file's name.", _timestamp),
    Rule("no-folder", Severity.WARNING, "Paths without a folder to strip (-p0).", _no_folder),
    Rule("file-twice", Severity.WARNING, "One file in two parts of the patch.", _file_twice),
    Rule("generated-file", Severity.WARNING, "A backup, a reject or a compiled file.", _generated_file),
    Rule("context-diff", Severity.WARNING, "A context diff.", _context_diff),
    Rule("crlf", Severity.WARNING, "Line ends of DOS in the patch's own lines.", _crlf),
    Rule(
        "binary-without-payload",
        Severity.ERROR,
        "A binary change without its bytes.",
        _binary_without_payload,
    ),
)
