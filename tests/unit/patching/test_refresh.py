"""Refreshing: exact afterwards, the same tree, and nothing touched that was true already."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from builder.patching.apply import apply
from builder.patching.findings import HunkStatus
from builder.patching.parse import parse
from builder.patching.patch import Patch
from builder.patching.refresh import Refreshed, refresh
from builder.patching.write import write_diff
from builder.recipes.model import ApplyPolicy
from builder.sources.tree import File, Tree

STRICT = ApplyPolicy(max_offset=0)
FUZZY = ApplyPolicy(fuzz=2)

LINES = [b"line %d\n" % number for number in range(1, 41)]


def tree(lines: list[bytes], name: str = "f") -> Tree:
    return Tree({name: File(b"".join(lines))})


def changed(lines: list[bytes], *numbers: int) -> list[bytes]:
    """The lines with those of these numbers changed."""
    return [b"changed\n" if number in numbers else line for number, line in enumerate(lines, 1)]


def done(patch: Patch, before: Tree, policy: ApplyPolicy = FUZZY) -> Refreshed:
    result = refresh(patch, before, policy)
    assert result is not None
    return result


def test_offsets_change_only_the_numbers() -> None:
    diff = b"why: because.\n\n" + write_diff(tree(LINES), tree(changed(LINES, 10, 30))) + b"-- \nfooter\n"
    result = done(parse("p", diff), tree([b"first\n", b"second\n", *LINES]))
    expected = diff.replace(b"@@ -7,7 +7,7 @@", b"@@ -9,7 +9,7 @@")
    expected = expected.replace(b"@@ -27,7 +27,7 @@", b"@@ -29,7 +29,7 @@")
    assert result.data == expected
    assert [(path, hunk.offset) for path, hunk in result.moved] == [("f", 2), ("f", 2)]


def test_fuzz_changes_only_the_context_that_differs() -> None:
    diff = write_diff(tree(LINES), tree(changed(LINES, 10)))
    result = done(parse("p", diff), tree(changed(LINES, 7)))
    assert result.data == diff.replace(b" line 7\n", b" changed\n")


def test_what_is_exact_stays_as_it_is() -> None:
    diff = write_diff(tree(LINES), tree(changed(LINES, 10)))
    assert done(parse("p", diff), tree(LINES), STRICT) == Refreshed(diff, ())


def test_names_sections_and_the_form_of_counts_are_kept() -> None:
    head = b"Index: old/f\n====\n--- old/f\t2001-01-01 00:00\n+++ new/f\t2001-01-01 00:01\n"
    diff = head + b"@@ -3,1 +3,1 @@ a section of mine\n-line 3\n+other\n@@ -9 +9 @@\n-line 9\n+other\n"
    result = done(parse("p", diff), tree([b"first\n", *LINES]))
    assert result.data == diff.replace(b"-3,1 +3,1", b"-4,1 +4,1").replace(b"-9 +9", b"-10 +10")


def test_short_context_stays_short() -> None:
    diff = b"--- a/f\n+++ b/f\n@@ -9,3 +9,3 @@\n line 9\n-line 10\n+x\n line 11\n"
    result = done(parse("p", diff), tree([b"first\n", *LINES]))
    assert result.data == diff.replace(b"-9,3 +9,3", b"-10,3 +10,3")


def test_a_hunk_that_no_longer_is_at_the_end_gets_the_context_that_says_so() -> None:
    diff = b"--- a/f\n+++ b/f\n@@ -38,3 +38,4 @@\n line 38\n line 39\n line 40\n+end\n"
    before = tree([*LINES, b"more\n", b"and more\n"])
    result = done(parse("p", diff), before, ApplyPolicy(fuzz=3))
    assert b"@@ -38,5 +38,6 @@\n line 38\n line 39\n line 40\n+end\n more\n and more\n" in result.data


def test_hunks_whose_contexts_now_overlap_become_one() -> None:
    diff = write_diff(tree(LINES), tree(changed(LINES, 10, 20)))
    closer = tree(LINES[:12] + LINES[16:])
    result = done(parse("p", diff), closer, FUZZY)
    assert result.data.count(b"@@ -") == 1
    assert apply(closer, [parse("p", result.data)], STRICT).patches[0].status == HunkStatus.CLEAN


def test_a_file_that_comes_twice_is_followed() -> None:
    middle = changed(LINES, 5)
    both = write_diff(tree(LINES), tree(middle)) + write_diff(tree(middle), tree(changed(middle, 30)))
    result = done(parse("p", both), tree([b"first\n", *LINES]))
    assert apply(tree([b"first\n", *LINES]), [parse("p", result.data)], STRICT).ok


def test_crlf_of_the_patch_file_is_kept() -> None:
    diff = write_diff(tree(LINES), tree(changed(LINES, 10))).replace(b"\n", b"\r\n")
    result = done(parse("p", diff), tree(changed(LINES, 7)))
    assert result.data == diff.replace(b" line 7\r\n", b" changed\r\n")


def test_a_context_diff_becomes_a_unified_one_with_its_prose() -> None:
    diff = (
        b"Some prose.\n\n*** old/f\n--- new/f\n***************\n*** 9,11 ****\n  line 9\n! line 10\n  line 11\n"
        b"--- 9,11 ----\n  line 9\n! x\n  line 11\n"
    )
    result = done(parse("p", diff), tree([b"first\n", *LINES]))
    assert result.data == (
        b"Some prose.\n\n--- old/f\n+++ new/f\n@@ -10,3 +10,3 @@\n line 9\n-line 10\n+x\n line 11\n"
    )


def test_what_does_not_apply_is_not_refreshed() -> None:
    diff = write_diff(tree(LINES), tree(changed(LINES, 10)))
    assert refresh(parse("p", diff), tree([b"nothing alike\n"]), FUZZY) is None


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=4, unique=True),
    st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=5),
)
def test_whatever_applies_is_exact_afterwards(numbers: list[int], edits: list[tuple[int, bool]]) -> None:
    patch = parse("p", write_diff(tree(LINES), tree(changed(LINES, *numbers))))
    lines = list(LINES)
    for at, insert in edits:
        lines[at : at if insert else at + 1] = [b"edited %d\n" % at]
    before = tree(lines)
    applied = apply(before, [patch], FUZZY)
    result = refresh(patch, before, FUZZY)
    if not applied.ok:
        assert result is None
        return
    assert result is not None
    again = apply(before, [parse("p", result.data)], STRICT)
    assert again.tree == applied.tree
    assert again.patches[0].status == HunkStatus.CLEAN
    assert done(parse("p", result.data), before, STRICT) == Refreshed(result.data, ())
