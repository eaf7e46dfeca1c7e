"""Applying: what becomes of each hunk, and that it is what GNU patch would do."""

from __future__ import annotations

import difflib
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.patching.apply import apply
from builder.patching.findings import HunkStatus, Owner
from builder.patching.parse import parse
from builder.recipes.model import ApplyPolicy
from builder.sources.tree import File, Tree

NUMBERS = [f"line {number}\n" for number in range(1, 41)]


def tree_of(**files: str) -> Tree:
    return Tree({name.replace("_", "."): File(text.encode()) for name, text in files.items()})


def diff(old: list[str], new: list[str], path: str = "a.c") -> bytes:
    return "".join(difflib.unified_diff(old, new, f"a/{path}", f"b/{path}")).encode()


def edited(lines: list[str], number: int, text: str) -> list[str]:
    return [*lines[: number - 1], text, *lines[number:]]


def statuses(data: bytes, tree: Tree, policy: ApplyPolicy | None = None) -> list[HunkStatus]:
    applied = apply(tree, [parse("p", data)], policy or ApplyPolicy())
    return [hunk.status for file in applied.patches[0].files for hunk in file.hunks]


def test_a_clean_hunk_changes_the_tree() -> None:
    new = edited(NUMBERS, 20, "changed\n")
    applied = apply(tree_of(a_c="".join(NUMBERS)), [parse("p", diff(NUMBERS, new))])
    assert applied.ok
    assert applied.tree["a.c"].data == "".join(new).encode()
    assert applied.patches[0].status is HunkStatus.CLEAN


def test_lines_added_before_make_an_offset() -> None:
    patch = diff(NUMBERS, edited(NUMBERS, 20, "changed\n"))
    applied = apply(tree_of(a_c="new\nnew\n" + "".join(NUMBERS)), [parse("p", patch)])
    hunk = applied.patches[0].files[0].hunks[0]
    assert (hunk.status, hunk.offset, hunk.line) == (HunkStatus.OFFSET, 2, 19)


def test_an_offset_beyond_the_limit_is_rejected() -> None:
    patch = diff(NUMBERS, edited(NUMBERS, 20, "changed\n"))
    tree = tree_of(a_c="new\nnew\n" + "".join(NUMBERS))
    assert statuses(patch, tree, ApplyPolicy(max_offset=1)) == [HunkStatus.REJECTED]


def test_fuzz_is_off_unless_asked_for() -> None:
    patch = diff(NUMBERS, edited(NUMBERS, 20, "changed\n"))
    tree = tree_of(a_c="".join(edited(NUMBERS, 17, "other context\n")))
    assert statuses(patch, tree) == [HunkStatus.REJECTED]
    assert statuses(patch, tree, ApplyPolicy(fuzz=1)) == [HunkStatus.FUZZ]


def test_fuzz_keeps_the_context_of_the_file() -> None:
    patch = diff(NUMBERS, edited(NUMBERS, 20, "changed\n"))
    tree = tree_of(a_c="".join(edited(NUMBERS, 17, "other context\n")))
    applied = apply(tree, [parse("p", patch)], ApplyPolicy(fuzz=1))
    assert applied.tree["a.c"].data.splitlines()[16] == b"other context"


def test_a_reject_names_the_patch_that_is_in_the_way() -> None:
    first = diff(NUMBERS, edited(NUMBERS, 20, "first\n"))
    second = diff(NUMBERS, edited(NUMBERS, 20, "second\n"))
    applied = apply(tree_of(a_c="".join(NUMBERS)), [parse("first", first), parse("second", second)])
    ((path, hunk),) = applied.patches[1].failures
    assert (path, hunk.status, hunk.line) == ("a.c", HunkStatus.REJECTED, 17)
    assert hunk.culprit == Owner(patch="first", hunk=1)
    assert "first" in hunk.verdict


def test_a_failure_leaves_the_tree_as_it_was_and_the_rest_is_tried() -> None:
    tree = tree_of(a_c="".join(NUMBERS), b_c="x\n")
    bad = diff(["not\n", "there\n"], ["never\n"])
    good = diff(["x\n"], ["y\n"], "b.c")
    applied = apply(tree, [parse("bad", bad), parse("good", good)])
    assert not applied.ok
    assert applied.tree.digest == tree.digest
    assert applied.patches[1].status is HunkStatus.CLEAN


def test_what_is_there_already_is_said_so() -> None:
    new = edited(NUMBERS, 20, "changed\n")
    assert statuses(diff(NUMBERS, new), tree_of(a_c="".join(new))) == [HunkStatus.ALREADY_APPLIED]


