"""Whether a hunk that failed is there already, or the wrong way round."""

from __future__ import annotations

import re
from dataclasses import replace

from builder.patching.diagnose.blame import removes
from builder.patching.diagnose.candidate import squeezed
from builder.patching.diagnose.examine import Examined
from builder.patching.diagnose.judgement import Judgement, judgement, named
from builder.patching.diagnose.values import Verdict
from builder.patching.findings import Owner
from builder.patching.patch import ADDED, REMOVED

_NEAR = 40
"""Lines around a hunk's place in which its added lines are looked for."""
_TELLING = 6
"""Characters from which on a line is not found everywhere."""
_ASIDE = re.compile(r"[.~_-](?:orig|old|bak)(?:/|$)|~$")
"""How people call the copy that they keep of what they change."""
_TIME = rb"[^\t\n]*\t(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)"
_TIMES = re.compile(rb"^--- " + _TIME + rb"[^\n]*\n\+\+\+ " + _TIME, re.MULTILINE)
_AS_BEFORE = "its lines are as they were before it: it is not applied here, or was taken back already"
_NO_TIME = (b"1970", b"1969")


def judge_there(examined: Examined) -> Judgement | None:
    """Already applied, in all or but for the context; or reversed; None if its change is not there."""
    reject, hunk, before = examined.reject, examined.hunk, examined.reject.before
    if not hunk.new or not hunk.edits:
        return None
    start = before.index.nearest(hunk.new, reject.expected, 0, len(before.lines) - len(hunk.new))
    if examined.background.reverse:
        return None if start is None else _as_before(examined)
    if start is not None:
        owner = _author(examined, start)
        if owner is None and _looks_swapped(examined):
            detail = (
                "it is the wrong way round: its old side is the newer one, and its change is there already"
            )
            return judgement(examined, Verdict.REVERSED, detail)
        return _already(examined, "its change is there already", owner)
    at = _added_block(examined)
    return (
        None
        if at is None
        else _already(examined, "the lines that it adds are there already", before.owners[at])
    )


def _as_before(examined: Examined) -> Judgement:
    """It is to be taken back and was never applied. Nothing differs then, and nobody is to blame."""
    return replace(judgement(examined, Verdict.NOT_APPLIED, _AS_BEFORE), difference=None, owner=None)


def _already(examined: Examined, what: str, owner: Owner | None) -> Judgement:
    by = f", from {named(owner)}" if owner else ""
    return judgement(examined, Verdict.ALREADY_APPLIED, what + by, owner=owner)


def _author(examined: Examined, start: int) -> Owner | None:
    """Who made the hunk's change at index `start`, where its new lines are; None if the base has it."""
    before, at = examined.reject.before, start
    for line in examined.hunk.lines:
        if line.kind == REMOVED:
            takers = examined.file.takers.get(line.text, ())
            taker = next((gone.owner for gone in takers if gone.at == at), None)
            if taker is not None:
                return taker
            continue
        if line.kind == ADDED and before.owners[at] is not None:
            return before.owners[at]
        at += 1
    return None


def _added_block(examined: Examined) -> int | None:
    """Where all lines that the hunk adds stand near its place, while those that it removes are gone."""
    hunk, before = examined.hunk, examined.reject.before
    blocks = [[squeezed(line) for line in edit.added] for edit in hunk.edits if edit.added]
    added = {line for block in blocks for line in block}
    if examined.alignment is None or sum(len(line) >= _TELLING for line in added) * 2 < max(len(added), 1):
        return None
    low = max(examined.start - _NEAR, 0)
    window = [squeezed(line) for line in before.lines[low : examined.start + len(hunk.new) + _NEAR]]
    removed = {squeezed(line) for at, line in enumerate(hunk.old) if removes(hunk, at)} - added
    if removed & set(window) or not all(_at(block, window) is not None for block in blocks):
        return None
    first = _at(max(blocks, key=len), window) if blocks else None
    return None if first is None else low + first


def _at(block: list[bytes], window: list[bytes]) -> int | None:
    starts = range(len(window) - len(block) + 1)
    return next((at for at in starts if window[at : at + len(block)] == block), None)


def _looks_swapped(examined: Examined) -> bool:
    """Whether the names or the times of a change say that its new file is the older one."""
    change, data = examined.reject.change, examined.reject.patch.data
    if _ASIDE.search(change.new_path) and not _ASIDE.search(change.old_path):
        return True
    start, end = change.span if change.span != (0, 0) else (0, len(data))
    times = _TIMES.search(data, start, end)
    return bool(times and times[1] > times[2] and not times[2].startswith(_NO_TIME))
