"""The engine against GNU patch 2.7.6 itself: a short run of `invoke fuzz`, and Hypothesis for small counterexamples."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.agreement.case import Case, Difference
from builder.agreement.compare import Tally, compare, compare_many
from builder.agreement.diffs import Diff, Edit, edited
from builder.agreement.git_cases import git_case
from builder.agreement.git_differences import OF_GIT, rule_for
from builder.agreement.gnu import GnuPatch
from builder.errors import BackendError
from builder.patching.parse import parse
from builder.sources.tree import EXECUTABLE, File

WORDS = st.sampled_from([b"{\n", b"}\n", b"\n", b"int i;\n", b"f();\n"])


def case_of(data: bytes, patch: bytes) -> Case:
    return Case(name="f000.txt", files={"f000.txt": File(data)}, patches=(patch,))


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
    case = case_of(b"".join(target), diff.render())
    fuzz = data.draw(st.integers(0, 3), "fuzz")
    tally = Tally()
    compare([case], GnuPatch(fuzz=fuzz), tally, fuzz=fuzz, reverse=False)
    assert [disagreement.what for disagreement in tally.disagreements] == []


def test_a_disagreement_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison compares: told of another case's result it must not be content."""
    require_gnu_patch()
    head = b"--- a/f000.txt\n+++ b/f000.txt\n@@ -1,2 +1,2 @@\n a\n"
    ours, other = (case_of(b"a\nb\n", head + lines) for lines in (b"-b\n+c\n", b"-x\n+c\n"))
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
    compare([case_of(data, patch)], GnuPatch(fuzz=3), tally, fuzz=3, reverse=False)
    assert [disagreement.what for disagreement in tally.disagreements] == []


def git_tally(*cases: Case, fuzz: int = 0, reverse: bool = False) -> Tally:
    tally = Tally()
    compare(cases, GnuPatch(fuzz=fuzz, reverse=reverse), tally, fuzz=fuzz, reverse=reverse)
    return tally


@pytest.mark.parametrize("reverse", [False, True], ids=["forwards", "backwards"])
def test_hundreds_of_git_patches_agree(reverse: bool) -> None:
    """Names, modes and bytes, of renames, copies, new and deleted files."""
    require_gnu_patch()
    random = Random(19980615)  # noqa: S311 - the same cases again, not secrets
    tally = git_tally(*(git_case(random, f"g{number:03d}") for number in range(600)), reverse=reverse)
    assert [disagreement.what for disagreement in tally.disagreements] == []
    assert tally.outcomes["clean"] > 60
    assert set(tally.deliberate) - {"backwards"} <= set(OF_GIT)


def git_patch(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


MODED = git_patch(
    "diff --git a/g/run b/g/run", "index 1..2 100644", "--- a/g/run", "+++ b/g/run", "@@ -1 +1 @@", "-x", "+y"
)
MOVED = git_patch(
    *("diff --git a/g/a b/g/b", "similarity index 100%", "rename from g/a", "rename to g/b"),
    *("diff --git a/g/c b/g/c", "--- a/g/c", "+++ b/g/c", "@@ -1 +1 @@", "-x", "+y"),
)


def test_a_mode_on_the_index_line_changes_none() -> None:
    """Found by the comparison: it only says what the mode was when the patch was made."""
    require_gnu_patch()
    case = Case(name="g", files={"g/run": File(b"x\n", EXECUTABLE)}, patches=(MODED,), alone=True)
    tally = git_tally(case)
    assert (tally.outcomes["clean"], tally.disagreements, tally.deliberate) == (1, [], {})


def test_an_empty_file_that_is_to_be_emptied_is_not_renamed() -> None:
    """Found by the long run."""
    require_gnu_patch()
    patch = git_patch(
        *("diff --git a/g/a b/g/b", "similarity index 90%", "rename from g/a", "rename to g/b"),
        *("--- a/g/a", "+++ b/g/b", "@@ -0,0 +1 @@", "+x"),
    )
    tally = git_tally(Case(name="g", files={"g/b": File(b"")}, patches=(patch,), alone=True), reverse=True)
    assert (tally.outcomes["already-applied"], tally.disagreements, tally.deliberate) == (1, [], {})


@pytest.mark.parametrize(
    ("excused", "rule"), [("g/b", "name-taken"), ("g/c", None)], ids=["the renamed file", "another file"]
)
def test_a_rule_of_git_excuses_only_the_files_that_it_is_about(excused: str, rule: str | None) -> None:
    files = {path: File(b"x\n") for path in ("g/a", "g/b", "g/c")}
    case = Case(name="g", files=files, patches=(MOVED,), alone=True)
    found = [Difference("exit", "…"), Difference("data", "…", excused)]
    assert rule_for(case, [parse("p", MOVED, strip=1)], found, files, reverse=False) == rule


def test_taking_back_several_diffs_excuses_nothing_but_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the diffs the other way round GNU patch must come to what we come to; if not it is a disagreement."""
    require_gnu_patch()
    head = b"--- a/f000.txt\n+++ b/f000.txt\n"
    patch = head + b"@@ -1 +1 @@\n-a\n+b\n" + head + b"@@ -1 +1 @@\n-b\n+c\n"
    case = case_of(b"c\n", patch)
    assert git_tally(case, reverse=True).deliberate == {"backwards": 1}
    gnu = GnuPatch(fuzz=0, reverse=True)
    unturned = gnu.results([case])
    monkeypatch.setattr(gnu, "results", lambda _: unturned)
    tally = Tally()
    compare([case], gnu, tally, fuzz=0, reverse=True)
    assert len(tally.disagreements) == 1
    assert tally.deliberate == {}
