"""Names and times in the heads of diffs."""

from __future__ import annotations

import pytest

from builder.patching.parse import names


@pytest.mark.parametrize(
    ("rest", "name", "stamp"),
    [
        (b"a/a.c\n", "a/a.c", b""),
        (b"a/a.c\r\n", "a/a.c", b""),
        (b"a/a.c\t2007-11-30 00:00:00\n", "a/a.c", b"2007-11-30 00:00:00"),
        (b"a/a.c Wed Jun  3 10:00:00 1998\n", "a/a.c", b"Wed Jun  3 10:00:00 1998"),
        (b"a/a.c       Wed Jun  3 1998\n", "a/a.c", b"Wed Jun  3 1998"),
        (b"a/my file.c\t\n", "a/my file.c", b""),
        (b"a/my file.c\n", "a/my", b"file.c"),
        (b'"a/\\303\\244 \\"\\\\.c"\t1998\n', 'a/ä "\\.c', b"1998"),
        (b"a/\xe4.c\n", "a/\udce4.c", b""),
        (b"a//b.c\n", "a/b.c", b""),
    ],
)
def test_where_a_name_ends(rest: bytes, name: str, stamp: bytes) -> None:
    assert names.split_name(rest) == (name, stamp)


@pytest.mark.parametrize(
    ("rest", "pair"),
    [
        (b"a/x.c b/x.c\n", ("a/x.c", "b/x.c")),
        (b"a/x y b/x y\n", ("a/x y", "b/x y")),
        (b"a/x b/y b/x b/y\r\n", ("a/x b/y", "b/x b/y")),
        (b'"a/\\t" "b/\\t"\n', ("a/\t", "b/\t")),
        (b'"a/\\t" b/x y\n', ("a/\t", "b/x y")),
        (b'a/x y "b/\\t"\n', ("a/x y", "b/\t")),
        (b"a/x y b/u v\n", None),
        (b'a/x y"\n', None),
        (b"\n", None),
    ],
)
def test_the_two_names_of_git(rest: bytes, pair: tuple[str, str] | None) -> None:
    assert names.split_pair(rest) == pair


def test_names_of_a_rename_are_told_apart_by_what_git_says_below() -> None:
    rest = b"a/x b/y b/u v\n"
    assert names.split_renamed(rest, "x", "y b/u v") == ("a/x", "b/y b/u v")
    assert names.split_renamed(rest, "x b/y", "u v") == ("a/x b/y", "b/u v")
    assert names.split_renamed(rest, "z", "u v") is None


@pytest.mark.parametrize(
    ("stamp", "absent"),
    [
        (b"1970-01-01 00:00:00.000000000 +0000", True),
        (b"1970-01-01 01:00:00 +0100", True),
        (b"1969-12-31 16:00:00.000000000 -0800", True),
        (b"1970-01-01 01:00:00", True),
        (b"Thu Jan  1 01:00:00 1970", True),
        (b"Wed Dec 31 16:00:00 1969", True),
        (b"1970-01-03 00:00:00 +0000", False),
        (b"1970-01-01 00:00:00 +9999", False),
        (b"1998-06-03 10:00:00", False),
        (b"1970-13-41 00:00:00", False),
        (b"1970", False),
        (b"", False),
    ],
)
def test_the_time_of_a_file_that_is_not_there(stamp: bytes, absent: bool) -> None:
    assert names.is_absent("a/a.c", stamp) is absent
    assert names.is_absent("/dev/null", stamp)


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "//etc/passwd", "/dev/sda", "C:/x", "c:\\x", "a/../b", "..", "a\\..\\b", "a/x\0y", "a/x\ny", "a/\x7f",
     ".git/config", "a/.Git/hooks/x", "a/.git. /x", "a/git~1/x", "b/NUL", "b/com1", "b/aux/x", "b/", "b/.", "x" * 5000, "x/" * 300 + "x"],
)  # fmt: skip
def test_no_patch_may_name_these(path: str) -> None:
    assert names.danger(path)


@pytest.mark.parametrize(
    "path",
    [
        "/dev/null",
        "a/a.c",
        "a/.gitignore",
        "a/..c",
        "a/aux.c",
        "a/con-fig",
        "./a.c",
        "a/ä \udce4.c",
        "a/nul.h",
    ],
)
def test_these_are_harmless(path: str) -> None:
    assert names.danger(path) == ""
