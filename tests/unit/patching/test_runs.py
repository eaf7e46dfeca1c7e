"""Every line of a file is known to be a line of the base or of a patch, whatever patches did to it."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from builder.agreement.diffs import Diff, Edit, edited
from builder.patching.apply import apply
from builder.patching.parse import parse
from builder.patching.runs import NOWHERE, Run, nested_as_before
from builder.recipes.model import ApplyPolicy
from builder.sources.tree import File, Tree

WORDS = st.sampled_from([b"a\n", b"b\n", b"c\n", b"{\n", b"}\n"])


@st.composite
def edits(draw: st.DrawFn, length: int) -> list[Edit]:
    found: list[Edit] = []
    at = 0
    while at <= length and draw(st.booleans()):
        at = draw(st.integers(at, length))
        removed = draw(st.integers(0, min(2, length - at)))
        found.append(Edit(at, removed, tuple(draw(st.lists(WORDS, min_size=not removed, max_size=2)))))
        at += removed + 1
    return found


@given(data=st.data(), ended=st.booleans())
def test_runs_are_all_lines_and_those_of_the_base_are_its_own(data: st.DataObject, ended: bool) -> None:
    base = data.draw(st.lists(WORDS, min_size=1, max_size=12))
    if not ended:
        base[-1] = base[-1].rstrip()
    patches = []
    for number in range(3):
        made = data.draw(edits(len(base)))
        if edited(base, made) != base:
            patches.append(parse(f"p{number}", Diff.with_context("a.c", base, made).render(), strip=1))
    applied = apply(Tree({"a.c": File(b"".join(base))}), patches, ApplyPolicy(fuzz=2))
    for owned in applied.owned.values():
        ends = [run.at for run in owned.runs[1:]] + [len(owned.lines)]
        assert [run.at for run in owned.runs[:1]] in ([], [0])
        assert all(first.at <= second.at for first, second in pairwise(owned.runs))
        for run, end in zip(owned.runs, ends, strict=False):
            assert owned.owners[run.at : end] == (run.owner,) * (end - run.at)
            if run.base != NOWHERE:
                assert owned.lines[run.at : end] == tuple(base[run.base : run.base + end - run.at])


def test_a_line_that_got_its_line_end_is_not_the_base_s_own() -> None:
    patch = parse("p", b"--- a/a.c\n+++ b/a.c\n@@ -1,2 +1,3 @@\n a\n b\n\\ No newline at end of file\n+c\n")
    owned = apply(Tree({"a.c": File(b"a\nb")}), [patch]).owned["a.c"]
    assert owned.lines == (b"a\n", b"b\n", b"c\n")
    assert [(run.at, run.base) for run in owned.runs] == [(0, 0), (1, NOWHERE), (2, NOWHERE)]


def test_braces_that_come_and_go() -> None:
    base = [b"f\n", b"{\n", b"a\n", b"b\n", b"c\n", b"}\n"]
    runs = (Run(0, None, 0), Run(2, None, NOWHERE), Run(4, None, 2), Run(5, None, NOWHERE), Run(6, None, 3))
    pair = [*base[:2], b"x\n", b"if {\n", base[2], b"}\n", *base[3:]]
    assert nested_as_before(pair, runs, base) == {0, 6}
    closed = [*base[:2], b"}\n", b"g {\n", base[2], b"y\n", *base[3:]]
    assert nested_as_before(closed, runs, base) == {0}
    whole = [*base[:2], b"x\n", b"if { y }\n", base[2], b"z\n", *base[3:]]
    assert nested_as_before(whole, runs, base) == {0, 4, 6}
