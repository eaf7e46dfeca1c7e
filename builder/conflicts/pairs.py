"""What becomes of two patches, one after the other and the other way round."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from builder.conflicts.advice import Case, pair_advice
from builder.conflicts.collisions import Dispute, alone, collisions
from builder.conflicts.comparison import Comparison
from builder.conflicts.ranks import FUZZ, OUTCOMES
from builder.conflicts.settle import settle
from builder.conflicts.standing import Standing
from builder.conflicts.trials import Trial, Trials, series
from builder.conflicts.values import Collision, Outcome, Pair
from builder.sources.tree import File


def judge(comparison: Comparison, one: Standing, other: Standing, trials: Trials) -> tuple[Pair, Pair]:
    """The pairs (one, other) and (other, one). `trials` tries them."""
    for first, second in ((one, other), (other, one)):
        if first.name in second.need_names:
            pair, turned = _Question(comparison, first, second).needed()
            return (pair, turned) if first is one else (turned, pair)
    there, back = trials()
    return (
        _Question(comparison, one, other).judged(there, back),
        _Question(comparison, other, one).judged(back, there),
    )


class _Question:
    """What becomes of `second` after `first`?"""

    def __init__(self, comparison: Comparison, first: Standing, second: Standing) -> None:
        self._comparison = comparison
        self._first, self._second = first, second

    def needed(self) -> tuple[Pair, Pair]:
        """Where the second's patch.toml requires the first there is but one order, in which it stands alone."""
        first, second = self._first, self._second
        note = f"{second.name} requires {first.name}"
        pair = self._pair(OUTCOMES[second.rank], note=note) if second.ok else self._broken(second, note)
        back = f"{note}, so the order is the other one"
        return pair, msgspec.structs.replace(pair, first=second.name, second=first.name, note=back)

    def judged(self, there: Trial, back: Trial) -> Pair:
        """The pair, by what became of it in this order and in the other."""
        first, second = self._first, self._second
        if not first.ok:
            return self._broken(first, f"{first.name} needs {second.name} before it" if back.ok else "")
        if there.ok and not second.ok:
            return self._pair(OUTCOMES[there.rank], note=f"{second.name} needs {first.name} before it")
        if not second.ok:
            return self._broken(second, "")
        return self._applied(there, back) if there.ok else self._rejected(there, back)

    def _broken(self, culprit: Standing, note: str) -> Pair:
        """One of the two does not even apply by itself."""
        note = note or f"{culprit.name} does not apply by itself"
        case = self._case(broken=[patch.name for patch in culprit.series])
        return self._pair(Outcome.CONFLICT, case, alone(culprit), note=note)

    def _applied(self, there: Trial, back: Trial) -> Pair:
        """The second applies after the first: in the same way whatever the order, or not."""
        case = self._case(applies=True)
        paths = differing(there.made, back.made) if back.ok else ()
        if paths:
            hunks = {path: self._numbers(path) for path in paths}
            settled = settle(self._first, self._second, paths, self._comparison.policy)
            dispute = Dispute(first=self._first, second=self._second, hunks=hunks, settled=settled, case=case)
            note = _difference(there.made, back.made, paths)
            return self._pair(Outcome.HIDDEN, case, collisions(dispute), note=note)
        outcome = OUTCOMES[there.rank]
        if there.rank != FUZZ:
            return self._pair(outcome)
        dispute = Dispute(
            first=self._first, second=self._second, hunks=there.trouble, settled=None, case=case
        )
        return self._pair(outcome, case, collisions(dispute))

    def _rejected(self, there: Trial, back: Trial) -> Pair:
        """Hunks fail after the first: what a three-way merge makes of them."""
        first, second = self._first, self._second
        settled = settle(first, second, there.trouble, self._comparison.policy)
        case = self._case(other_order=back.ok)
        dispute = Dispute(first=first, second=second, hunks=there.trouble, settled=settled, case=case)
        found = collisions(dispute)
        if there.moved:
            return self._pair(Outcome.HIDDEN, case, found, note=f"{second.name}: {there.moved}")
        return self._pair(Outcome.RESOLVED if settled.ok else Outcome.CONFLICT, case, found)

    def _pair(
        self,
        outcome: Outcome,
        case: Case | None = None,
        found: tuple[Collision, ...] = (),
        *,
        note: str = "",
    ) -> Pair:
        return Pair(
            first=self._first.name,
            second=self._second.name,
            outcome=outcome,
            collisions=found,
            note=note,
            advice=pair_advice(case, found) if case and found else "",
        )

    def _case(self, *, broken: Sequence[str] = (), applies: bool = False, other_order: bool = False) -> Case:
        return Case(
            base=self._comparison.base,
            first=self._first.name,
            second=self._second.name,
            series=[patch.name for patch in series(self._first, self._second)],
            typed=self._comparison.typed,
            again=self._comparison.again,
            broken=broken,
            applies=applies,
            other_order=other_order,
        )

    def _numbers(self, path: str) -> frozenset[int]:
        """The numbers of the second's hunks for a file."""
        files = self._second.outcome.files
        return frozenset(hunk.n for file in files if file.path == path for hunk in file.hunks)


def differing(there: Mapping[str, File | None], back: Mapping[str, File | None]) -> tuple[str, ...]:
    """The paths of the files that two orders make differently."""
    paths = sorted({*there, *back})
    return tuple(path for path in paths if there.get(path) != back.get(path))


def _difference(
    there: Mapping[str, File | None], back: Mapping[str, File | None], paths: Iterable[str]
) -> str:
    """Why two trees differ, as far as that is plain."""
    for path in paths:
        one, other = there.get(path), back.get(path)
        if one is None or other is None or sorted(one.data.split(b"\n")) != sorted(other.data.split(b"\n")):
            return f"both orders apply, but make {path} differently"
    return "both orders apply, and only the order of what they add differs"
