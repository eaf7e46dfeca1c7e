"""Whatever the patch: no line of a hunk is lost, the parts are its bytes, and only the documented errors come out."""

from __future__ import annotations

import difflib
import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from builder.errors import UsageError
from builder.patching.parse import PatchError, opinion, parse
from builder.patching.patch import Patch
from tests.unit.patching.corpus import cases

LINES = st.lists(
    st.binary(max_size=12).map(lambda line: line.replace(b"\n", b"") + b"\n")
    | st.sampled_from([b"\n", b"-- a\n", b"++ b\n", b"@@ -1 +1 @@\n", b"*** 1 ****\n", b"diff --git a b\n", b"x\r\n", b"\\ x\n", b"# x\n"]),
    max_size=25,
)  # fmt: skip
PROSE = st.sampled_from(
    [b"", b"Subject: x\n\n", b"--- cut here ---\n", b"see\n@@ -1 +1 @@\nthere\n", b"-- \nme\n"]
)
CORPUS = [case.data for case in cases() if len(case.data) < 10_000]


def unified(old: list[bytes], new: list[bytes], context: int, name: bytes = b"a.c") -> bytes:
    return b"".join(difflib.diff_bytes(difflib.unified_diff, old, new, b"a/" + name, b"b/" + name, n=context))


def texts(diff: bytes) -> list[bytes]:
    """The lines of the hunks of a diff that difflib wrote, without its heads."""
    return [line for line in diff.split(b"\n")[2:-1] if not line.startswith(b"@@ ")]


@settings(max_examples=300, deadline=None)
@given(old=LINES, new=LINES, context=st.integers(0, 4), prose=PROSE, end=PROSE)
def test_no_line_of_a_hunk_is_lost(
    old: list[bytes], new: list[bytes], context: int, prose: bytes, end: bytes
) -> None:
    diff = unified(old, new, context)
    if not diff:
        return
    try:
        patch = parse("p", prose + diff + end)
    except UsageError as error:
        # A removed "-- x" before an added "++ y" at the end of a hunk cannot be told from another file's names.
        assert "reach into the next file" in error.what or "@@ " in error.what  # noqa: PT017
        return
    lines = [line for file in patch.files for hunk in file.hunks for line in hunk.lines]
    written = texts(diff)
    assert [line.kind.encode() + line.text for line in lines] == [line + b"\n" for line in written]
    assert_whole(patch)


@settings(max_examples=100, deadline=None)
@given(old=LINES, new=LINES, context=st.integers(0, 4))
def test_a_hunk_that_is_as_its_counts_say_reads_as_line_by_line(
    old: list[bytes], new: list[bytes], context: int
) -> None:
    diff = unified(old, new, context)
    # A comment in it makes the parser look at each line of a hunk.
    commented = re.sub(rb"^(@@ .*\n)", rb"\1# comment\n", diff, flags=re.MULTILINE)
    assert read(diff) == read(commented)


def read(diff: bytes) -> list[tuple[object, ...]] | str:
    """What the hunks of a patch say, or the rule that it breaks."""
    try:
        hunks = [hunk for file in parse("p", diff).files for hunk in file.hunks]
    except PatchError as error:
        return error.rule
    return [(hunk.old_start, hunk.new_start, hunk.lines, hunk.old, hunk.new, hunk.edits) for hunk in hunks]


@settings(max_examples=100, deadline=None)
@given(old=LINES, new=LINES, context=st.integers(1, 4))
def test_a_context_diff_says_what_the_unified_one_says(
    old: list[bytes], new: list[bytes], context: int
) -> None:
    diff = b"".join(difflib.diff_bytes(difflib.context_diff, old, new, b"a/a.c", b"b/a.c", n=context))
    if not diff:
        return
    hunks = parse("p", diff).files[0].hunks
    expected = list(difflib.SequenceMatcher(None, old, new).get_grouped_opcodes(context))
    assert len(hunks) == len(expected)
    for hunk, group in zip(hunks, expected, strict=True):
        assert list(hunk.old) == old[group[0][1] : group[-1][2]]
        assert list(hunk.new) == new[group[0][3] : group[-1][4]]


@settings(max_examples=100, deadline=None)
@given(
    texts=st.lists(st.text("ab \n-+@", max_size=60), min_size=2, max_size=4),
    context=st.integers(1, 3),
)
def test_unidiff_counts_the_same(texts: list[str], context: int) -> None:
    versions = [[line + b"\n" for line in text.encode().split(b"\n")] for text in texts]
    diffs = [
        unified(old, new, context, b"%d.c" % number) for number, (old, new) in enumerate(pairwise(versions))
    ]
    data = b"".join(diffs)
    if b"\n--- " in data.removeprefix(b"--- ").replace(b"\n--- a/", b"") or not data:
        return
    patch = parse("p", data)
    theirs = opinion.unidiffs(patch)
    assert theirs is None or theirs == opinion.ours(patch)


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_damaged_patches_end_in_a_patch_or_a_usage_error(data: st.DataObject) -> None:
    patch = bytearray(data.draw(st.sampled_from(CORPUS)))
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(patch)))
        other = data.draw(st.sampled_from(CORPUS) | st.binary(max_size=6))
        cut = data.draw(st.integers(0, 40))
        patch[at : at + cut] = other[: data.draw(st.integers(0, 60))]
    try:
        parsed = parse("p", bytes(patch))
    except UsageError:
        return
    assert_whole(parsed)


def assert_whole(patch: Patch) -> None:
    """The parts of a patch follow one another and are all its bytes."""
    at = len(patch.header)
    for file in patch.files:
        assert file.span[0] == at
        marks = [mark for hunk in file.hunks for mark in hunk.span]
        assert marks == sorted(marks)
        assert not marks or (file.span[0] <= marks[0] and marks[-1] == file.span[1])
        at = file.span[1]
    assert patch.header == patch.data[: len(patch.header)]
    assert patch.trailer == patch.data[at:]
