"""Writing patches: as GNU diff does, with the fewest changed lines, and so that they apply back."""

from __future__ import annotations

import subprocess
import zlib
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.patching.apply import apply
from builder.patching.difference import Change, changes
from builder.patching.findings import HunkStatus
from builder.patching.lines import split_lines
from builder.patching.parse import parse
from builder.patching.write import hunks, render, section_of, write_diff
from builder.sources.tree import EXECUTABLE, File, Tree
from tests.building import recipe_plan

TOP = Path(__file__).resolve().parents[3]

# Few different lines, so that they repeat: that is where diffs get hard.
LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"{\n", b"\n"]), max_size=25)
TEXT = st.builds(lambda lines, last: b"".join(lines) + last, LINES, st.sampled_from([b"", b"end", b"a"]))


def gnu_diff(old: bytes, new: bytes, folder: Path, *options: str) -> bytes:
    (folder / "old").write_bytes(old)
    (folder / "new").write_bytes(new)
    return subprocess.run(
        ["diff", "-d", "-a", *options, "-U3", "old", "new"], cwd=folder, capture_output=True, check=False
    ).stdout


def body_of(diff: bytes) -> bytes:
    return b"".join(split_lines(diff)[2:])


def changed_lines(diff: bytes) -> int:
    return sum(line[:1] in (b"+", b"-") for line in split_lines(body_of(diff)))


def ours(old: bytes, new: bytes, *, sections: bool = False) -> bytes:
    found = hunks(split_lines(old), split_lines(new), sections=sections)
    return b"--- old\n+++ new\n" + b"".join(render(hunk) for hunk in found) if found else b""


@given(TEXT, TEXT)
def test_a_diff_applies_back_cleanly(old: bytes, new: bytes) -> None:
    before = Tree({"f.c": File(old), "same": File(b"same\n")})
    after = Tree({"f.c": File(new), "same": File(b"same\n")})
    diff = write_diff(before, after)
    if old == new:
        assert diff == b""
        return
    applied = apply(before, [parse("p", diff)])
    assert [patch.status for patch in applied.patches] == [HunkStatus.CLEAN]
    assert applied.tree == after


@settings(max_examples=60, deadline=None)
@given(TEXT, TEXT)
def test_no_diff_has_fewer_lines(tmp_path_factory: pytest.TempPathFactory, old: bytes, new: bytes) -> None:
    folder = tmp_path_factory.mktemp("diff")
    assert changed_lines(ours(old, new)) == changed_lines(gnu_diff(old, new, folder))


@given(TEXT, TEXT)
def test_changes_cover_exactly_what_differs(old: bytes, new: bytes) -> None:
    a, b = split_lines(old), split_lines(new)
    i = j = 0
    for change in changes(a, b):
        assert a[i : change.old_start] == b[j : change.new_start]
        assert change.old_start > i or change.new_start > j or i == j == 0
        i, j = change.old_end, change.new_end
    assert a[i:] == b[j:]


@pytest.mark.parametrize("name", ["big-concurrency", "poll-spawn", "fd-setsize"])
def test_real_changes_come_out_as_gnu_diff_writes_them(tmp_path: Path, name: str) -> None:
    base = Tree.read(TOP / "bases/minispawn")
    patch = parse(name, (TOP / "patches" / name / "minispawn.patch").read_bytes())
    patched = apply(base, [patch]).tree
    compared = 0
    for path in base:
        if base[path] != patched[path]:
            old, new = base[path].data, patched[path].data
            options = ("-p",) if path.endswith((".c", ".h")) else ()
            assert body_of(ours(old, new, sections=bool(options))) == body_of(
                gnu_diff(old, new, tmp_path, *options)
            )
            compared += 1
    assert compared


@pytest.mark.netqmail
def test_real_changes_of_netqmail_come_out_as_gnu_diff_writes_them(tmp_path: Path, netqmail: Tree) -> None:
    plan = recipe_plan("bigconc")
    patched = apply(netqmail, [parse(patch.name, patch.data) for patch in plan.patches]).tree
    for path in netqmail:
        old, new = netqmail[path].data, patched[path].data
        if old != new:
            options = ("-p",) if path.endswith((".c", ".h")) else ()
            assert body_of(ours(old, new, sections=bool(options))) == body_of(
                gnu_diff(old, new, tmp_path, *options)
            )


@pytest.mark.parametrize(
    ("old", "new", "written"),
    [
        (None, b"a\n", b"--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+a\n"),
        (b"a\nb\n", None, b"--- a/f\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n"),
        (b"a", b"a\n", b"--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"),
        (b"a\nb", b"c\nb", b"--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n-a\n+c\n b\n\\ No newline at end of file\n"),
        (None, b"", b"diff --git a/f b/f\nnew file mode 100644\n"),
        (b"", None, b"diff --git a/f b/f\ndeleted file mode 100644\n"),
        (b"", b"a\n", b"--- a/f\n+++ b/f\n@@ -0,0 +1 @@\n+a\n"),
    ],
)
def test_the_ends_of_a_file(old: bytes | None, new: bytes | None, written: bytes) -> None:
    trees = (Tree({} if data is None else {"f": File(data)}) for data in (old, new))
    assert write_diff(*trees) == written


