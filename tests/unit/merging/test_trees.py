"""Whole files: added, removed, of another mode, of bytes that are no text."""

from __future__ import annotations

import pytest

from builder.merging.edits import side_of, side_of_owned
from builder.merging.merge import merge_edits, merge_file, merge_trees
from builder.merging.merged import How
from builder.patching.apply import apply
from builder.patching.parse import parse
from builder.sources.tree import EXECUTABLE, PLAIN, File, Tree
from tests.unit.merging.versions import NAMES

ONE, TWO, THREE = File(b"one\n"), File(b"two\n"), File(b"three\n")


def test_each_file_comes_from_who_changed_it() -> None:
    base = Tree({"same": ONE, "ours": ONE, "theirs": ONE, "gone": ONE, "both": ONE})
    ours = base.changed({"ours": TWO, "new": TWO, "equal": TWO, "both": TWO})
    theirs = base.changed({"theirs": THREE, "gone": None, "equal": TWO, "other": THREE, "both": TWO})
    merged = merge_trees(base, ours, theirs, names=NAMES)
    assert merged.ok
    assert dict(merged.tree) == {
        "same": ONE, "ours": TWO, "theirs": THREE, "both": TWO, "new": TWO, "equal": TWO, "other": THREE
    }  # fmt: skip
    assert [file.path for file in merged.files] == ["both", "equal"]


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "conflict"),
    [
        (ONE, None, TWO, "ours removes the file, theirs changes it."),
        (ONE, TWO, None, "theirs removes the file, ours changes it."),
        (None, ONE, TWO, "Both sides add a file of this name, but not the same."),
        (File(b"\0"), File(b"\0\1"), File(b"\0\2"), "Both sides change a file that is no text."),
    ],
)
def test_files_in_dispute(base: File | None, ours: File | None, theirs: File | None, conflict: str) -> None:
    file = merge_file("a", base, ours, theirs, names=NAMES)
    assert not file.ok
    assert file.conflict == conflict
    assert file.file in {ours, theirs}


def test_a_removed_file_that_nobody_else_changed_is_gone() -> None:
    assert merge_file("a", ONE, ONE, None, names=NAMES).file is None
    assert merge_file("a", ONE, None, ONE, names=NAMES).file is None
    assert merge_file("a", ONE, None, None, names=NAMES).ok


def test_mode_and_bytes_are_merged_apart() -> None:
    script = File(ONE.data, EXECUTABLE)
    assert merge_file("a", ONE, script, TWO, names=NAMES).file == File(TWO.data, EXECUTABLE)
    assert merge_file("a", ONE, TWO, script, names=NAMES).file == File(TWO.data, EXECUTABLE)
    assert merge_file("a", script, ONE, File(TWO.data, EXECUTABLE), names=NAMES).file == File(TWO.data, PLAIN)


def test_a_c_file_that_both_add_has_the_definitions_of_both() -> None:
    ours = File(b'#include "s.h"\n\nint f(a) int a;\n{\n  return a;\n}\n')
    theirs = File(
        b'/* ours is better */\n#include "s.h"\n\nint\nf(a)\n\tint a;\n{\n\treturn a;\n}\n\nint id() { return 1; }\n'
    )
    file = merge_file("f.c", None, ours, theirs, names=NAMES)
    assert file.ok
    assert file.regions[0].how is How.FUNCTION
    assert file.file == File(
        b'/* ours is better */\n#include "s.h"\n\nint f(a) int a;\n{\n  return a;\n}\n\nint id() { return 1; }\n'
    )


def test_headers_that_both_add_may_declare_a_function_with_and_without_parameters() -> None:
    ours = File(b"#ifndef B_H\n#define B_H\n\nextern int b();\n\n#endif\n")
    theirs = File(b'#ifndef B_H\n#define B_H\n#include "s.h"\n\nextern int b(char *, int);\n\n#endif\n')
    file = merge_file("b.h", None, ours, theirs, names=NAMES)
    assert file.ok
    assert file.file is not None
    for line in (b'#include "s.h"\n', b"extern int b();\n", b"extern int b(char *, int);\n"):
        assert line in file.file.data
    other = File(theirs.data.replace(b"char *, int", b"long"))
    assert not merge_file("b.h", None, theirs, other, names=NAMES).ok


def test_line_ends_and_bytes_stay_as_they_are() -> None:
    base = File(b"na\xefve\r\nb\r\nc\r\nd\r\ne")
    ours = File(b"na\xefve!\r\nb\r\nc\r\nd\r\ne")
    theirs = File(b"na\xefve\r\nb\r\nc\r\nd\r\n\xff")
    file = merge_file("a.txt", base, ours, theirs, names=NAMES)
    assert file.file == File(b"na\xefve!\r\nb\r\nc\r\nd\r\n\xff")
    disputed = merge_file("a.txt", base, ours, File(base.data.replace(b"\xef", b"\xee")), names=NAMES)
    assert disputed.file is not None
    assert disputed.file.data.startswith(b"<<<<<<< ours\r\nna\xefve!\r\n||||||| base\r\n")


def test_a_last_line_without_an_end_is_never_glued_to_another() -> None:
    versions = (File(b"a\nb\n"), File(b"a\nb"), File(b"a\nb\nc\n"))
    assert merge_file("a.txt", *versions, names=NAMES).file == File(b"a\nb\nc")
    assert not merge_file("TARGETS", File(b""), File(b"a"), File(b"b"), names=NAMES).ok


PATCH = b"""--- a/a.c
+++ b/a.c
@@ -1,5 +1,6 @@
 one
-two
+2
+2
 three
 four
 five
@@ -7,2 +8,1 @@
 seven
-eight
"""


def test_lines_that_the_applier_has_give_the_same_side() -> None:
    base = File(b"one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\n")
    applied = apply(Tree({"a.c": base}), [parse("p", PATCH)])
    side = side_of_owned(applied.owned["a.c"])
    read = side_of(base.data, applied.tree["a.c"].data)
    assert (side.base, side.lines, side.changes) == (read.base, read.lines, read.changes)
    other = side_of(base.data, base.data.replace(b"five", b"5"))
    file = merge_edits("a.c", base, side, other, mode=PLAIN, names=NAMES)
    assert file.file == File(b"one\n2\n2\nthree\nfour\n5\nsix\nseven\n")
    versions = (base, applied.tree["a.c"], File(b"".join(other.lines)))
    assert merge_file("a.c", *versions, names=NAMES, sides=(side, other)) == file
