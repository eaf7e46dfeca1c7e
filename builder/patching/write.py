"""Writing patches: unified diffs in the one form that this project's own patches have.

Paths with a/ and b/, three lines of context, no time stamps, the head of the C function behind the second `@@`. Only
what that form cannot say (an executable file, an empty one, bytes that are no lines) brings git's format.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence

from builder.patching.difference import Change, changes
from builder.patching.lines import split_lines
from builder.patching.patch import ADDED, CONTEXT, NO_FILE, REMOVED, Hunk, Line, columns
from builder.patching.write_binary import is_binary, write_payloads
from builder.sources.tree import EXECUTABLE, File, Tree

CONTEXT_LINES = 3

_C_FILES = (".c", ".h")
_FUNCTION = re.compile(rb"[A-Za-z_$]")
_SECTION_LENGTH = 40
_NO_NEWLINE = b"\n\\ No newline at end of file\n"
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_ABSENT = File(b"")


def write_diff(old: Tree, new: Tree, *, git: bool = False) -> bytes:
    """The patch that makes `new` of `old`, its files in the order of their paths; empty if nothing differs.

    `git`: with git's extended header lines for every file, blob ids and all, as `git am -3` likes it.
    """
    return b"".join(write_file(path, old.get(path), new.get(path), git=git) for path in differing(old, new))


def differing(old: Tree, new: Tree) -> list[str]:
    """The paths at which two trees differ, sorted."""
    return sorted({path for path in (*old, *new) if old.get(path) != new.get(path)})


def write_file(path: str, old: File | None, new: File | None, *, git: bool = False) -> bytes:
    """The part of a patch for one file. None: the file does not exist; not both may be None."""
    before, after = (old or _ABSENT).data, (new or _ABSENT).data
    if is_binary(before + after) and before != after:
        return _extended(path, old, new, git=True) + write_payloads(before, after)
    old_lines, new_lines = split_lines(before), split_lines(after)
    sections = path.endswith(_C_FILES)
    body = b"".join(render(hunk) for hunk in hunks(old_lines, new_lines, sections=sections))
    extended = _extended(path, old, new, git=git)
    if not body:
        return extended
    old_name = header_name(f"a/{path}" if old is not None else NO_FILE)
    new_name = header_name(f"b/{path}" if new is not None else NO_FILE)
    return extended + b"--- " + old_name + b"\n+++ " + new_name + b"\n" + body


def hunks(
    old: Sequence[bytes], new: Sequence[bytes], *, context: int = CONTEXT_LINES, sections: bool = False
) -> list[Hunk]:
    """The hunks that make `new` of `old`; `sections`: with the head of the C function that each is in."""
    return [
        _hunk(number, group, old, new, context, sections)
        for number, group in enumerate(_groups(changes(old, new), context), 1)
    ]


def render(hunk: Hunk) -> bytes:
    """The hunk as a patch file has it, from its `@@` line on."""
    section = b" " + hunk.section if hunk.section else b""
    ranges = f"@@ -{_range(hunk.old_start, len(hunk.old))} +{_range(hunk.new_start, len(hunk.new))} @@"
    return ranges.encode() + section + b"\n" + b"".join(render_line(line) for line in hunk.lines)


def render_line(line: Line) -> bytes:
    """A line of a hunk, with the marker below it if it has no line end."""
    raw = line.kind.encode() + line.text
    return raw if raw.endswith(b"\n") else raw + _NO_NEWLINE


def header_name(path: str) -> bytes:
    """A path as it stands behind `---`: quoted if it must be, and closed by a tab if it has spaces, as git does."""
    if any(character in _ESCAPES or ord(character) < ord(" ") for character in path):
        quoted = "".join(_ESCAPES.get(character) or _octal(character) for character in path)
        return f'"{quoted}"'.encode("utf-8", "surrogateescape")
    return path.encode("utf-8", "surrogateescape") + (b"\t" if " " in path else b"")


def _octal(character: str) -> str:
    return f"\\{ord(character):03o}" if ord(character) < ord(" ") else character


def _extended(path: str, old: File | None, new: File | None, *, git: bool) -> bytes:
    """git's header lines, where a plain unified diff would lose something, or if `git` has all of them."""
    lines = []
    if old is None and new is not None:
        if git or new.mode == EXECUTABLE or not new.data:
            lines.append(f"new file mode 100{new.mode:o}")
    elif new is None and old is not None:
        if git or not old.data:
            lines.append(f"deleted file mode 100{old.mode:o}")
    elif old is not None and new is not None and old.mode != new.mode:
        lines += [f"old mode 100{old.mode:o}", f"new mode 100{new.mode:o}"]
    if git and (old is None or new is None or old.data != new.data):
        mode = f" 100{new.mode:o}" if old is not None and new is not None and old.mode == new.mode else ""
        lines.append(f"index {_blob_id(old)}..{_blob_id(new)}{mode}")
    if not lines:
        return b""
    names = b" ".join(header_name(f"{side}/{path}").rstrip(b"\t") for side in "ab")
    return b"diff --git " + names + b"\n" + "".join(f"{line}\n" for line in lines).encode()


def _blob_id(file: File | None) -> str:
    """The name that git has for a file's bytes; zeros for a file that does not exist."""
    if file is None:
        return "0" * 40
    head = b"blob %d\0" % len(file.data)
    return hashlib.sha1(head + file.data, usedforsecurity=False).hexdigest()


def _range(start: int, count: int) -> str:
    return str(start) if count == 1 else f"{start},{count}"


def _groups(found: list[Change], context: int) -> Iterator[list[Change]]:
    """The changes whose lines of context touch or overlap, which are one hunk."""
    group: list[Change] = []
    for change in found:
        if group and change.old_start - group[-1].old_end > 2 * context:
            yield group
            group = []
        group.append(change)
    if group:
        yield group


def _hunk(
    number: int, group: list[Change], old: Sequence[bytes], new: Sequence[bytes], context: int, sections: bool
) -> Hunk:
    start = max(group[0].old_start - context, 0)
    end = min(group[-1].old_end + context, len(old))
    new_start = group[0].new_start - (group[0].old_start - start)
    lines: list[Line] = []
    at = start
    for change in group:
        lines += [Line(CONTEXT, text) for text in old[at : change.old_start]]
        lines += [Line(REMOVED, text) for text in old[change.old_start : change.old_end]]
        lines += [Line(ADDED, text) for text in new[change.new_start : change.new_end]]
        at = change.old_end
    lines += [Line(CONTEXT, text) for text in old[at:end]]
    kinds, texts = columns(lines)
    return Hunk(
        number=number,
        patch_line=0,
        # A side without lines names the line before it.
        old_start=start + 1 if kinds.strip(ADDED) else start,
        new_start=new_start + 1 if kinds.strip(REMOVED) else new_start,
        section=section_of(old, start) if sections else b"",
        kinds=kinds,
        texts=texts,
    )


def section_of(lines: Sequence[bytes], start: int) -> bytes:
    """What diff -p writes behind the `@@` of a hunk that begins at index `start`: the last line before it that begins
    with a letter, which in C is the head of the function."""
    for index in range(start - 1, -1, -1):
        if _FUNCTION.match(lines[index]):
            return lines[index].rstrip(b"\r\n")[:_SECTION_LENGTH].rstrip()
    return b""
