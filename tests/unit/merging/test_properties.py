"""What holds of every merge."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from builder.merging.merge import merge_file, merge_trees
from builder.merging.merged import How
from builder.merging.proof import prove
from builder.sources.tree import File, Tree
from tests.unit.merging.versions import NAMES

PATHS = st.sampled_from(["a.c", "a.h", "Makefile", "TARGETS", "a.8", "conf-users", "run.sh"])
LINES = st.sampled_from(
    [b"int a;\n", b"int b;\n", b"f();\n", b"  g(a,b);\n", b"{\n", b"}\n", b"void f()\n", b"if (x)\n", b"else\n", b"\n",
     b'#include "a.h"\n', b"#ifdef A\n", b"#endif\n", b"prog: \\\n", b"a.o b.o \\\n", b"c.o\n", b"\t./load prog a.o\n",
     b"/* x\n", b"*/\n", b'"', b"na\xefve\r\n", b".TP 5\n", b".SH X\n", b"++n;\n", b"n++;\n", b"name\n"]
)  # fmt: skip
FILES = st.lists(LINES, max_size=12).map(lambda lines: File(b"".join(lines)))


@given(PATHS, FILES, FILES)
def test_one_side_alone(path: str, base: File, side: File) -> None:
    assert merge_file(path, base, side, side, names=NAMES).file == side
    assert merge_file(path, base, base, side, names=NAMES).file == side
    assert merge_file(path, base, side, base, names=NAMES).file == side


@given(PATHS, FILES, FILES, FILES)
def test_what_is_settled_is_proved(path: str, base: File, ours: File, theirs: File) -> None:
    trees = (Tree({path: base}), Tree({path: ours}), Tree({path: theirs}))
    merged = merge_trees(*trees, names=NAMES)
    if merged.ok:
        assert prove(*trees, merged).ok
    for file in merged.files:
        assert file.file is not None
        if any(region.how is How.CONFLICT for region in file.regions):
            assert b"<<<<<<< ours" in file.file.data


@given(PATHS, FILES, FILES, FILES)
def test_the_order_of_the_sides_matters_only_for_what_comes_first(
    path: str, base: File, ours: File, theirs: File
) -> None:
    one = merge_file(path, base, ours, theirs, names=NAMES)
    other = merge_file(path, base, theirs, ours, names=NAMES[::-1])
    if one.ok and other.ok and one.file and other.file:
        assert sorted(one.file.data.split()) == sorted(other.file.data.split())


SEPARATE = b"".join(b"line %d of the file\n" % number for number in range(20))


@given(st.integers(0, 8), st.integers(11, 19), st.booleans())
def test_changes_far_from_each_other_are_both_made(first: int, second: int, swap: bool) -> None:
    ours = SEPARATE.replace(b"line %d of" % first, b"our line of")
    theirs = SEPARATE.replace(b"line %d of" % second, b"their line of")
    if swap:
        ours, theirs = theirs, ours
    file = merge_file("a.txt", File(SEPARATE), File(ours), File(theirs), names=NAMES)
    both = SEPARATE.replace(b"line %d of" % first, b"our line of").replace(
        b"line %d of" % second, b"their line of"
    )
    assert file.ok
    assert not file.regions
    assert file.file == File(both)
