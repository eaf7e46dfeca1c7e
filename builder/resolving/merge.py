"""One patch merged with those that it is in dispute with, and the fix-up that comes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from builder.fixups.fixup import FixUp, Settled
from builder.merging.merge import merge_trees
from builder.merging.merged import How, MergedTree
from builder.merging.proof import Fault, Proof, prove
from builder.patching.apply import apply
from builder.patching.parse import parse
from builder.patching.write import write_diff
from builder.recipes.model import ApplyPolicy
from builder.resolving.together import standing, widening, with_needs
from builder.resolving.values import Attempt, Member, Used
from builder.sources.tree import Tree

HAND = "hand"
"""How a region was settled that a person settled."""
_SHOWN = 3
_MARKER = re.compile(rb"^(?:<{7}|\|{7}|>{7}) .*$", re.MULTILINE)


def attempts(tree: Tree, member: Member, before: Sequence[Used], policy: ApplyPolicy) -> Iterator[Attempt]:
    """Merges of a patch with those before it that it may be in dispute with: with few of them first, then with more.

    Nothing if the patch does not stand on anything, or if no earlier patch can be in its way.
    """
    found = standing(tree, member, before, policy)
    if found is None:
        return
    needs, base, theirs = found
    failed = apply(tree, [*(one.patch for one in before), member.patch], policy)
    for together in widening(tree, before, failed, member.patch):
        ours_has = with_needs([one.name for one in (*needs, *together)], before)
        ours = apply(tree, [one.patch for one in ours_has], policy)
        after = tuple(one for one in ours_has if one not in needs)
        if ours.ok and after:
            names = ("+".join(one.name for one in after), member.name)
            merged = merge_trees(base.tree, ours.tree, theirs.tree, names=names)
            attempt = Attempt(
                needs=needs, after=after, base=base.tree, ours=ours, theirs=theirs, merged=merged
            )
            yield _proved(attempt, merged) if merged.ok else attempt


def _proved(attempt: Attempt, merged: MergedTree) -> Attempt:
    """The attempt with what the comparison of tokens says of a tree."""
    return replace(attempt, proof=prove(attempt.base, attempt.ours.tree, attempt.theirs.tree, merged))


def settled_by_hand(attempt: Attempt, edited: Tree) -> Attempt:
    """The attempt with the tree that a person made of it as its result. The proof then only says what is to be said."""
    whole = replace(attempt, merged=MergedTree(tree=edited, files=attempt.merged.files))
    return _proved(whole, MergedTree(tree=edited, files=()))


def in_words(proof: Proof, files: int) -> str:
    """What the comparison of tokens found, in a line; `files` is how many files both sides changed."""
    if proof.ok:
        return f"no token that either side added is missing, none that it removed is back (files of both: {files})"
    shown = "; ".join(_fault(fault) for fault in proof.faults[:_SHOWN])
    more = f"; and {len(proof.faults) - _SHOWN} more" if len(proof.faults) > _SHOWN else ""
    return f"not as both sides have it: {shown}{more}"


def _fault(fault: Fault) -> str:
    if fault.why:
        return f"{fault.path}: {fault.why}"
    return f"{fault.path}: «{fault.token}» {fault.found} times instead of {fault.expected}"


def left_markers(attempt: Attempt, edited: Tree) -> tuple[str, ...]:
    """The files of an edited tree that still have markers of a conflict in them."""
    return tuple(
        path
        for path, file in edited.items()
        if file != attempt.ours.tree.get(path) and _MARKER.search(file.data)
    )


def fixup_of(attempt: Attempt, member: Member, base: str, tree: Tree, *, by_hand: bool = False) -> FixUp:
    """The patch that makes the merged tree of ours, with what is to be known of it. `tree` is the bare base."""
    return FixUp(
        patch=member.ingredient,
        after=tuple(one.ingredient for one in attempt.after),
        needs=tuple(one.ingredient for one in attempt.needs),
        base=base,
        base_tree=tree.digest,
        settled=tuple(_settled(attempt)),
        proof="" if attempt.proof is None else in_words(attempt.proof, len(attempt.merged.files)),
        by_hand=by_hand,
        diff=write_diff(attempt.ours.tree, attempt.merged.tree),
    )


def _settled(attempt: Attempt) -> Iterator[Settled]:
    for file in attempt.merged.files:
        for region in file.regions:
            disputed = region.how is How.CONFLICT
            yield Settled(
                path=file.path,
                line=region.base_start + 1,
                function=region.function,
                how=HAND if disputed else region.how.value,
                note="a person settled it" if disputed else region.note,
            )
        if file.conflict:
            yield Settled(path=file.path, line=1, function="", how=HAND, note="a person settled it")


def applies(tree: Tree, fixup: FixUp, before: Sequence[Used], policy: ApplyPolicy) -> bool:
    """Whether a fix-up applies to the whole series, and without fuzz."""
    state = apply(tree, [one.patch for one in before], policy).tree
    patch = parse(fixup.patch.name, fixup.diff, strip=1)
    exact = ApplyPolicy(fuzz=0, max_offset=policy.max_offset, other_functions=policy.other_functions)
    alone = apply(state, [patch], exact)
    whole = apply(tree, [*(one.patch for one in before), patch], policy)
    return alone.ok and whole.ok and alone.tree == whole.tree


def agrees(tree: Tree, attempt: Attempt, fixup: FixUp, before: Sequence[Used], policy: ApplyPolicy) -> bool:
    """Whether it does to the whole series what a merge with all of it would do, where that can be said."""
    state = apply(tree, [one.patch for one in before], policy).tree
    merged = merge_trees(attempt.base, state, attempt.theirs.tree, names=("before", fixup.patch.name))
    patch = parse(fixup.patch.name, fixup.diff, strip=1)
    return not merged.ok or merged.tree == apply(state, [patch], policy).tree
