"""Whether a hunk stands on the very lines that it was made for, so that nothing needs to be asked about functions."""

from __future__ import annotations

from builder.patching import place
from builder.patching.applied import OwnedLines
from builder.patching.patch import Hunk
from builder.patching.runs import NOWHERE


def at_home(now: OwnedLines, original: tuple[bytes, ...], hunk: Hunk, found: place.Place) -> bool:
    """Whether a hunk that is to change lines at `found` changes the lines that it would change in the base.

    Those are the lines from its first change to the one behind its last: what goes, and before what something comes.
    They must be the base's own, from where `original`, the base's file, has the whole hunk at its line number; and no
    change above may have moved braces. Then they are in the function that they were in. If that has another name now,
    it is the same function all the same.
    """
    old, leading, trailing = hunk.old, hunk.leading, hunk.trailing
    there = hunk.old_start - 1
    behind = trailing > 0 and found.fuzz < max(leading, trailing)  # whether that line is one that matched
    first, end = found.start + leading, found.start + len(old) - trailing + behind
    if not 0 <= first < end or original[there : there + len(old)] != old:
        return False
    run, run_end = now.run_of(first)
    if run.base == NOWHERE or run.base + first - run.at != there + leading or run_end < end:
        return False
    base = now.origin.lines
    return run.at in now.nested and (base is original or base == original)
