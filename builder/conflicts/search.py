"""The search for an order in which patches apply: only those that are in each other's way are permuted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from builder.conflicts.ground import Ground, State
from builder.conflicts.grouping import grouped
from builder.recipes.model import PatchSpec

MOST_STATES = 20_000
"""States that one search looks at before it gives up: some seconds."""

_FEW = 8
"""Patches up to which every possibility is tried."""

Order = tuple[int, ...]
Patches = frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What patch.toml files say of a patch, as numbers of those that are given."""

    requires: Patches = frozenset()
    after: Patches = frozenset()
    excludes: Patches = frozenset()

    @property
    def all(self) -> Patches:
        """Every patch that is named."""
        return self.requires | self.after | self.excludes


def rules_of(names: Sequence[str], specs: Mapping[str, PatchSpec]) -> list[Rules]:
    """The rules of each patch. What a patch requires must be among `names`; other names may be left out."""
    numbers = {name: number for number, name in enumerate(names)}

    def known(others: Collection[str]) -> Patches:
        return frozenset(numbers[other] for other in others if other in numbers)

    return [
        Rules(requires=known(spec.requires), after=known(spec.after), excludes=known(spec.excludes))
        if (spec := specs.get(name))
        else Rules()
        for name in names
    ]


class Search:
    """Searches on a ground, under rules. Patches go by their number, which is the order that is liked best."""

    def __init__(self, ground: Ground, rules: Sequence[Rules], most: int = MOST_STATES) -> None:
        self.ground = ground
        self.rules = rules
        self.everything: Patches = frozenset(range(len(rules)))
        self.complete = True
        """Whether no search had to be given up so far."""
        self._most = most
        self._left = most
        self._dead: set[tuple[Patches, Patches, Patches, State]] = set()
        self._known_places: dict[Patches, list[int]] = {}
        self._known_groups: dict[tuple[Patches, State], list[Patches]] = {}

    def order(self, goal: Collection[int], others: Collection[int] = ()) -> Order | None:
        """An order that has all of `goal`, and of `others` what helps with that; None if there is none.

        Of several orders of the same patches it is the first one: that with the lowest numbers in front.
        """
        self._left = self._most
        return self._reach(
            frozenset(goal), frozenset(goal) | frozenset(others), self.ground.start, frozenset()
        )

    @cached_property
    def ties(self) -> frozenset[Patches]:
        """The pairs that are in each other's way on the bare base, may help each other, or are named in a rule."""
        return frozenset(map(frozenset, self._ties(self.ground.start, self.everything)))

    @cached_property
    def groups(self) -> list[list[int]]:
        """The patches in groups that leave each other alone on the bare base."""
        return [sorted(group) for group in self._groups(self.ground.start, self.everything)]

    def follows(self, order: Sequence[int]) -> bool:
        """Whether the patches apply in this very order, and the rules let them."""
        allowed = all(self._allowed(patch, frozenset(order[:at])) for at, patch in enumerate(order))
        return allowed and self.ground.applies(order)

    def _reach(self, goal: Patches, rest: Patches, state: State, placed: Patches) -> Order | None:
        """An order of patches from `rest` that has all of `goal`, begun in a state in which some are placed."""
        orders = []
        for group in self._groups(state, rest):
            wanted = goal & group
            if wanted:
                order = self._within(wanted, group, state, placed)
                if order is None:
                    return None
                orders.append(order)
        return interleaved(orders)

    def _within(self, goal: Patches, group: Patches, state: State, placed: Patches) -> Order | None:
        """The same for patches that are in each other's way: each in turn is tried as the first."""
        named = frozenset(placed & {other for patch in group for other in self.rules[patch].all})
        key = (goal, group, self._counting(placed, group) | named, self._here(state, group))
        self._left -= 1
        if key in self._dead or self._left < 0:
            return None
        for patch in self._candidates(goal, group, state):
            after = self.ground.after(state, patch) if self._allowed(patch, placed) else None
            if after is None:
                continue
            order = self._reach(goal - {patch}, group - {patch}, after, placed | {patch})
            if order is not None:
                return (patch, *order)
        if self._left < 0:
            self.complete = False
        else:
            self._dead.add(key)
        return None

    def _candidates(self, goal: Patches, group: Patches, state: State) -> list[int]:
        """What may come next: the goal, then what may help it, directly or not, where it does not apply in this state.

        Nothing if a patch of the goal is beyond help. With few patches it is simply all of them: who helps may have to
        come before it is seen that help is needed.
        """
        if len(self.everything) <= _FEW:
            return sorted(group, key=lambda patch: (patch not in goal, patch))
        found = set(goal)
        waiting = list(goal)
        while waiting:
            patch = waiting.pop()
            needed = self.rules[patch].requires & group
            if self.ground.after(state, patch) is None:
                helpers = self.ground.helpers(state, patch, group - {patch})
                if not helpers and patch in goal:
                    return []
                needed |= helpers
            waiting += needed - found
            found |= needed
        return sorted(found, key=lambda patch: (patch not in goal, patch))

    def _counting(self, placed: Patches, group: Patches) -> Patches:
        """The placed patches whose own rules are about the group."""
        return frozenset(patch for patch in placed if self.rules[patch].all & group)

    def _groups(self, state: State, patches: Patches) -> list[Patches]:
        """The patches in groups that leave each other alone in this state. Searches for other goals come here, too."""
        key = (patches, self._here(state, patches))
        if key not in self._known_groups:
            ties = self._ties(state, patches)
            self._known_groups[key] = list(map(frozenset, grouped(sorted(patches), ties)))
        return self._known_groups[key]

    def _ties(self, state: State, patches: Patches) -> list[tuple[int, int]]:
        named = [(patch, other) for patch in patches for other in self.rules[patch].all & patches]
        return [*self.ground.ties(state, sorted(patches)), *named]

    def _here(self, state: State, patches: Patches) -> State:
        """What of the state counts for these patches."""
        if patches not in self._known_places:
            self._known_places[patches] = self.ground.shared(patches)
        return tuple([state[at] for at in self._known_places[patches]])

    def _allowed(self, patch: int, placed: Patches) -> bool:
        """Whether the rules let a patch come next."""
        mine = self.rules[patch]
        if mine.requires - placed or mine.excludes & placed:
            return False
        return not any(patch in self.rules[other].after | self.rules[other].excludes for other in placed)


def interleaved(orders: Sequence[Order]) -> Order:
    """Orders that leave each other alone as one, with the lowest numbers in front."""
    waiting = [list(reversed(order)) for order in orders if order]
    together = []
    while waiting:
        nearest = min(waiting, key=lambda order: order[-1])
        together.append(nearest.pop())
        if not nearest:
            waiting.remove(nearest)
    return tuple(together)
