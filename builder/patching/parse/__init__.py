"""From the bytes of a patch file to a Patch. The door of this room: `parse(name, data) -> Patch`.

unpack (gzip …) → source (lines) → files (what is a file, what is prose) → head, unified, context, binary (one each).
`opinion` compares with what unidiff sees. README.md of builder/patching lists where this differs from GNU patch.
"""

from __future__ import annotations

import re

from builder.patching.parse import context, opinion, unified
from builder.patching.parse.error import PatchError
from builder.patching.parse.files import Files
from builder.patching.parse.limits import MOST_NOTES
from builder.patching.parse.source import Source
from builder.patching.parse.unpack import unpack
from builder.patching.patch import Patch

_HEADS = (
    ("@", re.compile(rb"^@@ -\d", re.MULTILINE), unified.START),
    ("*", re.compile(rb"^\*\*\* \d+(?:,\d+)? \*{4}[ \t\r]*$", re.MULTILINE), context.START),
)
"""The heads of hunks as they are written: the first character of the line, the whole of it, what begins such a hunk."""

__all__ = ["PatchError", "parse"]


def parse(name: str, data: bytes, *, strip: int | None = None) -> Patch:
    """The patch in `data`, which may be compressed. What was odd and could be put right is in its notes.

    UsageError if there is no diff in it, if it is dangerous or beyond all bounds; PatchError, which is one
    of them, if it is damaged or if any hunk of it would be lost.
    """
    data = unpack(name, data)
    source = Source(name, data)
    files = Files(source)
    files.read()
    if not files.found:
        raise _no_diff(source)
    patch = Patch(
        name=name,
        files=tuple(files.found),
        strip=strip,
        data=data,
        header=data[: source.offsets[files.prologue]],
        trailer=data[source.offsets[files.done] :],
        notes=tuple(source.notes[:MOST_NOTES]),
    )
    _compare_counts(source, patch)
    if any(note.rule in opinion.DOUBTS for note in source.notes):
        opinion.require_agreement(patch)
    return patch


def _compare_counts(source: Source, patch: Patch) -> None:
    """A last check that no hunk is lost: what looks like the head of one is one, or was noted as prose."""
    heads = [hunk.span[0] for file in patch.files for hunk in file.hunks]
    heads += [source.offsets[note.line - 1] for note in source.notes if note.rule == "prose-like-hunk"]
    for first, pattern, start in _HEADS:
        most = source.firsts.count(first)
        understood = sum([patch.data.startswith(start, head) for head in heads]) if most else 0
        # The search takes a fifth of all the time, so it is made only where more lines than were understood begin so.
        written = len(pattern.findall(patch.data)) if most > understood else most
        if written > understood:
            raise PatchError(
                f"Patch {patch.name} has {written} heads of hunks, but only {understood} can be understood.",
                rule="lost-hunk",
                hint="Make it anew with: diff -ru OLD NEW",
            )


def _no_diff(source: Source) -> PatchError:
    what = "the file is empty" if not source.data.strip() else "no '---' line followed by '+++' and '@@'"
    return PatchError(
        f"Patch {source.name} has no unified diff in it, nor a context diff: {what}.",
        rule="no-diff",
        hint="Make it anew with: diff -ru OLD NEW",
    )
