"""Applying: what becomes of each hunk and each file. That it is what GNU patch would do: tests/unit/agreement."""

from __future__ import annotations

import difflib

import pytest

from builder.patching.apply import Applied, Removed, apply
from builder.patching.diagnose import Background, diagnose
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


def test_a_reject_has_the_file_with_its_owners() -> None:
    first = diff(NUMBERS, edited(NUMBERS, 20, "first\n"))
    second = diff(NUMBERS, edited(NUMBERS, 20, "second\n"))
    applied = apply(tree_of(a_c="".join(NUMBERS)), [parse("first", first), parse("second", second)])
    ((path, hunk),) = applied.patches[1].failures
    assert (path, hunk.status, hunk.line) == ("a.c", HunkStatus.REJECTED, 17)
    (one,) = diagnose(applied.rejects, Background(tree=applied.tree))
    assert one.owner == Owner(patch="first", hunk=1)


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


def test_who_took_lines_away_is_known() -> None:
    first = diff(NUMBERS, [*NUMBERS[:9], *NUMBERS[11:]])
    middle = [*NUMBERS[:9], *NUMBERS[11:]]
    second = diff(middle, [*middle[:2], "two\n", *middle[2:]])
    applied = apply(tree_of(a_c="".join(NUMBERS)), [parse("first", first), parse("second", second)])
    gone = (b"line 10\n", b"line 11\n")
    assert applied.owned["a.c"].removed == (Removed(10, Owner(patch="first", hunk=1), gone),)


def test_lines_taken_away_twice_are_both_remembered() -> None:
    first = diff(NUMBERS, edited(NUMBERS, 10, "one\n"))
    second = diff(edited(NUMBERS, 10, "one\n"), edited(NUMBERS, 10, "two\n"))
    applied = apply(tree_of(a_c="".join(NUMBERS)), [parse("first", first), parse("second", second)])
    assert [removed.lines for removed in applied.owned["a.c"].removed] == [(b"line 10\n",), (b"one\n",)]


def hunk(numbers: str, *lines: str) -> bytes:
    return f"@@ {numbers} @@\n".encode() + "".join(f"{line}\n" for line in lines).encode()


HEAD = b"--- a/a.c\n+++ b/a.c\n"


def test_hunks_may_share_context() -> None:
    patch = HEAD + hunk("-1,3 +1,4", " a", "+n", " b", " c") + hunk("-2,2 +3,3", " b", "+m", " c")
    assert apply(tree_of(a_c="a\nb\nc\n"), [parse("p", patch)]).tree["a.c"].data == b"a\nn\nb\nm\nc\n"


def test_hunks_in_the_wrong_order_fail_where_gnu_patch_says_misordered() -> None:
    patch = HEAD + hunk("-2,2 +2,3", " b", "+n", " c") + hunk("-1,2 +1,3", " a", "+n", " b")
    assert statuses(patch, tree_of(a_c="a\nb\nc\n")) == [HunkStatus.CLEAN, HunkStatus.REJECTED]


def test_an_insertion_after_a_last_line_without_newline_ends_that_line() -> None:
    patch = HEAD + hunk("-1,0 +2", "+z")
    assert apply(tree_of(a_c="a"), [parse("p", patch)]).tree["a.c"].data == b"a\nz\n"


def test_several_diffs_to_one_file_and_a_file_that_comes_changes_and_goes() -> None:
    created = b"--- /dev/null\n+++ b/a.c\n" + hunk("-0,0 +1", "+z")
    changed = HEAD + hunk("-1 +1,2", " z", "+y")
    removed = b"--- a/a.c\n+++ /dev/null\n" + hunk("-1,2 +0,0", "-z", "-y")
    applied = apply(tree_of(b_c="b\n"), [parse("p", created + changed + removed + created)])
    assert applied.ok
    assert dict(applied.tree) == {"a.c": File(b"z\n"), "b.c": File(b"b\n")}


def test_a_file_made_by_one_patch_is_changed_and_removed_by_later_ones() -> None:
    created = b"--- /dev/null\n+++ b/a.c\n" + hunk("-0,0 +1", "+z")
    changed = HEAD + hunk("-1 +1,2", " z", "+y")
    removed = b"--- a/a.c\n+++ /dev/null\n" + hunk("-1,2 +0,0", "-z", "-y")
    series = [parse("one", created), parse("two", changed), parse("three", removed), parse("four", changed)]
    applied = apply(tree_of(b_c="b\n"), series)
    assert [patch.status.applied for patch in applied.patches] == [True, True, True, False]
    assert applied.gone == {"a.c": "three"}
    assert "three removed" in applied.patches[3].files[0].hunks[0].verdict


def whole(applied: Applied) -> tuple[int, HunkStatus]:
    """The outcome of the last "hunk" of the only file."""
    outcome = applied.patches[0].files[0].hunks[-1]
    return outcome.n, outcome.status


