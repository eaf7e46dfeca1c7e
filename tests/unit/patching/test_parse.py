"""Parsing: what is understood, what is put right, and that nothing is lost without a word.

The synthetic corpus (test_parse_corpus.py) has a case for each form and fault; here is what it cannot say.
"""

from __future__ import annotations

import pytest

from builder.errors import UsageError
from builder.patching.parse import PatchError, opinion, parse
from builder.patching.patch import ADDED, CONTEXT, REMOVED, Line

HUNK = b"--- a/a.c\n+++ b/a.c\n@@ -1,3 +1,3 @@ int main()\n one\n-two\n+2\n three\n"
CONTEXT_HUNK = (
    b"*** a/a.c\n--- b/a.c\n*************** int main()\n"
    b"*** 1,5 ****\n  one\n! two\n  three\n- four\n  five\n--- 1,5 ----\n  one\n! 2\n! II\n  three\n  five\n"
)


def test_prose_before_and_after_is_left_out_of_the_hunks_but_kept() -> None:
    prose, signature = b"Subject: a change\n\n--- cut here ---\nand more\n", b"-- \n2.30\n"
    patch = parse("p", prose + HUNK + signature)
    (file,) = patch.files
    assert [line.text for line in file.hunks[0].lines] == [b"one\n", b"two\n", b"2\n", b"three\n"]
    assert (patch.header, patch.trailer) == (prose, signature)


def test_a_hunk_knows_its_place_in_the_patch_file_and_its_function() -> None:
    patch = parse("p", b"prose\nprose\n" + HUNK)
    hunk = patch.files[0].hunks[0]
    assert (hunk.patch_line, hunk.section) == (5, b"int main()")
    assert patch.data[slice(*hunk.span)] == HUNK[HUNK.index(b"@@") :]


def test_a_context_diff_gives_the_hunk_of_a_unified_diff() -> None:
    file = parse("p", CONTEXT_HUNK).files[0]
    hunk = file.hunks[0]
    assert (file.old_path, file.new_path, file.context_format) == ("a/a.c", "b/a.c", True)
    assert (hunk.old_start, hunk.new_start, hunk.section) == (1, 1, b"int main()")
    assert list(hunk.lines) == [
        Line(CONTEXT, b"one\n"),
        Line(REMOVED, b"two\n"),
        Line(ADDED, b"2\n"),
        Line(ADDED, b"II\n"),
        Line(CONTEXT, b"three\n"),
        Line(REMOVED, b"four\n"),
        Line(CONTEXT, b"five\n"),
    ]


def test_a_hunk_and_its_reverse_know_their_lines() -> None:
    hunk = parse("p", HUNK).files[0].hunks[0]
    assert hunk.old == hunk.reverse.new == (b"one\n", b"two\n", b"three\n")
    assert hunk.new == hunk.reverse.old == (b"one\n", b"2\n", b"three\n")
    assert (hunk.leading, hunk.trailing) == (1, 1)


def test_the_head_of_a_file_is_where_its_first_line_is() -> None:
    second = b"Index: b.c\n=====\n" + HUNK.replace(b"a.c", b"b.c")
    files = parse("p", b"prose\n" + HUNK + b"Only in x: y\ndiff -ru a/b.c b/b.c\n" + second).files
    assert [file.header_line for file in files] == [2, 10]
    assert files[1].index_path == "b.c"


def test_a_note_names_the_line() -> None:
    data = b"--- a/a.c\n+++ b/a.c\n@@ -1,3 +1,3 @@\n\n-two\n+2\n three\n"
    (note,) = parse("p", data).notes
    assert (note.rule, note.line) == ("blank-context-lost", 4)
    assert parse("p", data).files[0].hunks[0].old == (b"\n", b"two\n", b"three\n")


def test_an_error_names_the_line_and_shows_it_without_harm() -> None:
    with pytest.raises(PatchError) as caught:
        parse("p", HUNK.replace(b" three\n", b"\x1b[31m\xff" + b"x" * 200 + b"\n"))
    assert caught.value.line == 7
    assert caught.value.what.startswith("Patch p, line 7: the hunk of line 3 should have 1 more lines")
    assert caught.value.what.isprintable()
    assert len(caught.value.what) < 200


def test_modes_and_ids_of_git_are_kept() -> None:
    data = b"diff --git a/a.c b/a.c\nold mode 100644\nnew mode 100755\nindex 1111111..2222222\n" + HUNK
    file = parse("p", data).files[0]
    assert (file.old_mode, file.new_mode, file.executable) == (0o100644, 0o100755, True)


def test_crlf_is_kept_where_it_is_content_and_left_out_where_the_patch_has_it_throughout() -> None:
    whole = parse("p", HUNK.replace(b"\n", b"\r\n")).files[0]
    assert (whole.crlf, whole.hunks[0].new[0]) == (True, b"one\n")
    head, _, body = HUNK.partition(b"@@ -")
    content = parse("p", head + b"@@ -" + body.replace(b"\n", b"\r\n")).files[0]
    assert (content.crlf, content.hunks[0].new[0]) == (False, b"one\r\n")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"hello\n", "no unified diff"),
        (HUNK.replace(b"a/a.c", b"a/../../etc/passwd"), "outside the tree"),
        (HUNK + b"@@ -9,1 +9,1\n-a\n+b\n", "line 8: this is no whole hunk head"),
        (HUNK.replace(b"-1,3 +1,3", b"-1,9 +1,9"), "line 3: the patch ends 6 lines before this hunk does"),
        (HUNK + b"\n@@ -9 +9 @@\n-a\n+b\n", "line 9: this hunk belongs to no file"),
    ],
)
def test_what_cannot_be_understood_whole_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse("p", data)


def test_unidiff_sees_the_same_files_and_hunks() -> None:
    patch = parse("p", HUNK + b"@@ -9 +9 @@\n-a\n+b\n" + HUNK.replace(b"a.c", b"b.c"))
    assert opinion.ours(patch) == opinion.unidiffs(patch) == (2, 3)
    opinion.require_agreement(patch)


def test_a_hunk_that_only_unidiff_sees_is_an_error() -> None:
    patch = parse("p", HUNK)
    more = parse("p", HUNK + b"@@ -9 +9 @@\n-a\n+b\n")
    object.__setattr__(patch, "data", more.data)
    with pytest.raises(PatchError, match="may have 2 hunks, but only 1"):
        opinion.require_agreement(patch)
