"""What is remembered of a tree must never show: a patch does the same on a tree that many were applied to before."""

from __future__ import annotations

from itertools import permutations

from builder.patching.apply import Applied, apply
from builder.patching.findings import PatchOutcome
from builder.patching.parse import parse
from builder.patching.patch import Patch
from builder.sources.tree import EXECUTABLE, File, Tree

BASE = {
    "a.c": b"int a()\n{\n  one();\n  two();\n}\n",
    "b.txt": b"1\n2\n3\n4\n5\n6\n7\n8\n9\n",
    "sub/c.txt": b"see\n",
}


def new_file(path: str, line: str) -> str:
    return f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+{line}\n"


CHANGE_B = "--- a/b.txt\n+++ b/b.txt\n@@ -1,3 +1,4 @@\n 1\n+one\n 2\n 3\n"
END_B = "--- a/b.txt\n+++ b/b.txt\n@@ -7,3 +7,3 @@\n 7\n 8\n-9\n+nine\n"
CHANGE_A = "--- a/a.c\n+++ b/a.c\n@@ -2,4 +2,4 @@ int a()\n {\n   one();\n-  two();\n+  three();\n }\n"
REMOVE_B = "--- a/b.txt\n+++ /dev/null\n@@ -1,9 +0,0 @@\n" + "".join(f"-{n}\n" for n in range(1, 10))
RENAME_A = "diff --git a/a.c b/z.c\nsimilarity index 100%\nrename from a.c\nrename to z.c\n"
COPY_B = "diff --git a/b.txt b/y.txt\ncopy from b.txt\ncopy to y.txt\n"
MODE_A = "diff --git a/a.c b/a.c\nold mode 100644\nnew mode 100755\n"
SUB_C = "--- old/sub/c.txt\n+++ new/sub/c.txt\n@@ -1 +1 @@\n-see\n+sea\n"
BARE_C = "--- c.txt\n+++ c.txt\n@@ -1 +1 @@\n-see\n+sea\n"

PATCHES = [
    parse(f"p{number}", text.encode())
    for number, text in enumerate(
        (
            CHANGE_B,
            CHANGE_A + END_B,
            CHANGE_B + END_B,
            new_file("n.txt", "new") + END_B,
            new_file("n.txt", "other") + CHANGE_A,
            new_file("n.txt/below", "new"),
            new_file("b.txt/below", "new") + CHANGE_A,
            REMOVE_B + CHANGE_A,
            RENAME_A,
            new_file("n.txt", "new") + RENAME_A,
            CHANGE_A + COPY_B,
            CHANGE_B + MODE_A,
            SUB_C + BARE_C,
            new_file("c.txt", "new") + SUB_C,
            new_file("y.txt", "new") + new_file("z.c", "new"),
        )
    )
]


def fresh() -> Tree:
    return Tree({path: File(data) for path, data in BASE.items()})


def facts(applied: Applied) -> tuple[object, ...]:
    """All that an outcome says, as plain values."""
    owned = {path: (lines.lines, lines.owners, lines.removed) for path, lines in applied.owned.items()}
    rejects = [
        (reject.patch.name, reject.hunk, reject.path, reject.before.lines, reject.expected, reject.status)
        for reject in applied.rejects
    ]
    tree = {path: (file.data, file.mode) for path, file in applied.tree.items()}
    return tree, applied.patches, owned, rejects, dict(applied.gone)


def assert_same(used: Tree, series: tuple[Patch, ...]) -> None:
    assert facts(apply(used, series)) == facts(apply(fresh(), series)), [patch.name for patch in series]


def test_every_pair_does_on_a_used_tree_what_it_does_on_a_fresh_one() -> None:
    used = fresh()
    for _ in range(2):
        for pair in permutations(PATCHES, 2):
            assert_same(used, pair)


def test_so_does_every_series_of_three() -> None:
    used = fresh()
    for series in permutations(PATCHES[:9], 3):
        assert_same(used, series)


def fates(outcome: PatchOutcome) -> list[tuple[object, ...]]:
    """Where the hunks of a patch went."""
    return [(file.path, hunk.n, hunk.status, hunk.line) for file in outcome.files for hunk in file.hunks]


def test_a_series_does_what_its_patches_do_one_after_the_other() -> None:
    """What is known of a patch on the base must not be taken for what it does after another one."""
    for pair in permutations(PATCHES, 2):
        first = apply(fresh(), pair[:1])
        if first.ok:
            second = apply(Tree(first.tree), pair[1:])
            both = apply(fresh(), pair)
            assert fates(both.patches[1]) == fates(second.patches[0]), [patch.name for patch in pair]
            assert not both.ok or dict(both.tree) == dict(second.tree)


def test_the_patches_do_what_they_are_there_for() -> None:
    """Some of them apply alone and not together, in either way that there is."""
    assert apply(fresh(), [PATCHES[11]]).tree["a.c"].mode == EXECUTABLE
    assert [apply(fresh(), [patch]).ok for patch in PATCHES].count(False) == 2
    together = [apply(fresh(), pair).ok for pair in permutations(PATCHES, 2)]
    assert 50 < together.count(True) < 150
