"""What `bench --what resolve` measures: how many of the real patches' conflicts are settled, and how fast it is proved."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from builder.commands.common import Flags
from builder.commands.compared import Compared, bring_together
from builder.commands.figure import Figure
from builder.commands.proving import proved
from builder.commands.real_patches import BASE, bring_in
from builder.commands.workers import workers
from builder.conflicts.comparison import TOLERANCE
from builder.conflicts.matrix import compare
from builder.conflicts.values import Matrix, Outcome
from builder.recipes.library import Library

_REJECTED = 54
"""Of the 156 ordered pairs as many have hunks that GNU patch rejects."""
_WANTED = 48


def measure(_rounds: int) -> Iterator[Figure]:
    """The figures of one run: it takes minutes. A BackendError if git cannot get the patches."""
    with TemporaryDirectory(prefix="qmail-builder-bench-") as name:
        files = bring_in(Path(name)).files
        compared = bring_together(BASE, [str(path) for path in files], Library.of(), Flags())
        matrix = _compared(compared)
        disputed = sum(pair.outcome is Outcome.CONFLICT for pair in matrix.pairs)
        settled = sum(pair.outcome is Outcome.RESOLVED for pair in matrix.pairs)
        yield Figure(
            f"of {settled + disputed} pairs with rejects: in dispute", disputed, "", _REJECTED - _WANTED
        )
        began = time.monotonic()
        with workers(None, None, worthwhile=True) as executor:
            after = proved(matrix, compared, Flags(), fuzz=TOLERANCE, platform=None, executor=executor)
        seconds = time.monotonic() - began
    made = [pair for pair in after.pairs if pair.compiles is not None]
    yield Figure(f"{len(made)} pairs: make it", seconds, "s", 480)
    yield Figure("of those: do not compile", sum(not pair.compiles for pair in made), "", 0)


def _compared(compared: Compared) -> Matrix:
    return compare(compared.base, compared.tree, compared.patches, needs=compared.needs)
