"""Orders of patches that are made to depend on each other: chains, alternatives, circles, rules of their patch.toml."""

from __future__ import annotations

from collections.abc import Mapping

from builder.conflicts.graph import EdgeKind, graph_of_order
from builder.conflicts.ground import Ground
from builder.conflicts.order import find_order
from builder.conflicts.ordered import Before, Ordered, Rule
from builder.patching.apply import apply
from builder.patching.parse import parse
from builder.patching.patch import Patch
from builder.patching.write import hunks, render
from builder.recipes.model import ApplyPolicy, PatchSpec
from builder.sources.tree import File, Tree

LINES = [b"line %d\n" % number for number in range(1, 401)]
BASE = Tree({"text": File(b"".join(LINES))})


def made(name: str, *edits: tuple[int, int, list[str]], on: Tree = BASE, context: int = 3) -> Patch:
    """A patch of the file `text`: at a line's number so many lines go and these come."""
    old = on["text"].data.splitlines(keepends=True)
    new = list(old)
    for at, removed, added in sorted(edits, reverse=True):
        new[at - 1 : at - 1 + removed] = [b"%s\n" % line.encode() for line in added]
    body = b"".join(render(hunk) for hunk in hunks(old, new, context=context))
    return parse(name, b"--- a/text\n+++ b/text\n" + body)


def after(*patches: Patch) -> Tree:
    applied = apply(BASE, patches)
    assert applied.ok
    return applied.tree


def spec(
    name: str, *, requires: tuple[str, ...] = (), after: tuple[str, ...] = (), excludes: tuple[str, ...] = ()
) -> PatchSpec:
    return PatchSpec(
        name=name,
        summary="",
        license="0BSD",
        variants={"base": "base.patch"},
        requires=requires,
        after=after,
        excludes=excludes,
    )


def ordered(*patches: Patch, specs: Mapping[str, PatchSpec] | None = None, fuzz: int = 0) -> Ordered:
    """The order, which is proved to apply."""
    found = find_order("base", BASE, patches, specs=specs, policy=ApplyPolicy(fuzz=fuzz))
    by_name = {patch.name: patch for patch in patches}
    assert apply(BASE, [by_name[name] for name in found.order], ApplyPolicy(fuzz=fuzz)).ok
    assert sorted((*found.order, *found.left_out)) == sorted(by_name)
    return found


def circle(names: str, at: int) -> list[Patch]:
    """Patches of which each must come before the next one, and the last before the first."""
    wide: dict[str, list[tuple[int, int, list[str]]]] = {name: [] for name in names}
    for number, name in enumerate(names):
        following = names[(number + 1) % len(names)]
        place = at + 20 * number
        # The first adds a line, with three lines of context behind it. The third of these the second one changes, with
        # one line of context: so it does not see what was added, but the other way round the context is another one.
        wide[name].append((place, 0, [f"{name} before {following}"]))
        wide[following].append((place + 2, 1, [f"{following} after {name}"]))
    patches = []
    for name in names:
        body = b"".join(
            render(hunk)
            for edit in sorted(wide[name])
            for hunk in hunks(LINES, _edited(edit), context=3 if not edit[1] else 1)
        )
        patches.append(parse(name, b"--- a/text\n+++ b/text\n" + body))
    return patches


def _edited(edit: tuple[int, int, list[str]]) -> list[bytes]:
    at, removed, added = edit
    new = list(LINES)
    new[at - 1 : at - 1 + removed] = [b"%s\n" % line.encode() for line in added]
    return new


def test_an_order_that_applies_is_kept_as_it_was_given() -> None:
    found = ordered(made("b", (50, 0, ["b"])), made("a", (10, 0, ["a"])))
    assert found.order == ("b", "a")
    assert found.statuses == ("clean", "clean")
    assert found.ok
    assert not found.needed
    assert not found.rules


