"""The pairs of some patches while someone edits them: a changed patch is compared anew, all else is remembered."""

from __future__ import annotations

from collections.abc import Iterator

from builder.conflicts.comparison import Comparison
from builder.conflicts.matrix import meet
from builder.conflicts.said import with_said
from builder.conflicts.saved import Saved, Turn
from builder.conflicts.standing import Standing, stand
from builder.conflicts.values import Outcome, Pair
from builder.patching.patch import Patch


class Live:
    """All ordered pairs of a comparison, kept up to date."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._standings = {standing.name: standing for standing in comparison.standings}
        names = list(self._standings)
        self.pairs: dict[tuple[str, str], Pair] = {}
        for number, name in enumerate(names):
            self.pairs.update(self._pairs_of(name, names[number + 1 :]))

    def saved(self, patch: Patch) -> Saved:
        """Take over a new version of one of the patches, known by its name."""
        before = self._standings.get(patch.name)
        touched = list(self._take_over(patch))
        fresh: dict[tuple[str, str], Pair] = {}
        for number, name in enumerate(touched):
            done = touched[:number]
            fresh.update(
                self._pairs_of(name, [other for other in self._standings if other not in (name, *done)])
            )
        turns = [
            Turn(self.pairs[key], pair) for key, pair in fresh.items() if not _alike(self.pairs[key], pair)
        ]
        self.pairs.update(fresh)
        after = self._standings.get(patch.name)
        return Saved(
            patch=patch.name,
            before=_status(before),
            after=_status(after),
            checked=len(fresh),
            turns=tuple(turns),
        )

    def _take_over(self, patch: Patch) -> Iterator[str]:
        """Put the patch in the place of its old version, and name those of which something may change."""
        for name, old in list(self._standings.items()):
            if name == patch.name or patch.name in old.need_names:
                needs = [patch if need.name == patch.name else need for need in old.needs]
                itself = patch if name == patch.name else old.patch
                self._standings[name] = stand(self._comparison.tree, itself, needs, self._comparison.policy)
                yield name

    def _pairs_of(self, name: str, others: list[str]) -> Iterator[tuple[tuple[str, str], Pair]]:
        for other in others:
            there, back = meet(self._comparison, self._standings[name], self._standings[other])
            yield (name, other), self._whole(name, other, there)
            yield (other, name), self._whole(other, name, back)

    def _whole(self, first: str, second: str, found: Pair | Outcome) -> Pair:
        pair = found if isinstance(found, Pair) else Pair(first=first, second=second, outcome=found)
        return with_said(pair, self._comparison.specs)


def _alike(one: Pair, other: Pair) -> bool:
    """Whether two versions of a pair say the same to a person: numbers of lines and the lines themselves do not count."""
    return _gist(one) == _gist(other)


def _gist(pair: Pair) -> object:
    collisions = {(one.path, one.function, one.kind, one.how, one.advice) for one in pair.collisions}
    return pair.outcome, pair.note, pair.advice, collisions


def _status(standing: Standing | None) -> str:
    return standing.outcome.status.value if standing else ""
