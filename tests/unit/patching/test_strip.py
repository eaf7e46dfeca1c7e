"""Which file a change is for."""

from __future__ import annotations

import doctest

import pytest

from builder.patching import strip
from builder.patching.patch import FileChange


def change(old: str, new: str, **more: str) -> FileChange:
    return FileChange(old_path=old, new_path=new, hunks=(), **more)  # type: ignore[arg-type]


def test_the_examples_are_true() -> None:
    assert doctest.testmod(strip).failed == 0


@pytest.mark.parametrize(
    ("old", "new", "existing", "expected"),
    [
        ("a/x.c", "b/x.c", {"x.c"}, "x.c"),
        ("q.orig/x.c", "q/x.c", {"x.c"}, "x.c"),
        ("a/x.c.orig", "b/x.c", {"x.c", "x.c.orig"}, "x.c"),
        ("a/x.c", "b/x.c.new", {"x.c", "x.c.new"}, "x.c"),
        ("a/sub/x.c", "b/x.c", {"sub/x.c", "x.c"}, "x.c"),
        ("a/x.c", "b/y.c", {"x.c", "y.c"}, "x.c"),
        ("a/x.c", "b/y.c", {"y.c"}, "y.c"),
        ("/dev/null", "b/x.c", {"x.c"}, "x.c"),
        ("a/x.c", "b/x.c", {"y.c"}, None),
        ("x.c", "x.c", {"x.c"}, None),
    ],
)
def test_of_two_names_the_one_that_gnu_patch_takes(
    old: str, new: str, existing: set[str], expected: str | None
) -> None:
    assert strip.find_target(change(old, new), 1, existing) == expected


def test_an_index_line_counts_where_the_names_are_too_short() -> None:
    assert strip.find_target(change("x.c", "x.c", index_path="q/x.c"), 1, {"x.c"}) == "x.c"


def test_a_new_file_goes_where_the_folders_are() -> None:
    assert strip.new_target(change("a/new/x.c", "b/old/xx.c"), 1, {"old"}) == "old/xx.c"