def test_a_prerequisite_that_nobody_wrote_down_is_found_and_comes_first() -> None:
    tls = made("tls", (10, 0, ["tls"]))
    force = made("force-tls", (10, 1, ["forced tls"]), on=after(tls))
    found = ordered(force, made("other", (100, 0, ["other"])), tls)
    assert found.order == ("other", "tls", "force-tls")
    assert [(needed.patch, needed.before) for needed in found.needed] == [("force-tls", ("tls",))]
    assert found.alone["force-tls"] == "rejected"


def test_a_prerequisite_is_only_what_is_needed() -> None:
    early = made("early", (100, 0, ["early"]))
    tls = made("tls", (102, 1, ["tls"]), context=1)
    force = made("force-tls", (102, 1, ["forced tls"]), on=after(tls), context=1)
    found = ordered(early, tls, force)
    assert found.order == ("early", "tls", "force-tls")
    assert [(needed.patch, needed.before) for needed in found.needed] == [("force-tls", ("tls",))]


def test_a_chain_is_said_link_by_link() -> None:
    one = made("one", (10, 0, ["one"]))
    two = made("two", (10, 1, ["two"]), on=after(one))
    three = made("three", (10, 1, ["three"]), on=after(one, two))
    found = ordered(three, two, one)
    assert found.order == ("one", "two", "three")
    assert {needed.patch: needed.before for needed in found.needed} == {"two": ("one",), "three": ("two",)}


def test_a_patch_may_need_two_at_once() -> None:
    left, right = made("left", (10, 0, ["left"])), made("right", (12, 0, ["right"]), context=1)
    both = made("both", (11, 1, ["both"]), on=after(left, right))
    found = ordered(both, right, left)
    assert found.ok
    assert [(needed.patch, set(needed.before)) for needed in found.needed] == [("both", {"left", "right"})]


def test_alternatives_are_each_said() -> None:
    first, other = made("first", (10, 0, ["same"])), made("other", (10, 0, ["same"]))
    user = made("user", (10, 1, ["used"]), on=after(first))
    found = ordered(first, other, user)
    assert found.left_out == ("other",)
    assert [needed.before for needed in found.needed] == [("first",), ("other",)]


def test_two_that_go_together_in_one_order_only_get_it_and_are_named() -> None:
    first = made("first", (100, 0, ["first"]))
    second = made("second", (102, 1, ["second"]), context=1)
    found = ordered(second, first)
    assert found.order == ("first", "second")
    assert [(rule.first, rule.second, rule.rule) for rule in found.rules] == [("first", "second", Rule.ORDER)]


def test_a_circle_is_a_core_of_all_its_patches() -> None:
    found = ordered(*circle("abc", 100))
    assert found.left_out == ("c",)
    (core,) = found.cores
    assert core.patches == ("a", "b", "c")
    assert {(rule.first, rule.second) for rule in found.rules} == {("a", "b"), ("b", "c"), ("c", "a")}
    assert [(failure.patch, failure.path) for failure in core.failures] == [("c", "text")]


def test_a_core_has_nobody_who_only_stands_by() -> None:
    beside = made("beside", (98, 1, ["beside"]), context=1)
    found = ordered(*circle("abc", 100), beside)
    assert [core.patches for core in found.cores] == [("a", "b", "c")]
    assert Before(first="a", second="beside", rule=Rule.ORDER) in found.rules


def test_what_is_put_behind_the_end_of_a_file_is_in_the_way_of_a_hunk_that_knows_the_end() -> None:
    last = made("last", (398, 1, ["last"]))
    behind = made("behind", (401, 0, ["behind"]), context=1)
    assert list(Ground(BASE, [behind, last], ApplyPolicy()).ties((0,), [0, 1])) == [(0, 1)]
    assert ordered(behind, last).order == ("last", "behind")


def test_a_patch_that_applies_nowhere_is_a_core_by_itself() -> None:
    lost = parse("lost", b"--- a/text\n+++ b/text\n@@ -1,1 +1,1 @@\n-nowhere\n+there\n")
    found = ordered(lost, made("a", (10, 0, ["a"])))
    assert [core.patches for core in found.cores] == [("lost",)]
    assert found.order == ("a",)


