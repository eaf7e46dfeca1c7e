"""Applying again and again must not keep anything."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest

from builder.agreement.diffs import Diff, Edit
from builder.patching.apply import apply
from builder.patching.parse import parse
from builder.patching.patch import Patch
from builder.sources.tree import File, Tree

LINES = [b"line %d\n" % number for number in range(200)]
BASE = Tree({f"f{number}.txt": File(b"".join(LINES) + b"%d\n" % number) for number in range(20)})


def patch(number: int) -> Patch:
    """One of endlessly many: no two change the same into the same."""
    edits = [Edit(number % 150, 1, (b"changed %d\n" % number,))]
    return parse(f"p{number}", Diff.with_context(f"f{number % 20}.txt", LINES, edits).render())


def resident() -> int:
    """Bytes of this process that are in memory."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def apply_pairs(first: int, last: int) -> None:
    for number in range(first, last):
        apply(BASE, [patch(2 * number), patch(2 * number + 1)])


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc tells how large this process is")
def test_ten_thousand_pairs_do_not_grow_the_process() -> None:
    apply_pairs(0, 1000)  # what is remembered of the base is as much as it gets
    before = resident()
    apply_pairs(1000, 10_000)
    # The lines of one result alone are 3 kB: kept, they would be 60 MB.
    assert resident() - before < 10_000_000


def test_what_is_not_touched_is_shared() -> None:
    applied = apply(BASE, [patch(0)])
    assert applied.ok
    assert applied.tree["f1.txt"] is BASE["f1.txt"]
