"""The merge of real patches: how many of the pairs that GNU patch rejects it settles, and which it must not."""

from __future__ import annotations

from itertools import permutations

import pytest

from builder.merging.merge import merge_trees
from builder.merging.merged import MergedTree
from builder.merging.proof import prove
from builder.patching.apply import apply
from builder.patching.patch import Patch
from builder.recipes.model import ApplyPolicy
from builder.sources.tree import Tree

pytestmark = pytest.mark.netqmail

GNU = ApplyPolicy(fuzz=2)
FEWEST = 48
NEVER = ({"ext-todo", "big-todo"}, {"ext-todo", "dkim"}, {"smtp-auth", "smtp-tls"})
"""Pairs of which one removes code that the other changes, or declares a variable in another way."""


@pytest.fixture(scope="module")
def alone(netqmail: Tree, real_patches: tuple[Patch, ...]) -> dict[str, Tree]:
    return {patch.name: apply(netqmail, [patch], GNU).tree for patch in real_patches}


@pytest.fixture(scope="module")
def merges(
    netqmail: Tree, real_patches: tuple[Patch, ...], alone: dict[str, Tree]
) -> dict[tuple[str, str], MergedTree]:
    """The merge of every ordered pair of which a hunk is rejected."""
    return {
        (first.name, second.name): merge_trees(
            netqmail, alone[first.name], alone[second.name], names=(first.name, second.name)
        )
        for first, second in permutations(real_patches, 2)
        if apply(netqmail, [first, second], GNU).rejects
    }


def test_most_of_the_rejected_pairs_are_settled_and_proved(
    netqmail: Tree, alone: dict[str, Tree], merges: dict[tuple[str, str], MergedTree]
) -> None:
    assert len(merges) == 54
    settled = {pair: merged for pair, merged in merges.items() if merged.ok}
    assert len(settled) >= FEWEST
    for (first, second), merged in settled.items():
        proof = prove(netqmail, alone[first], alone[second], merged)
        assert proof.ok, (first, second, proof.faults)


def test_pairs_that_apply_are_merged_to_the_very_same_tree(
    netqmail: Tree, real_patches: tuple[Patch, ...], alone: dict[str, Tree]
) -> None:
    same = 0
    for first, second in permutations(real_patches, 2):
        applied = apply(netqmail, [first, second], GNU)
        if applied.ok:
            merged = merge_trees(
                netqmail, alone[first.name], alone[second.name], names=(first.name, second.name)
            )
            assert merged.ok, (first.name, second.name)
            assert merged.tree.digest == applied.tree.digest, (first.name, second.name)
            same += 1
    assert same == 102


def test_what_is_truly_in_dispute_stays_so(merges: dict[tuple[str, str], MergedTree]) -> None:
    disputed = [pair for pair, merged in merges.items() if not merged.ok]
    for never in NEVER:
        both_ways = [pair for pair in disputed if all(any(name in patch for patch in pair) for name in never)]
        assert len(both_ways) == 2, never


def test_each_settled_region_says_how(merges: dict[tuple[str, str], MergedTree]) -> None:
    for merged in merges.values():
        for file in merged.files:
            for region in file.regions:
                assert region.note.endswith(".")
                lines = file.file.data.splitlines(keepends=True) if file.file else []
                start = region.merged_start
                assert tuple(lines[start : start + len(region.merged)]) == region.merged