def test_a_file_that_is_not_there_has_no_target() -> None:
    assert statuses(diff(["x\n"], ["y\n"], "b.c"), tree_of(a_c="x\n")) == [HunkStatus.NO_TARGET]


def test_every_line_has_its_owner() -> None:
    first = diff(NUMBERS, [*NUMBERS[:10], "one\n", *NUMBERS[10:]])
    middle = [*NUMBERS[:10], "one\n", *NUMBERS[10:]]
    second = diff(middle, [*middle[:30], "two\n", *middle[30:]])
    applied = apply(tree_of(a_c="".join(NUMBERS)), [parse("first", first), parse("second", second)])
    assert applied.owner("a.c", 11) == Owner(patch="first", hunk=1)
    assert applied.owner("a.c", 31) == Owner(patch="second", hunk=1)
    assert applied.owner("a.c", 12) is None


def test_files_come_and_go_with_either_kind_of_header() -> None:
    data = (
        b"--- /dev/null\n+++ b/new.c\n@@ -0,0 +1 @@\n+hello\n"
        b"--- a/old.c\t2020-01-01 00:00:00\n+++ b/old.c\t1970-01-01 00:00:00.000000000 +0000\n@@ -1 +0,0 @@\n-x\n"
    )
    applied = apply(tree_of(old_c="x\n"), [parse("p", data)])
    assert dict(applied.tree) == {"new.c": File(b"hello\n")}


def test_a_created_script_can_be_executable() -> None:
    data = (
        b"diff --git a/run.sh b/run.sh\nnew file mode 100755\n"
        b"--- /dev/null\n+++ b/run.sh\n@@ -0,0 +1 @@\n+#!/bin/sh\n"
    )
    assert apply(tree_of(x="x\n"), [parse("p", data)]).tree["run.sh"].mode == 0o755


def test_a_missing_newline_at_the_end_is_kept_and_put_right() -> None:
    data = b"--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+y\n"
    assert apply(tree_of(a_c="x"), [parse("p", data)]).tree["a.c"].data == b"y\n"
    assert statuses(data, tree_of(a_c="x\n")) == [HunkStatus.REJECTED]


def test_latin_1_bytes_survive() -> None:
    data = b"--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-\xe4\n+\xf6\n"
    assert apply(Tree({"a.c": File(b"\xe4\n")}), [parse("p", data)]).tree["a.c"].data == b"\xf6\n"


@pytest.mark.parametrize(("prefix", "level"), [("a/", 1), ("", 0), ("qmail/src/", 2), ("x/y/z/", 3)])
def test_the_strip_level_is_found_out(prefix: str, level: int) -> None:
    data = (
        diff(["x\n"], ["y\n"])
        .replace(b"a/a.c", f"{prefix}a.c".encode())
        .replace(b"b/a.c", f"{prefix}a.c".encode())
    )
    applied = apply(tree_of(a_c="x\n"), [parse("p", data)])
    assert (applied.ok, applied.patches[0].strip) == (True, level)


@pytest.mark.parametrize("reject", [False, True])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_result_is_that_of_gnu_patch(
    reject: bool, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    words = st.sampled_from(["{\n", "}\n", "\n", "int i;\n", "return 0;\n", "f();\n"])
    old = data.draw(st.lists(words, min_size=4, max_size=25))
    new = list(old)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(new)))
        new[at : at + data.draw(st.integers(0, 2))] = data.draw(
            st.lists(st.sampled_from(["A\n", "B\n", "}\n"]), max_size=2)
        )
    target = list(old)
    if reject:
        at = data.draw(st.integers(0, len(target)))
        target[at : at + data.draw(st.integers(0, 2))] = data.draw(st.lists(words, max_size=3))
    patch = diff(old, new)
    if not patch:
        return
    folder = tmp_path_factory.mktemp("gnu")
    expected = gnu_patch(folder, "".join(target), patch)
    applied = apply(tree_of(a_c="".join(target)), [parse("p", patch)])
    failed = bool(applied.patches[0].failures)
    assert failed == (expected is None)
    if expected is not None:
        assert applied.tree["a.c"].data == expected


def gnu_patch(folder: Path, text: str, patch: bytes) -> bytes | None:
    """What GNU patch makes of the file without fuzz; None if it rejects a hunk."""
    (folder / "a.c").write_text(text)
    command = ["patch", "-p1", "-F0", "-N", "-s", "-f", "--no-backup-if-mismatch"]
    done = subprocess.run(command, cwd=folder, input=patch, capture_output=True, check=False)
    return (folder / "a.c").read_bytes() if done.returncode == 0 else None
