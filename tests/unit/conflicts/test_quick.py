"""The short cuts of `compare` never say anything else than applying every pair: on files made to mislead them."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from msgspec.structs import replace

from builder.agreement.crowd import crowd
from builder.conflicts.comparison import Comparison
from builder.conflicts.matrix import compare, compare_plainly
from builder.conflicts.pairs import differing
from builder.conflicts.quick import known
from builder.conflicts.trials import Trial, plainly, thriftily
from builder.patching.parse import parse
from builder.patching.patch import Hunk, Patch
from builder.patching.write import hunks, render
from builder.recipes.library import shipped
from builder.sources.tree import File, Tree

COMMON = ("int one(a) int a;", "void two()", "{", "}", "", "  flush();", '#include "out.h"')
ADDED = (*COMMON, "  audit();", "int three(b) int b; {", "extern int four();")


def tree_of(random: Random) -> Tree:
    """A C file and a text whose lines repeat, more or less."""
    rare = random.choice((0.1, 0.3, 0.6))
    files = {}
    for path in ("main.c", "notes"):
        lines = [
            f"  call_{number}();" if random.random() < rare else random.choice(COMMON)
            for number in range(random.randint(6, 30))
        ]
        files[path] = File(("\n".join(lines) + random.choice(("\n", "\n", "\n", ""))).encode())
    return Tree(files)


def patch_of(random: Random, name: str, tree: Tree) -> Patch | None:
    """A patch with more or less context, sometimes at other lines than it says; None if it changes nothing."""
    body = b""
    for path in random.sample(sorted(tree), random.randint(1, 2)):
        old = tree[path].data.splitlines(keepends=True)
        new = list(old)
        for _ in range(random.choice((1, 1, 2, 3))):
            at = random.randint(0, len(new))
            added = [random.choice(ADDED) for _ in range(random.randint(0, 3))]
            new[at : at + random.choice((0, 0, 1, 2))] = [f"{line}\n".encode() for line in added]
        found = hunks(old, new, context=random.choice((0, 1, 1, 2, 3, 3)), sections=path.endswith(".c"))
        wrong = random.choice((0, 0, 0, 0, 1, 3))
        if new and found:
            body += f"--- a/{path}\n+++ b/{path}\n".encode()
            if random.random() < 0.2:
                found = [without_context_above(one) for one in found]
            body += b"".join(render(replace(one, old_start=one.old_start + wrong)) for one in found)
    return parse(name, body) if body else None


def without_context_above(hunk: Hunk) -> Hunk:
    """As somebody might cut it by hand."""
    count = hunk.leading
    kept = replace(hunk.with_lines(hunk.lines[count:]), old_start=hunk.old_start + count)
    return replace(kept, new_start=hunk.new_start + count) if kept.old and kept.new else hunk


def said(there: Trial, back: Trial) -> tuple[object, ...]:
    """All that a report depends on."""
    both = there.ok and back.ok
    return (
        (there.rank, there.ok, there.trouble, there.moved),
        (back.rank, back.ok, back.trouble, back.moved),
        differing(there.made, back.made) if both else (),
    )


@pytest.mark.parametrize("seed", range(8))
def test_quick_and_plain_are_the_same(seed: int) -> None:
    random = Random(seed)  # noqa: S311  (not for secrets)
    seen: Counter[str] = Counter()
    for _ in range(100):
        tree = tree_of(random)
        some = [patch for number in range(6) if (patch := patch_of(random, f"p{number}", tree))]
        fuzz = random.choice((2, 2, 2, 0, 3))
        comparison = Comparison(base="base", tree=tree, patches=some, fuzz=fuzz)
        good = [standing for standing in comparison.standings if standing.ok]
        for at, one in enumerate(good):
            for other in good[at + 1 :]:
                found = known(one, other)
                quick = thriftily(found, one, other, comparison.policy)
                plain = plainly(one, other, comparison.policy)
                assert said(*quick) == said(*plain), (one.patch.data, other.patch.data, tree["main.c"].data)
                seen[
                    "applied"
                    if found is None or found.doubts
                    else "harmless"
                    if found.harmless
                    else "rejected"
                ] += 1
    # All three ways were gone, and often enough to mean something.
    assert min(seen["applied"], seen["harmless"], seen["rejected"]) >= 20, seen


def test_quick_and_plain_are_the_same_for_a_crowd() -> None:
    tree = Tree.read(shipped() / "bases/minispawn")
    some = [parse(name, body) for name, body in crowd(tree, 60, 7)]
    plain = compare_plainly(Comparison(base="base", tree=Tree(tree), patches=some))
    found = compare("base", tree, some)
    assert len(found.pairs) == 60 * 59
    assert len({one.outcome for one in found.pairs}) >= 4
    assert found == plain
