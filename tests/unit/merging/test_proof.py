"""The proof finds what a merge lost, brought back, or claims without reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builder.merging.merge import merge_trees
from builder.merging.merged import MergedTree, Shared
from builder.merging.proof import prove
from builder.sources.tree import File, Tree
from tests.unit.merging.versions import NAMES

BASE = Tree(
    {"a.c": File(b"int a;\n\nvoid f()\n{\n  one();\n  two();\n  three();\n}\n"), "b.c": File(b"b();\n")}
)
OURS = BASE.changed({"a.c": File(BASE["a.c"].data.replace(b"  two();\n", b"  ours(1);\n  both();\n"))})
THEIRS = BASE.changed(
    {
        "a.c": File(BASE["a.c"].data.replace(b"int a;\n", b"int a;\nint theirs;\n")),
        "b.c": File(b"b(2);\n"),
    }
)


def merge() -> MergedTree:
    merged = merge_trees(BASE, OURS, THEIRS, names=NAMES)
    assert merged.ok
    return merged


def test_a_merge_with_all_that_both_sides_did() -> None:
    proof = prove(BASE, OURS, THEIRS, merge())
    assert proof.ok
    assert not proof.faults


@pytest.mark.parametrize(
    ("old", "new", "token", "expected", "found"),
    [
        (b"ours(1)", b"ours()", "1", 1, 0),
        (b"int theirs;", b"int;", "theirs", 1, 0),
        (b"  three();", b"  two(); three();", "two", 0, 1),
        (b"both();", b"both(); both();", "both", 1, 2),
    ],
)
def test_a_token_that_is_missing_or_back(
    old: bytes, new: bytes, token: str, expected: int, found: int
) -> None:
    merged = merge()
    file = merged.tree["a.c"]
    planted = replace(merged, tree=merged.tree.changed({"a.c": File(file.data.replace(old, new))}))
    proof = prove(BASE, OURS, THEIRS, planted)
    assert not proof.ok
    assert (token, expected, found) in {(fault.token, fault.expected, fault.found) for fault in proof.faults}


def test_a_file_of_one_side_must_be_that_sides() -> None:
    merged = merge()
    for planted in (BASE["b.c"], None, File(b"2(b);\n")):
        tree = merged.tree.changed({"b.c": planted})
        proof = prove(BASE, OURS, THEIRS, replace(merged, tree=tree))
        assert {fault.path for fault in proof.faults} == {"b.c"}
    extra = replace(merged, tree=merged.tree.changed({"c.c": File(b"x")}))
    assert not prove(BASE, OURS, THEIRS, extra).ok


def test_a_change_that_only_one_side_made_does_not_count_as_one_of_both() -> None:
    """Dropping a line of ours and calling it shared must not go through."""
    theirs = THEIRS.changed(
        {"a.c": File(THEIRS["a.c"].data.replace(b"  two();\n", b"  two();\n  more();\n"))}
    )
    merged = merge_trees(BASE, OURS, theirs, names=NAMES)
    (file,) = merged.files
    assert merged.ok
    (region,) = file.regions
    lost = region.merged[1:]
    claimed = replace(region, merged=lost, shared=(Shared(b"", region.merged[0]),))
    data = merged.tree["a.c"].data.replace(region.merged[0], b"")
    planted = MergedTree(
        tree=merged.tree.changed({"a.c": File(data)}),
        files=(replace(file, file=File(data), regions=(claimed,)),),
    )
    proof = prove(BASE, OURS, theirs, planted)
    assert not proof.ok
    assert proof.faults[0].why.startswith("Not both sides made this change")


def test_a_word_that_goes_with_no_other_is_not_carried() -> None:
    base = Tree({"Makefile": File(b"a: b.o\n\nc: d.o\n")})
    ours = base.changed({"Makefile": File(b"a: b.o x.o\n\nc: d.o\n")})
    theirs = base.changed({"Makefile": File(b"a: b.o y.o\n\nc: d.o\n")})
    merged = merge_trees(base, ours, theirs, names=NAMES)
    (file,) = merged.files
    (region,) = file.regions
    data = b"a: b.o x.o y.o z.o\n\nc: d.o\n"
    planted = replace(region, merged=(b"a: b.o x.o y.o z.o\n",), carried=(b"z.o",))
    tree = MergedTree(
        tree=merged.tree.changed({"Makefile": File(data)}),
        files=(replace(file, file=File(data), regions=(planted,)),),
    )
    (fault,) = prove(base, ours, theirs, tree).faults
    assert fault.why.startswith("Neither side has it everywhere")


def test_nothing_is_proved_of_what_is_in_dispute() -> None:
    theirs = BASE.changed({"a.c": File(BASE["a.c"].data.replace(b"  two();\n", b"  other();\n"))})
    proof = prove(BASE, OURS, theirs, merge_trees(BASE, OURS, theirs, names=NAMES))
    assert not proof.ok
    assert proof.disputed == ("a.c",)
