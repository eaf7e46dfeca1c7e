"""The same patch, written so that it applies with no offset and no fuzz where it stands in a series.

Whatever is not a hunk is kept as it is, byte for byte, and of a hunk only what is no longer true is written anew: its
line numbers, and the lines of context that differ. So a diff of the two patch files shows what really moved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from builder.errors import BuilderError
from builder.patching import place, strip
from builder.patching.apply import apply
from builder.patching.findings import FileOutcome, HunkOutcome, HunkStatus
from builder.patching.lines import split_lines
from builder.patching.parse import parse
from builder.patching.patch import ADDED, CONTEXT, FileChange, Hunk, Kind, Line, Patch
from builder.patching.write import header_name, render
from builder.recipes.model import ApplyPolicy
from builder.sources.tree import Tree

_STRICT = ApplyPolicy(fuzz=0, max_offset=0)
_HEAD = re.compile(rb"@@ -\d+(,\d+)? \+\d+(,\d+)? @@")


@dataclass(frozen=True, slots=True)
class Refreshed:
    """`data` are the bytes of the patch file; `moved` are the hunks that were not exact, each with its path."""

    data: bytes
    moved: tuple[tuple[str, HunkOutcome], ...]


@dataclass(frozen=True, slots=True)
class _Placed:
    """A hunk at the place where it belongs in the file before it. `hunk` has new line numbers and context."""

    start: int
    old: Hunk
    hunk: Hunk

    @property
    def end(self) -> int:
        return self.start + len(self.hunk.old)


def refresh(patch: Patch, before: Tree, policy: ApplyPolicy) -> Refreshed | None:
    """The patch for exactly the tree `before`; None if it does not apply there as `policy` allows.

    BuilderError if what was written does not give the same tree again, cleanly.
    """
    applied = apply(before, [patch], policy)
    if not applied.ok:
        return None
    files = applied.patches[0].files
    data = _written(patch, list(_placed(patch, files, before)))
    again = apply(before, [parse(patch.name, data, strip=patch.strip)], _STRICT)
    hunks = [hunk for file in again.patches[0].files for hunk in file.hunks]
    if again.tree != applied.tree or any(hunk.status != HunkStatus.CLEAN for hunk in hunks):
        raise BuilderError(
            f"{patch.name} cannot be refreshed: written anew it gives another tree.",
            hint="Make it anew with `new-patch`, and report this: it should not happen.",
        )
    moved = tuple(
        (file.path, hunk) for file in files for hunk in file.hunks if hunk.status != HunkStatus.CLEAN
    )
    return Refreshed(data, moved)


def _placed(
    patch: Patch, files: Sequence[FileOutcome], before: Tree
) -> Iterator[tuple[FileChange, list[_Placed]]]:
    """The hunks of every file of the patch. A file may come twice: then the second time as the first left it."""
    current: dict[str, list[bytes]] = {}
    for change, outcome in zip(patch.files, files, strict=True):
        source = outcome.path
        if change.kind in (Kind.RENAME, Kind.COPY):
            source = strip.stripped(change.old_path, outcome.strip)
        lines = current.get(source)
        if lines is None:
            lines = split_lines(before[source].data) if source in before else []
        offsets = {hunk.n: hunk.offset for hunk in outcome.hunks}
        placed = _numbered(_merged([_at(hunk, offsets[hunk.number], lines) for hunk in change.hunks], lines))
        current[outcome.path] = _changed(lines, placed)
        yield change, placed


def _at(hunk: Hunk, offset: int, lines: Sequence[bytes]) -> _Placed:
    """The hunk with the context that the file has there."""
    start = place.first_index(hunk) + offset
    first = start + hunk.leading
    last = start + len(hunk.old) - hunk.trailing
    leading = min(hunk.leading, first)
    trailing = min(hunk.trailing, len(lines) - last)
    # Less context at one end says that the file begins or ends there. Where that is no longer so, there must be more.
    if hunk.old_start <= 1 and leading < trailing:
        leading = min(trailing, first)
    if trailing < leading:
        trailing = min(leading, len(lines) - last)
    return _Placed(
        first - leading, hunk, _with_context(hunk, lines, first - leading, first, last, last + trailing)
    )


def _with_context(hunk: Hunk, lines: Sequence[bytes], start: int, first: int, last: int, end: int) -> Hunk:
    """The hunk with lines[start:end] as its old side; its changes lie in lines[first:last]."""
    body = [Line(CONTEXT, text) for text in lines[start:first]]
    at = first
    for line in hunk.lines[hunk.leading : len(hunk.lines) - hunk.trailing]:
        body.append(Line(CONTEXT, lines[at]) if line.kind == CONTEXT else line)
        at += line.kind != ADDED
    body += [Line(CONTEXT, text) for text in lines[last:end]]
    return hunk.with_lines(body)


def _merged(placed: list[_Placed], lines: Sequence[bytes]) -> list[_Placed]:
    """Hunks that have come so near to each other that their context overlaps, as one."""
    merged: list[_Placed] = []
    for this in placed:
        previous = merged[-1] if merged else None
        if previous is None or this.start >= previous.end:
            merged.append(this)
            continue
        hunk, other = previous.hunk, this.hunk
        first = this.start + other.leading
        between = [Line(CONTEXT, text) for text in lines[previous.end - hunk.trailing : first]]
        body = (*hunk.lines[: len(hunk.lines) - hunk.trailing], *between, *other.lines[other.leading :])
        merged[-1] = _Placed(previous.start, previous.old, hunk.with_lines(body))
    return merged


def _numbered(placed: list[_Placed]) -> list[_Placed]:
    """The hunks with the line numbers of their places."""
    grown = 0
    numbered = []
    for this in placed:
        old_start = this.start + 1 if this.hunk.old else this.start
        new_start = this.start + grown + (1 if this.hunk.new else 0)
        hunk = replace(this.hunk, old_start=old_start, new_start=new_start)
        numbered.append(_Placed(this.start, this.old, hunk))
        grown += len(hunk.new) - len(hunk.old)
    return numbered


def _changed(lines: list[bytes], placed: list[_Placed]) -> list[bytes]:
    result: list[bytes] = []
    at = 0
    for this in placed:
        result += lines[at : this.start]
        result += this.hunk.new
        at = this.end
    return result + lines[at:]


def _written(patch: Patch, files: list[tuple[FileChange, list[_Placed]]]) -> bytes:
    if any(change.context_format for change, _ in files):
        # A context diff cannot be kept; only what stands before and after it.
        return (
            patch.header + b"".join(_as_unified(change, placed) for change, placed in files) + patch.trailer
        )
    pieces = []
    at = 0
    for change, placed in files:
        by_number = {this.old.number: this for this in placed}
        for hunk in change.hunks:
            pieces.append(patch.data[at : hunk.span[0]])
            this = by_number.get(hunk.number)
            if this is not None:
                pieces.append(_rewritten(this, patch.data[hunk.span[0] : hunk.span[1]], crlf=change.crlf))
            at = hunk.span[1]
    return b"".join(pieces) + patch.data[at:]


def _as_unified(change: FileChange, placed: list[_Placed]) -> bytes:
    names = b"--- " + header_name(change.old_path) + b"\n+++ " + header_name(change.new_path) + b"\n"
    return names + b"".join(render(this.hunk) for this in placed)


def _rewritten(this: _Placed, original: bytes, *, crlf: bool) -> bytes:
    """The bytes of a hunk: the original ones as far as they are still true."""
    hunk, old = this.hunk, this.old
    if (hunk.kinds, hunk.texts) != (old.kinds, old.texts):
        written = render(hunk)
        return written.replace(b"\n", b"\r\n") if crlf else written
    if (hunk.old_start, hunk.new_start) == (old.old_start, old.new_start):
        return original
    numbers = b"@@ -%d\\1 +%d\\2 @@" % (hunk.old_start, hunk.new_start)
    return _HEAD.sub(numbers, original, count=1)
