"""Going through a series: which patches a merge has together, and what of it is written down."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest

from builder.fixups.fixup import Ingredient
from builder.patching.applied import Applied
from builder.patching.apply import apply
from builder.patching.parse import parse
from builder.patching.write import write_diff
from builder.recipes.model import ApplyPolicy
from builder.resolving.series import Resolver
from builder.resolving.values import Judged, Member, State, Step
from builder.sources.tree import File, Tree

LINES = [f"line {number};" for number in range(1, 41)]
STRICT = ApplyPolicy()


def tree(*changes: tuple[str, str], lines: Sequence[str] = LINES) -> Tree:
    """A tree of one file; each change puts a text in the place of a line."""
    text = "\n".join(dict(changes).get(line, line) for line in lines) + "\n"
    return Tree({"x.txt": File(text.encode())})


def member(name: str, before: Tree, after: Tree, *requires: str) -> Member:
    data = write_diff(before, after)
    return Member(
        patch=parse(name, data),
        ingredient=Ingredient(name, hashlib.sha256(data).hexdigest()),
        requires=requires,
    )


def added(name: str, after: str, before: Tree | None = None) -> Member:
    """A patch that puts a line with its name below another line."""
    base = before or tree()
    text = base["x.txt"].data.decode().replace(f"{after}\n", f"{after}\n{name};\n")
    return member(name, base, Tree({"x.txt": File(text.encode())}))


def resolved(*members: Member, resolver: Resolver | None = None) -> tuple[list[Step], str]:
    """The steps, and the file after all of them."""
    resolver = resolver or Resolver(base="base", tree=tree(), policy=STRICT)
    steps = list(resolver.resolve(members))
    done = apply(resolver.tree, [one.patch for one in resolver.used], resolver.policy)
    assert done.ok
    return steps, done.tree["x.txt"].data.decode()


def after(step: Step) -> list[str]:
    assert step.fixup is not None
    return [one.name for one in step.fixup.after]


def test_only_the_patches_in_dispute_are_in_the_merge() -> None:
    steps, text = resolved(
        added("far", "line 35;"), added("one", "line 9;"), added("near", "line 20;"), added("two", "line 9;")
    )
    assert [step.state for step in steps] == [State.APPLIES] * 3 + [State.RESOLVED]
    assert after(steps[3]) == ["one"]
    assert "line 9;\none;\ntwo;\nline 10;" in text
    assert "near;" in text
    assert "far;" in text


def test_two_at_different_places_are_both_in_the_merge() -> None:
    both = tree(("line 9;", "line 9;\nboth;"), ("line 30;", "line 30;\nboth;"))
    steps, text = resolved(
        added("one", "line 9;"),
        added("other", "line 20;"),
        added("two", "line 30;"),
        member("both", tree(), both),
    )
    assert after(steps[3]) == ["one", "two"]
    assert text.count("both;") == 2


def test_what_a_patch_requires_is_in_the_base_of_the_merge() -> None:
    tls = tree(("line 9;", "line 9;\nhandshake;"))
    force = Tree({"x.txt": File(tls["x.txt"].data.replace(b"handshake;\n", b"handshake;\nforced;\n"))})
    steps, text = resolved(
        member("tls", tree(), tls), added("auth", "handshake;", tls), member("force", tls, force, "tls")
    )
    assert [step.state for step in steps] == [State.APPLIES, State.APPLIES, State.RESOLVED]
    fixup = steps[2].fixup
    assert fixup is not None
    assert ([one.name for one in fixup.needs], after(steps[2])) == (["tls"], ["auth"])
    assert "handshake;\nauth;\nforced;\n" in text


def test_a_prerequisite_that_nobody_names_is_found() -> None:
    tls = tree(("line 9;", "line 9;\nhandshake;"))
    force = Tree({"x.txt": File(tls["x.txt"].data.replace(b"handshake;\n", b"handshake;\nforced;\n"))})
    steps, text = resolved(
        member("tls", tree(), tls), added("auth", "handshake;", tls), member("force", tls, force)
    )
    assert steps[2].fixup is not None
    assert [one.name for one in steps[2].fixup.needs] == ["tls"]
    assert "handshake;\nauth;\nforced;\n" in text


def test_what_requires_a_patch_in_dispute_is_left_out_and_the_rest_goes_on() -> None:
    large, huge = tree(("line 9;", "large;")), tree(("line 9;", "huge;"))
    steps, text = resolved(
        member("large", tree(), large),
        member("huge", tree(), huge),
        member("needy", huge, tree(("line 9;", "huge;"), ("line 20;", "needy;")), "huge"),
        added("one", "line 30;"),
        added("two", "line 30;"),
    )
    assert [step.state for step in steps] == [
        State.APPLIES,
        State.CONFLICT,
        State.SKIPPED,
        State.APPLIES,
        State.RESOLVED,
    ]
    assert "large;" in text
    assert "huge;" not in text
    assert "one;\ntwo;" in text


def test_a_later_fix_up_is_made_with_the_earlier_one() -> None:
    steps, text = resolved(added("one", "line 9;"), added("two", "line 9;"), added("three", "line 9;"))
    assert after(steps[1]) == ["one"]
    assert after(steps[2]) == ["one", "two"]
    assert "one;\ntwo;\nthree;\nline 10;" in text
    assert steps[2].fixup is not None
    assert steps[1].fixup is not None
    assert steps[2].fixup.after[1].sha256 != steps[1].member.ingredient.sha256


def test_a_verdict_against_it_keeps_a_fix_up_from_being_written() -> None:
    resolver = Resolver(
        base="base", tree=tree(), policy=STRICT, judge=lambda *_: Judged(error="It does not compile.")
    )
    steps, text = resolved(added("one", "line 9;"), added("two", "line 9;"), resolver=resolver)
    assert (steps[1].state, steps[1].fixup, steps[1].error) == (State.SEMANTIC, None, "It does not compile.")
    assert "two;" not in text


def test_what_applies_but_does_not_work_with_the_others_is_found_and_can_be_settled() -> None:
    def judge(series: Applied, _before: Applied, _alone: Applied) -> Judged:
        data = series.tree["x.txt"].data
        return Judged(error="Both at once." if b"one;" in data and b"far;" in data else "")

    resolver = Resolver(base="base", tree=tree(), policy=STRICT, judge=judge)
    steps, _ = resolved(added("one", "line 9;"), added("far", "line 35;"), resolver=resolver)
    assert [step.state for step in steps] == [State.APPLIES, State.SEMANTIC]
    edited = tree(("line 9;", "line 9;\none;"), ("line 35;", "line 35;\ndistant;"))
    resolver = Resolver(base="base", tree=tree(), policy=STRICT, judge=judge, edited=edited)
    steps, text = resolved(added("one", "line 9;"), added("far", "line 35;"), resolver=resolver)
    assert steps[1].state is State.RESOLVED
    assert after(steps[1]) == ["one"]
    assert steps[1].fixup is not None
    assert steps[1].fixup.by_hand
    assert "distant;" in text


@pytest.mark.parametrize("fuzz", [0, 2])
def test_what_is_strict_and_what_is_not_says_the_policy(fuzz: int) -> None:
    """With fuzz the second applies by itself, and there is nothing to resolve."""
    first, second = added("one", "line 9;"), added("two", "line 11;")
    resolver = Resolver(base="base", tree=tree(), policy=ApplyPolicy(fuzz=fuzz))
    steps, text = resolved(first, second, resolver=resolver)
    assert steps[1].state is (State.APPLIES if fuzz else State.RESOLVED)
    assert "line 9;\none;\nline 10;\nline 11;\ntwo;\n" in text
