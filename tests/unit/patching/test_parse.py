"""Parsing: what is understood, and that nothing is lost without a word."""

from __future__ import annotations

import pytest

from builder.errors import UsageError
from builder.patching.parse import parse

HUNK = b"--- a/a.c\n+++ b/a.c\n@@ -1,3 +1,3 @@ int main()\n one\n-two\n+2\n three\n"


def test_prose_before_and_after_is_left_out() -> None:
    data = b"Subject: a change\n\n--- cut here ---\nand more\n" + HUNK + b"-- \n2.30\n"
    (file,) = parse("p", data).files
    assert [line.text for line in file.hunks[0].lines] == [b"one\n", b"two\n", b"2\n", b"three\n"]


def test_a_hunk_knows_its_line_in_the_patch_file_and_its_function() -> None:
    hunk = parse("p", b"prose\nprose\n" + HUNK).files[0].hunks[0]
    assert (hunk.patch_line, hunk.section) == (5, b"int main()")


def test_a_blank_context_line_may_have_lost_its_space() -> None:
    data = b"--- a/a.c\n+++ b/a.c\n@@ -1,3 +1,3 @@\n\n-two\n+2\n three\n"
    assert parse("p", data).files[0].hunks[0].old == (b"\n", b"two\n", b"three\n")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"hello\n", "no unified diff"),
        (b"*** a\n--- b\n***************\n*** 1 ****\n! x\n--- 1 ----\n! y\n", "context diff"),
        (HUNK.replace(b"a/a.c", b"a/../../etc/passwd"), "outside the tree"),
        (HUNK.replace(b"b/a.c", b"/etc/passwd"), "outside the tree"),
        (HUNK + b"@@ -9,1 +9,1\n-a\n+b\n", "only 1 hunks"),
        (HUNK.replace(b"-1,3 +1,3", b"-1,9 +1,9"), "damaged"),
    ],
)
def test_what_cannot_be_understood_whole_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse("p", data)