def test_an_executable_file_needs_the_extended_header() -> None:
    written = write_diff(Tree({}), Tree({"run": File(b"x\n", EXECUTABLE)}))
    assert written.startswith(b"diff --git a/run b/run\nnew file mode 100755\n--- /dev/null\n+++ b/run\n")
    changed = write_diff(Tree({"run": File(b"x\n")}), Tree({"run": File(b"x\n", EXECUTABLE)}))
    assert changed == b"diff --git a/run b/run\nold mode 100644\nnew mode 100755\n"


@pytest.mark.parametrize(
    ("path", "name"),
    [("a b", b"--- a/a b\t\n"), ('q"', b'--- "a/q\\""\n'), ("tab\t", b'--- "a/tab\\t"\n')],
)
def test_names_that_need_care(path: str, name: bytes) -> None:
    assert name in write_diff(Tree({path: File(b"a\n")}), Tree({path: File(b"b\n")}))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"a\nx\nx\nb\n", b"a\nx\nx\nx\nb\n", Change(3, 3, 3, 4)),
        (b"a\nx\nx\nx\nb\n", b"a\nx\nx\nb\n", Change(3, 4, 3, 3)),
        (b"{\n1\n}\n", b"{\n1\n}\n{\n2\n}\n", Change(3, 3, 3, 6)),
        (b"a\nc\nb\nb\n", b"c\nb\n", Change(3, 4, 2, 2)),
    ],
)
def test_what_could_stand_at_several_places_stands_at_the_last(
    old: bytes, new: bytes, expected: Change
) -> None:
    assert changes(split_lines(old), split_lines(new))[-1] == expected


def test_a_section_is_the_head_of_the_function() -> None:
    lines = [b"int main()\n", b"{\n", b"  x();\n", b"  y();\n"]
    assert section_of(lines, 3) == b"int main()"
    assert section_of(lines, 0) == b""


def of_packed_length(rest: int) -> bytes:
    """Bytes that zlib makes 52 and `rest` of."""
    made = (b"\0" + Random(size).randbytes(size) for size in range(40, 120))  # noqa: S311 - the same every time
    return next(data for data in made if len(zlib.compress(data)) == 52 + rest)


BINARY = [
    ("changed", b"\x7fELF\0old" * 40, b"\x7fELF\0new" * 90),
    ("made", None, bytes(range(256)) * 9),
    ("removed", b"\0", None),
    ("from text", b"text\n", b"\0\n"),
    ("to text", b"\0\n", b"text\n"),
    ("to nothing in it", b"\0", b""),
    # Of the 52 bytes that a line holds the last one has as many as these; above 26 their number is a small letter.
    *((f"{rest} in the last line", b"", of_packed_length(rest)) for rest in (1, 25, 26, 27, 51, 52)),
]


@pytest.mark.parametrize(("old", "new"), [row[1:] for row in BINARY], ids=[row[0] for row in BINARY])
def test_a_binary_file_becomes_a_binary_patch(old: bytes | None, new: bytes | None, tmp_path: Path) -> None:
    """Ours and git's own reader make the new bytes of it, and the old ones again."""
    before, after = (
        Tree({"t": File(b"t\n")} if data is None else {"t": File(b"t\n"), "bin": File(data)})
        for data in (old, new)
    )
    diff = write_diff(before, after)
    assert b"GIT binary patch\n" in diff
    patch = parse("p", diff)
    assert (patch.notes, patch.header, patch.trailer) == ((), b"", b"")
    assert apply(before, [patch]).tree == after
    assert apply(after, [patch], reverse=True).tree == before
    before.write(tmp_path / "work")
    (tmp_path / "p").write_bytes(diff)
    for flags, tree in (((), after), (("-R",), before)):
        subprocess.run(["git", "apply", *flags, tmp_path / "p"], cwd=tmp_path / "work", check=True)
        assert Tree.read(tmp_path / "work") == tree


def test_a_binary_file_of_another_mode_only_has_no_payload() -> None:
    diff = write_diff(Tree({"bin": File(b"\0")}), Tree({"bin": File(b"\0", EXECUTABLE)}))
    assert diff == b"diff --git a/bin b/bin\nold mode 100644\nnew mode 100755\n"


def test_a_wrong_file_is_not_overwritten_by_a_binary_patch() -> None:
    diff = write_diff(Tree({"bin": File(b"\0old")}), Tree({"bin": File(b"\0new")}))
    applied = apply(Tree({"bin": File(b"\0other")}), [parse("p", diff)])
    assert [patch.status for patch in applied.patches] == [HunkStatus.REJECTED]


def test_many_edits_end_in_good_time() -> None:
    old = [b"%d\n" % (n % 97) for n in range(6000)]
    new = [b"%d\n" % (n * 7 % 97) for n in range(6000)]
    for change in changes(old, new):
        assert change.old_end <= len(old)
