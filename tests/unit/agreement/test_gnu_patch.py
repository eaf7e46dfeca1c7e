"""The engine against GNU patch 2.7.6 itself: a short run of `invoke fuzz`, and Hypothesis for small counterexamples."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.agreement.cases import Case
from builder.agreement.compare import Tally, compare, compare_many
from builder.agreement.diffs import Diff, Edit, edited
from builder.agreement.gnu import GnuPatch
from builder.errors import BackendError

WORDS = st.sampled_from([b"{\n", b"}\n", b"\n", b"int i;\n", b"f();\n"])


def require_gnu_patch() -> None:
    try:
        GnuPatch(fuzz=0)
    except BackendError as error:
        pytest.skip(error.what)


def test_thousands_of_cases_agree() -> None:
    require_gnu_patch()
    *_, tally = compare_many(4000, seed=20071130)
    assert tally.cases == 4000
    assert [disagreement.what for disagreement in tally.disagreements] == []
    # The cases are of use only if they are of all kinds.
    assert min(tally.outcomes[kind] for kind in ("clean", "offset", "fuzz", "rejected", "no-target")) > 100


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_small_cases_agree(data: st.DataObject) -> None:
    require_gnu_patch()
    old = data.draw(st.lists(WORDS, max_size=14), "old")
    edits: list[Edit] = []
    at = 0
    for _ in range(data.draw(st.integers(1, 3), "edits")):
        at += data.draw(st.integers(0, 6), "distance")
        if at <= len(old):
            removed = data.draw(st.integers(0, min(2, len(old) - at)), "removed")
            added = tuple(data.draw(st.lists(WORDS, min_size=0 if removed else 1, max_size=2), "added"))
            edits.append(Edit(at, removed, added))
            at += removed + 1
    diff = Diff.with_context("f000.txt", old, edits or [Edit(0, 0, (b"f();\n",))])
    if data.draw(st.booleans(), "misordered"):
        diff.hunks.reverse()
    target = edited(old, [Edit(0, 0, tuple(data.draw(st.lists(WORDS, max_size=3), "before")))])
    place = data.draw(st.integers(0, len(target)), "place")
    target[place : place + data.draw(st.integers(0, 2))] = data.draw(st.lists(WORDS, max_size=2), "instead")
    case = Case(path="f000.txt", data=b"".join(target), patches=(diff.render(),))
    fuzz = data.draw(st.integers(0, 3), "fuzz")
    tally = Tally()
    compare([case], GnuPatch(fuzz=fuzz), tally, fuzz=fuzz, reverse=False)
    assert [disagreement.what for disagreement in tally.disagreements] == []


def test_a_disagreement_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison compares: told of another case's result it must not be content."""
    require_gnu_patch()
    head = b"--- a/f000.txt\n+++ b/f000.txt\n@@ -1,2 +1,2 @@\n a\n"
    ours, other = (
        Case(path="f000.txt", data=b"a\nb\n", patches=(head + lines,)) for lines in (b"-b\n+c\n", b"-x\n+c\n")
    )
    gnu = GnuPatch(fuzz=0)
    expected = gnu.results([other])
    monkeypatch.setattr(gnu, "results", lambda _: expected)
    tally = Tally()
    compare([ours], gnu, tally, fuzz=0, reverse=False)
    (disagreement,) = tally.disagreements
    assert "exit 1, ours: clean" in disagreement.what
    assert "the file" in disagreement.what


def test_a_hunk_found_before_the_first_line_sets_the_later_ones_off() -> None:
    """Found by the long run: GNU patch finds the second hunk at line 0, then at -15, and goes on from there."""
    require_gnu_patch()
    kept = "}}}{{{}}{}{{}{{{}}{{}{}}}{}}}}}{{{{{}}"
    data = "".join(f"{character}\n" for character in kept).encode()
    patch = (
        b"--- a/f000.txt\n+++ b/f000.txt\n@@ -11,6 +13,6 @@\n other {\n {\n-}\n-{\n+{\n+}\n {\n {\n"
        b"@@ -6,4 +6,6 @@\n {\n }\n+new 1\n+}\n }\n other {\n@@ -28,5 +30,5 @@\n other }\n }\n-}\n+new 6\n }\n {\n"
    )
    tally = Tally()
    case = Case(path="f000.txt", data=data, patches=(patch,))
    compare([case], GnuPatch(fuzz=3), tally, fuzz=3, reverse=False)
    assert [disagreement.what for disagreement in tally.disagreements] == []
