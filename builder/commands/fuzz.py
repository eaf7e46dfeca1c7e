"""`fuzz`: holds the engine to GNU patch on made-up files and patches, thousands of them. For developers of the engine."""

from __future__ import annotations

from builder.agreement import differences
from builder.agreement.compare import Disagreement, Tally, compare_many
from builder.console import progress
from builder.errors import FindingsError

_SHOWN = 5


def fuzz(count: int, seed: int) -> None:
    """Compare `count` cases, print what came of them and the smallest disagreements. FindingsError if there are any."""
    tally = Tally()
    with progress() as shown:
        for tally in compare_many(count, seed=seed):
            shown.advance("comparing with GNU patch", tally.cases, count)
    print(
        f"{tally.cases:,} cases of seed {seed}: {len(tally.disagreements)} disagreement(s) with GNU patch 2.7.6"
    )
    print(
        "outcomes of the patches: " + ", ".join(f"{n:,} {name}" for name, n in tally.outcomes.most_common())
    )
    for rule, times in sorted(tally.deliberate.items()):
        print(f"differs on purpose {times:6,}  {rule}: {differences.RULES[rule]}")
    for disagreement in sorted(tally.disagreements, key=lambda one: one.case.size)[:_SHOWN]:
        _show(disagreement)
    if tally.disagreements:
        raise FindingsError(f"{len(tally.disagreements)} of {tally.cases:,} cases disagree with GNU patch.")


def _show(disagreement: Disagreement) -> None:
    case = disagreement.case
    flags = f"-F{disagreement.fuzz}{' -R' if disagreement.reverse else ''}"
    print(f"\n{case.name} {flags}, made by {case.made_by or 'nothing'}: {disagreement.what}")
    for path, file in case.files.items():
        print(f"  file    {path} {file.mode:o} {file.data!r}")
    for patch in case.patches:
        print(f"  patch   {patch!r}")
