"""Resolving a series: patch by patch, each that does not apply is merged with those that are in its way.

The door of this room: `Resolver(…).resolve(members)`. Pure: what is written, and how a tree is compiled, is the
caller's business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from builder.errors import UsageError
from builder.fixups.choice import choose, stale
from builder.fixups.fixup import FixUp, Ingredient
from builder.fixups.header import digest
from builder.fixups.lookup import Found
from builder.patching.applied import Applied
from builder.patching.apply import apply
from builder.patching.parse import parse
from builder.patching.patch import Patch
from builder.recipes.model import ApplyPolicy
from builder.resolving.merge import agrees, applies, attempts, fixup_of, left_markers, settled_by_hand
from builder.resolving.values import Attempt, Judge, Judged, Member, State, Step, Used
from builder.sources.tree import Tree


@dataclass(slots=True, kw_only=True)
class Resolver:
    """A base, how strictly patches must apply to it, and what the user wants."""

    base: str
    tree: Tree
    policy: ApplyPolicy
    judge: Judge | None = None
    """Compiles what comes out; None: that is not wanted."""
    edited: Tree | None = None
    """How a person settled the first patch that needs one; None again when it was used."""
    force: bool = False
    """Whether fix-ups are made anew that are right as they are, or that a person made."""
    used: list[Used] = field(default_factory=list)
    """The patches so far, each as the series has it."""

    def resolve(self, members: Sequence[Member]) -> Iterator[Step]:
        """What becomes of each patch of a series, in order. What needs a person is left out of all that follows."""
        for member in members:
            step = self._step(member)
            if step.state.settled:
                self.used.append(_in_use(step))
            yield step

    def _step(self, member: Member) -> Step:
        names = [one.name for one in self.used]
        missing = next((name for name in member.requires if name not in names), None)
        if missing is not None:
            return Step(member=member, state=State.SKIPPED, note=f"it requires {missing}")
        found = choose(member.fixups, base=self.base, before=names)
        if found is None:
            series = self._with(member.patch)
            return self._applied(member, series) if series.ok else self._merged(member, None)
        why = self._why_not(member, found.fixup)
        if self.force or (why and not found.fixup.by_hand):
            return self._merged(member, found)
        if why:
            return Step(member=member, state=State.BY_HAND, note=why, instead=found)
        return self._kept(member, found)

    def _applied(self, member: Member, series: Applied) -> Step:
        """A patch that applies. With others before it that need not mean that it works."""
        if self.judge is not None and self.used:
            before = apply(self.tree, [one.patch for one in self.used], self.policy)
            judged = self.judge(series, before, apply(self.tree, [member.patch], self.policy))
            if judged.error:
                attempt = next(attempts(self.tree, member, self.used, self.policy), None)
                step = Step(member=member, state=State.SEMANTIC, attempt=attempt, error=judged.error)
                return self._by_person(step)
        return Step(member=member, state=State.APPLIES, note=series.patches[-1].status.value)

    def _why_not(self, member: Member, fixup: FixUp) -> str:
        """What is wrong with a fix-up that is there; empty if nothing."""
        why = stale(
            fixup,
            patch=member.ingredient,
            before=[one.ingredient for one in self.used],
            base_tree=self.tree.digest,
        )
        if not why and not self._with(_patch(fixup)).ok:
            return "it does not apply to this series"
        return why

    def _kept(self, member: Member, found: Found) -> Step:
        step = Step(member=member, state=State.KEPT, fixup=found.fixup, instead=found)
        if self.judge is None or found.fixup.compiled:
            return step
        alone = apply(self.tree, [member.patch], self.policy)
        return self._judged(step, found.fixup, alone)

    def _merged(self, member: Member, instead: Found | None) -> Step:
        first: Attempt | None = None
        for attempt in attempts(self.tree, member, self.used, self.policy):
            first = first or attempt
            if not attempt.ok:
                continue
            fixup = fixup_of(attempt, member, self.base, self.tree)
            if not fixup.diff:
                return Step(member=member, state=State.CONTAINED, instead=instead, attempt=attempt)
            if applies(self.tree, fixup, self.used, self.policy) and agrees(
                self.tree, attempt, fixup, self.used, self.policy
            ):
                step = Step(member=member, state=State.RESOLVED, instead=instead, attempt=attempt)
                judged = self._judged(step, fixup, attempt.theirs)
                return judged if judged.state.settled else self._by_person(judged)
        if first is None:
            return Step(member=member, state=State.FAILS, instead=instead)
        return self._by_person(Step(member=member, state=State.CONFLICT, instead=instead, attempt=first))

    def _by_person(self, step: Step) -> Step:
        """The same patch as a person settled it, if one did; otherwise the step as it is."""
        if self.edited is None or step.attempt is None:
            return step
        edited, self.edited = self.edited, None
        left = left_markers(step.attempt, edited)
        if left:
            raise UsageError(
                f"{left[0]} in the edited tree still has the markers of a conflict.",
                hint="Settle every place between <<<<<<< and >>>>>>>, and take the markers out.",
            )
        attempt = settled_by_hand(step.attempt, edited)
        fixup = fixup_of(attempt, step.member, self.base, self.tree, by_hand=True)
        if not fixup.diff:
            raise UsageError(
                "The edited tree is as it was before the patch.", hint="Edit what --out DIR wrote."
            )
        if not applies(self.tree, fixup, self.used, self.policy):
            raise UsageError(
                f"What was made of {step.member.name} in the edited tree does not apply to the series.",
                hint="Was it edited from what `resolve --out DIR` wrote for this very series?",
            )
        whole = replace(step, state=State.RESOLVED, attempt=attempt, error="")
        return self._judged(whole, fixup, attempt.theirs)

    def _judged(self, step: Step, fixup: FixUp, alone: Applied) -> Step:
        """The step with its fix-up, if nothing is said against it."""
        judged = Judged()
        if self.judge is not None:
            before = apply(self.tree, [one.patch for one in self.used], self.policy)
            judged = self.judge(self._with(_patch(fixup)), before, alone)
        if judged.error:
            return replace(step, state=State.SEMANTIC, fixup=None, error=judged.error)
        return replace(step, fixup=replace(fixup, compiled=judged.compiled))

    def _with(self, patch: Patch) -> Applied:
        return apply(self.tree, [*(one.patch for one in self.used), patch], self.policy)


def _in_use(step: Step) -> Used:
    member, fixup = step.member, step.fixup
    if fixup is None:
        return Used(member=member, patch=member.patch, ingredient=member.ingredient)
    sha256 = digest(fixup) if step.fresh or step.instead is None else step.instead.sha256
    return Used(member=member, patch=_patch(fixup), ingredient=Ingredient(member.name, sha256), fixup=fixup)


def _patch(fixup: FixUp) -> Patch:
    return parse(fixup.patch.name, fixup.diff, strip=1)