def test_a_removal_that_leaves_lines_fails() -> None:
    patch = b"--- a/a.c\n+++ /dev/null\n" + hunk("-1 +0,0", "-a")
    assert whole(apply(tree_of(a_c="a\nb\n"), [parse("p", patch)])) == (0, HunkStatus.REJECTED)


def test_a_file_that_is_there_is_not_created_again() -> None:
    patch = parse("p", b"--- /dev/null\n+++ b/a.c\n" + hunk("-0,0 +1", "+z"))
    assert apply(tree_of(a_c="z\n"), [patch]).patches[0].status is HunkStatus.ALREADY_APPLIED
    assert apply(tree_of(a_c="y\n"), [patch]).patches[0].status is HunkStatus.NO_TARGET
    assert apply(tree_of(a_c=""), [patch]).ok


def test_a_file_cannot_be_where_a_folder_is() -> None:
    patch = parse("p", b"--- /dev/null\n+++ b/sub\n" + hunk("-0,0 +1", "+z"))
    below = parse("p", b"--- /dev/null\n+++ b/sub/a.c/x\n" + hunk("-0,0 +1", "+z"))
    tree = Tree({"sub/a.c": File(b"a\n")})
    assert apply(tree, [patch]).patches[0].status is HunkStatus.NO_TARGET
    assert apply(tree, [below]).patches[0].status is HunkStatus.NO_TARGET


GIT_RENAME = b"diff --git a/x b/y\nsimilarity index 100%\nrename from x\nrename to y\n"
GIT_COPY = b"diff --git a/x b/y\nsimilarity index 60%\ncopy from x\ncopy to y\n"
X = b"a\nb\nc\n"


def test_a_rename_takes_modes_and_owners_along() -> None:
    change = b"--- a/x\n+++ b/y\n" + hunk("-1,3 +1,3", " a", "-b", "+B", " c")
    tree = Tree({"x": File(X, 0o755)})
    applied = apply(tree, [parse("p", GIT_RENAME + change)])
    assert dict(applied.tree) == {"y": File(b"a\nB\nc\n", 0o755)}
    assert applied.gone == {"x": "p"}
    assert applied.owner("y", 2) == Owner(patch="p", hunk=1)


def test_a_rename_does_not_overwrite() -> None:
    applied = apply(Tree({"x": File(X), "y": File(b"q\n")}), [parse("p", GIT_RENAME)])
    assert whole(applied) == (0, HunkStatus.NO_TARGET)


def test_a_rename_that_is_done_already() -> None:
    assert whole(apply(Tree({"y": File(X)}), [parse("p", GIT_RENAME)])) == (0, HunkStatus.ALREADY_APPLIED)
    assert whole(apply(Tree({"z": File(X)}), [parse("p", GIT_RENAME)])) == (0, HunkStatus.NO_TARGET)


def test_two_files_can_exchange_their_names() -> None:
    back = b"diff --git a/y b/x\nsimilarity index 100%\nrename from y\nrename to x\n"
    tree = Tree({"x": File(X), "y": File(b"q\n")})
    assert dict(apply(tree, [parse("p", GIT_RENAME + back)]).tree) == {"x": File(b"q\n"), "y": File(X)}


def test_a_copy_is_made_of_the_file_as_it_was_before_the_patch() -> None:
    change = b"diff --git a/x b/x\n--- a/x\n+++ b/x\n" + hunk("-1,3 +1,3", " a", "-b", "+B", " c")
    in_copy = b"--- a/x\n+++ b/y\n" + hunk("-1,3 +1,3", " a", "-b", "+Y", " c")
    applied = apply(Tree({"x": File(X)}), [parse("p", change + GIT_COPY + in_copy)])
    assert dict(applied.tree) == {"x": File(b"a\nB\nc\n"), "y": File(b"a\nY\nc\n")}


def test_a_mode_can_be_changed_alone() -> None:
    patch = b"diff --git a/x b/x\nold mode 100644\nnew mode 100755\n"
    assert apply(Tree({"x": File(X)}), [parse("p", patch)]).tree["x"] == File(X, 0o755)
    assert apply(Tree({"x": File(X, 0o755)}), [parse("p", patch)], reverse=True).tree["x"] == File(X)


def test_empty_files_come_and_go() -> None:
    comes = parse("p", b"diff --git a/x b/x\nnew file mode 100644\nindex 0000000..e69de29\n")
    goes = parse("p", b"diff --git a/x b/x\ndeleted file mode 100644\nindex e69de29..0000000\n")
    empty, other = Tree({"x": File(b"")}), Tree({"x": File(X)})
    assert dict(apply(Tree({}), [comes]).tree) == dict(empty)
    assert dict(apply(empty, [goes]).tree) == {}
    assert whole(apply(empty, [comes])) == (0, HunkStatus.ALREADY_APPLIED)
    assert whole(apply(other, [goes])) == (0, HunkStatus.REJECTED)


