"""Against brute force: of up to six patches every order is tried, and the search must know what that finds out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from hypothesis import event, given, settings
from hypothesis import strategies as st

from builder.conflicts.order import find_order
from builder.conflicts.ordered import Ordered
from builder.patching.apply import apply
from builder.patching.parse import parse
from builder.patching.patch import Patch
from builder.patching.write import write_diff
from builder.sources.tree import File, Tree

WORDS = [b"one", b"two", b"three", b"four", b"five", b"six", b"seven", b"eight", b"nine", b"ten"]
BASE = [b"%s of the base\n" % word for word in WORDS]
Text = tuple[bytes, ...]


@st.composite
def edited(draw: st.DrawFn, text: Text, mark: bytes) -> Text:
    """A text with one change or two: lines in, out, or made others."""
    lines = list(text)
    for number in range(draw(st.integers(1, 2))):
        at = draw(st.integers(0, len(lines)))
        added = [b"%s %d\n" % (mark, number)] * draw(st.integers(0, 1))
        removed = draw(st.integers(0 if added else 1, 2))
        lines[at : at + removed] = added
    return tuple(lines)


@st.composite
def histories(draw: st.DrawFn, base: Sequence[bytes] = BASE) -> tuple[Tree, list[Patch]]:
    """A base and patches, each made on the base or on what an earlier one made of it, in any order."""
    files = ["a", "b"][: draw(st.integers(1, 2))]
    start = Tree({path: File(b"".join(base)) for path in files})
    trees: list[Tree] = [start]
    patches: list[Patch] = []
    for number in range(draw(st.integers(1, 6))):
        before = draw(st.sampled_from(trees))
        changes = {}
        for path in draw(st.lists(st.sampled_from(files), min_size=1, max_size=2, unique=True)):
            text = tuple(before[path].data.splitlines(keepends=True)) if path in before else ()
            made = b"".join(draw(edited(text, b"made by p%d" % number)))
            changes[path] = File(made) if made else None
        after = before.changed(changes)
        diff = write_diff(before, after)
        if diff:
            patches.append(parse(f"p{number}", diff))
            trees.append(after)
    return start, draw(st.permutations(patches))


def orders(tree: Tree, patches: Sequence[Patch], begun: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    """Every order of every set of the patches in which all of them apply."""
    yield begun
    for number in range(len(patches)):
        if number not in begun:
            order = (*begun, number)
            if apply(tree, [patches[one] for one in order]).ok:
                yield from orders(tree, patches, order)


def numbers(patches: Sequence[Patch], names: Sequence[str]) -> tuple[int, ...]:
    by_name = {patch.name: number for number, patch in enumerate(patches)}
    return tuple(by_name[name] for name in names)


@settings(max_examples=150, deadline=None)
@given(history=histories())
def test_the_search_finds_what_trying_every_order_finds(history: tuple[Tree, list[Patch]]) -> None:
    tree, patches = history
    known = list(orders(tree, patches))
    sets = {frozenset(order) for order in known}
    ordered = find_order("made-up", tree, patches)
    event(f"{len(ordered.order)} of {len(patches)}")
    assert ordered.complete
    found = numbers(patches, ordered.order)
    most = max(map(len, known))
    best = min((order for order in known if len(order) == most), key=lambda order: (sorted(order), order))
    assert found == best
    cores = {frozenset(numbers(patches, core.patches)) for core in ordered.cores}
    for core in cores:
        assert not any(core <= together for together in sets)
        assert all(any(core - {one} <= together for together in sets) for one in core)
    small = {
        frozenset(few)
        for size in (1, 2)
        for few in combinations(range(len(patches)), size)
        if not any(set(few) <= together for together in sets)
    }
    assert {
        core for core in small if len(core) == 1 or not any(frozenset((one,)) in small for one in core)
    } <= cores
    assert_prerequisites(ordered, patches, set(known))


def assert_prerequisites(ordered: Ordered, patches: Sequence[Patch], known: set[tuple[int, ...]]) -> None:
    """Each found prerequisite is one; and every patch that needs one, and can have it, has one."""
    helped = set()
    for needed in ordered.needed:
        (patch,), before = numbers(patches, [needed.patch]), numbers(patches, needed.before)
        helped.add(patch)
        assert (patch,) not in known
        assert before
        assert any(patch in order and set(before) <= set(order[: order.index(patch)]) for order in known)
    assert helped == {one for order in known for one in order if (one,) not in known}


@settings(max_examples=100, deadline=None)
@given(history=histories(base=[b"x\n", b"y\n"] * 4 + [b"z\n", b"x\n"]))
def test_whatever_repeats_in_a_file_the_order_applies(history: tuple[Tree, list[Patch]]) -> None:
    tree, patches = history
    ordered = find_order("made-up", tree, patches)
    by_name = {patch.name: patch for patch in patches}
    assert apply(tree, [by_name[name] for name in ordered.order]).ok
    assert ordered.order or not any(apply(tree, [patch]).ok for patch in patches)
