"""Patches of edited trees: what they say, and which patches they need."""

from __future__ import annotations

import pytest

from builder.errors import NothingSelectedError, UsageError
from builder.patching.apply import apply
from builder.patching.lint.run import lint_file
from builder.patching.parse import parse
from builder.patching.patch import Patch
from builder.patching.write import write_diff
from builder.series.made import Made, make_patch, readme
from builder.sources.tree import File, Tree

LINES = [b"line %d\n" % number for number in range(1, 31)]


def tree(**files: list[bytes]) -> Tree:
    return Tree({name: File(b"".join(lines)) for name, lines in files.items()})


BASE = tree(f=LINES, g=LINES)


def changed(before: Tree, path: str, number: int, text: bytes) -> Tree:
    lines = before[path].data.splitlines(keepends=True)
    lines[number - 1] = text
    return before.changed({path: File(b"".join(lines))})


def patch_of(name: str, before: Tree, after: Tree) -> Patch:
    return parse(name, write_diff(before, after))


def made(edited: Tree, *patches: Patch) -> Made:
    before = apply(BASE, patches).tree
    return make_patch(
        "mine", summary="Does it.", license_="0BSD", base=BASE, patches=patches, before=before, edited=edited
    )


def test_the_patch_gives_the_edited_tree_and_has_no_lint() -> None:
    edited = changed(BASE, "f", 10, b"other\n").changed({"new": File(b"n\n"), "g": None})
    mine = made(edited)
    assert apply(BASE, [mine.patch]).tree == edited
    assert mine.diff.startswith(b"mine: Does it.\n\nLicence: 0BSD.\n\n--- a/f\n+++ b/f\n")
    assert lint_file("mine.patch", mine.diff).problems == ()


def test_backups_are_left_out() -> None:
    edited = changed(BASE, "f", 10, b"other\n").changed({"f.orig": BASE["f"], "f~": BASE["f"]})
    mine = made(edited)
    assert mine.left_out == ("f.orig", "f~")
    assert [change.new_path for change in mine.patch.files] == ["b/f"]


def test_no_change_is_nothing_to_do() -> None:
    with pytest.raises(NothingSelectedError):
        made(BASE.changed({"f~": File(b"backup\n")}))


def test_a_folder_that_is_no_copy_of_the_tree_is_refused() -> None:
    with pytest.raises(UsageError) as error:
        made(tree(other=LINES))
    assert error.value.what == "2 of 2 files are missing in the edited folder, such as f."


def test_a_patch_that_builds_on_another_one_requires_it() -> None:
    first = changed(BASE, "f", 10, b"first\n")
    second = changed(first, "g", 10, b"second\n")
    edited = changed(second, "f", 11, b"mine\n")
    mine = made(edited, patch_of("one", BASE, first), patch_of("two", first, second))
    assert (mine.requires, mine.after) == (("one",), ())


def test_only_what_is_needed_is_required() -> None:
    first = changed(BASE, "f", 2, b"first\n")
    second = changed(first, "f", 20, b"second\n")
    mine = made(
        changed(second, "f", 21, b"mine\n"), patch_of("one", BASE, first), patch_of("two", first, second)
    )
    assert (mine.requires, mine.after) == (("two",), ("one",))


def test_a_patch_elsewhere_in_the_file_comes_after() -> None:
    first = changed(BASE, "f", 2, b"first\n")
    mine = made(changed(first, "f", 20, b"mine\n"), patch_of("one", BASE, first))
    assert (mine.requires, mine.after) == ((), ("one",))


def test_the_readme_says_only_what_is_known() -> None:
    mine = made(changed(BASE, "f", 10, b"other\n"))
    text = readme(mine, name="mine", summary="Does it.", license_="unknown", base="b", tree=BASE).decode()
    assert "* `f`: +1 -1 lines" in text
    assert f"An edited copy of b: {BASE.digest}." in text
    assert "TODO" not in text