@pytest.mark.parametrize("patch", [GIT_RENAME, GIT_COPY])
def test_what_git_moved_is_moved_back(patch: bytes) -> None:
    tree = Tree({"x": File(X)})
    there = apply(tree, [parse("p", patch)])
    assert apply(there.tree, [parse("p", patch)], reverse=True).tree.digest == tree.digest


def test_a_series_is_taken_back_with_its_last_patch_first() -> None:
    tree = tree_of(a_c="".join(NUMBERS))
    middle = edited(NUMBERS, 10, "one\n")
    series = [
        parse("one", diff(NUMBERS, middle)),
        parse(
            "two",
            diff(middle, edited(middle, 10, "two\n")) + b"--- /dev/null\n+++ b/new\n@@ -0,0 +1 @@\n+n\n",
        ),
    ]
    there = apply(tree, series)
    assert there.ok
    assert apply(there.tree, series[::-1], reverse=True).tree.digest == tree.digest


def test_a_change_that_is_not_there_cannot_be_taken_back() -> None:
    patch = parse("p", diff(NUMBERS, edited(NUMBERS, 20, "changed\n")))
    applied = apply(tree_of(a_c="".join(NUMBERS)), [patch], reverse=True)
    assert applied.patches[0].status is HunkStatus.ALREADY_APPLIED


def test_each_file_of_a_patch_may_have_its_own_strip_level() -> None:
    change = hunk("-1 +1", "-x", "+y")
    heads = (
        b"--- a/one\n+++ b/one\n",
        b"--- a/two\n+++ b/two\n",
        b"--- qmail/src/three\n+++ qmail/src/three\n",
    )
    tree = Tree({name: File(b"x\n") for name in ("one", "two", "three")})
    applied = apply(tree, [parse("p", b"".join(head + change for head in heads))])
    assert applied.ok
    assert [file.strip for file in applied.patches[0].files] == [1, 1, 2]


def test_a_missing_file_is_not_mistaken_for_one_of_the_same_name() -> None:
    change = hunk("-1 +1", "-x", "+y")
    heads = (b"--- a/one\n+++ b/one\n", b"--- a/doc/two\n+++ b/doc/two\n")
    tree = Tree({"one": File(b"x\n"), "two": File(b"x\n")})
    applied = apply(tree, [parse("p", b"".join(head + change for head in heads))])
    assert [hunk.status for _, hunk in applied.patches[0].failures] == [HunkStatus.NO_TARGET]
    assert applied.tree["two"].data == b"x\n"


# Like a patch for forced TLS on a qmail without AUTH: its context is found only far above, in the parser of addresses.
ADDRPARSE = [
    "int addrparse(arg)\n",
    "char *arg;\n",
    "{\n",
    "  int i;\n",
    "  char *cmd;\n",
    "  i = 0;\n",
    "  return 1;\n",
    "}\n",
    "\n",
]
FILLER = [
    line
    for number in range(60)
    for line in (f"void f{number}()\n", "{\n", f"  out({number});\n", "}\n", "\n")
]
AUTH = [
    "void smtp_auth(arg)\n",
    "char *arg;\n",
    "{\n",
    "  int i;\n",
    "  char *cmd;\n",
    "  if (seenauth) err_auth();\n",
    "}\n",
]
FORCED = (
    b"--- a/smtpd.c\n+++ b/smtpd.c\n"
    b"@@ -310,6 +310,7 @@ void smtp_auth(arg)\n char *arg;\n {\n   int i;\n+  if (!ssl) err_tls();\n"
    b"   char *cmd;\n   if (seenauth) err_auth();\n }\n"
)


def test_a_hunk_in_another_function_is_misplaced_and_a_failure() -> None:
    stock = Tree({"smtpd.c": File("".join([*ADDRPARSE, *FILLER]).encode())})
    applied = apply(stock, [parse("tls", FORCED)], ApplyPolicy(fuzz=2))
    ((_, outcome),) = applied.patches[0].failures
    assert (outcome.status, outcome.fuzz, outcome.offset) == (HunkStatus.MISPLACED, 2, -308)
    assert (outcome.function, outcome.landed) == ("smtp_auth", "addrparse")
    assert [reject.status for reject in applied.rejects] == [HunkStatus.MISPLACED]
    assert applied.tree is stock


def test_a_hunk_in_another_function_can_be_allowed() -> None:
    stock = Tree({"smtpd.c": File("".join([*ADDRPARSE, *FILLER]).encode())})
    assert apply(stock, [parse("tls", FORCED)], ApplyPolicy(fuzz=2, other_functions=True)).ok


def test_a_hunk_that_moved_with_its_function_is_not_misplaced() -> None:
    patched = Tree({"smtpd.c": File("".join([*ADDRPARSE, *AUTH, *FILLER]).encode())})
    applied = apply(patched, [parse("tls", FORCED)], ApplyPolicy(fuzz=2))
    assert applied.patches[0].status is HunkStatus.OFFSET