def test_fuzz_is_only_used_if_it_is_allowed() -> None:
    one, two = made("one", (100, 1, ["one"])), made("two", (103, 1, ["two"]))
    assert len(ordered(one, two).order) == 1
    fuzzy = ordered(one, two, fuzz=2)
    assert fuzzy.ok
    assert fuzzy.statuses == ("clean", "fuzz")


def test_patch_toml_is_obeyed_and_named() -> None:
    a, b, c, d = (made(name, (20 * number + 10, 0, [name])) for number, name in enumerate("abcd"))
    specs = {
        "a": spec("a", requires=("b",)),
        "b": spec("b", after=("c",)),
        "c": spec("c", excludes=("d",)),
    }
    found = ordered(a, b, c, d, specs=specs)
    assert found.order == ("c", "b", "a")
    assert found.left_out == ("d",)
    assert [(core.patches, core.excluded) for core in found.cores] == [(("c", "d"), True)]
    rules = {(rule.first, rule.second): rule.rule for rule in found.rules}
    assert rules == {("b", "a"): Rule.REQUIRES, ("c", "b"): Rule.AFTER}


def test_a_hunk_that_goes_astray_is_noticed_and_the_order_applies_all_the_same() -> None:
    twins = Tree({"text": File(b"x\ny\nx\ny\nz\nx\ny\nx\ny\nz\nx\n")})
    one = made("one", (1, 1, ["one"]), (3, 0, ["1"]), on=twins, context=1)
    two = made("two", (6, 0, ["two"]), on=twins, context=1)
    three = made("three", (8, 1, ["three"]), on=twins, context=0)
    patches = {patch.name: patch for patch in (three, two, one)}
    found = find_order("twins", twins, tuple(patches.values()))
    assert apply(twins, [patches[name] for name in found.order]).ok
    assert found.order


def crowd() -> list[Patch]:
    """34 patches, given in the worst order: a chain, what builds on one, a circle, rivals, and singles."""
    chain: list[Patch] = []
    for number in range(10):
        chain.append(made(f"chain-{number}", (10, min(number, 1), [f"link {number}"]), on=after(*chain)))
    hub = made("hub", (100, 0, [f"socket {number}" for number in range(80)]))
    fan = [made(f"fan-{n}", (103 + 8 * n, 1, [f"plug {n}"]), on=after(hub)) for n in range(10)]
    rivals = [made(f"rival-{n}", (150, 1, [f"rival {n}"])) for n in range(4)]
    singles = [made(f"single-{n}", (300 + 10 * n, 0, [f"single {n}"])) for n in range(6)]
    return [*reversed(chain), *fan, *circle("abc", 200), *rivals, *singles, hub]


def test_34_patches_are_ordered_and_what_cannot_go_together_is_the_circle_and_the_rivals() -> None:
    patches = crowd()
    assert len(patches) == 34
    found = ordered(*patches)
    assert found.complete
    assert set(found.left_out) == {"c", "rival-1", "rival-2", "rival-3"}
    pairs = {(f"rival-{one}", f"rival-{other}") for one in range(4) for other in range(one + 1, 4)}
    assert {core.patches for core in found.cores} == {*pairs, ("a", "b", "c")}
    needed = {one.patch: one.before for one in found.needed}
    assert needed == {
        **{f"chain-{n}": (f"chain-{n - 1}",) for n in range(1, 10)},
        **{f"fan-{n}": ("hub",) for n in range(10)},
    }


def test_the_graph_has_what_was_found() -> None:
    tls = made("tls", (10, 0, ["tls"]))
    force = made("force-tls", (10, 1, ["forced tls"]), on=after(tls))
    rival = made("rival", (10, 0, ["rival"]))
    graph = graph_of_order(ordered(tls, force, rival))
    assert {node.name: node.alone for node in graph.nodes} == {
        "tls": "clean",
        "force-tls": "rejected",
        "rival": "clean",
    }
    edges = {(edge.first, edge.second): edge.kind for edge in graph.edges}
    assert edges[("tls", "force-tls")] == EdgeKind.FOUND
    assert edges[("tls", "rival")] == EdgeKind.CONFLICTS
