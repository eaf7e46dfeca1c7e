"""The .rej files: byte for byte what GNU patch writes."""

from __future__ import annotations

import difflib
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.patching.apply import apply
from builder.patching.parse import parse
from builder.recipes.model import ApplyPolicy
from builder.reporting.rej import rej_files
from builder.sources.tree import File, Tree

NUMBERS = "".join(f"line {number}\n" for number in range(1, 61))
HEAD = "--- a/f\n+++ b/f\n"
REJECTED = "@@ -1 +1 @@\n-not there\n+new\n"
NO_NEWLINE = "\\ No newline at end of file\n"

pytestmark = pytest.mark.skipif(shutil.which("patch") is None, reason="GNU patch is not installed")


def ours(patch: bytes, text: str, *, reverse: bool = False) -> bytes:
    tree = Tree({"f": File(text.encode())})
    applied = apply(tree, [parse("p", patch, strip=1)], ApplyPolicy(), reverse=reverse)
    return rej_files(applied.rejects).get("p/f.rej", b"")


def theirs(folder: Path, patch: bytes, text: str, *, reverse: bool = False) -> bytes:
    (folder / "f").write_text(text)
    flags = ["-p1", "-F0", "-f", "-s", "--no-backup-if-mismatch", "--reject-format=unified"]
    flags += ["-R"] if reverse else []
    subprocess.run(["patch", *flags], cwd=folder, input=patch, capture_output=True, check=False)
    rejects = folder / "f.rej"
    return rejects.read_bytes() if rejects.exists() else b""


AFTER_AN_OFFSET = (
    "@@ -3,6 +3,8 @@ int main(void)\n line 5\n line 6\n line 7\n+n1\n+n2\n line 8\n line 9\n line 10\n"
    "@@ -20,3 +22,2 @@  two  \n line 20\n-bad\n line 24\n"
    "@@ -40 +41 @@\n-bad\n+new\n"
    "@@ -43 +44,2 @@ f()\n-bad\n+a\n+b\n"
    "@@ -50,2 +52,0 @@\n-bad 50\n-bad 51\n"
)
CASES = {
    "plain names": HEAD + REJECTED,
    "times": "--- a/f\t2001-01-01 00:00:00.000000000 +0000\n+++ b/f\t2002-01-01 00:00:00 +0100\n" + REJECTED,
    "times after blanks": "--- a/f  Mon Jan  1 2001\n+++ b/f   \n" + REJECTED,
    "an Index line and prose": "Hello.\n\nIndex: f\n=====\ndiff -u a/f b/f\n" + HEAD + REJECTED,
    "git": "diff --git a/f b/f\nindex 1234567..1234568 100644\n" + HEAD + REJECTED,
    "a quoted name": '--- a/f\n+++ "b/f"\n' + REJECTED,
    "more slashes than needed": "--- a//f\n+++ b///f\n" + REJECTED,
    "another name": "--- a/f\n+++ b/f.new\n" + REJECTED,
    "a created file that is there": "--- /dev/null\t2001-01-01\n+++ b/f\t\n@@ -0,0 +1 @@\n+x\n",
    "a removed file that differs": "--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-not there\n",
    "section text": HEAD + REJECTED.replace("@@\n", "@@ int f(a\tb)\n"),
    "section of a blank": HEAD + REJECTED.replace("@@\n", "@@ \n"),
    "section without a blank": HEAD + REJECTED.replace("@@\n", "@@f()\n"),
    "a count of one written out": HEAD + REJECTED.replace("-1 +1", "-1,1 +1,1"),
    "lines shifted by an offset": HEAD + AFTER_AN_OFFSET,
    "an insertion after an offset": HEAD + "@@ -1 +1 @@\n-line 2\n+x\n@@ -7 +7,0 @@\n-not there\n",
    "added before removed": HEAD + "@@ -1,3 +1,3 @@\n+x\n-bad\n+y\n-bad2\n ctx\n",
    "a stripped blank line": HEAD + "@@ -1,3 +1,3 @@\n bad\n-y\n+x\n\n",
    "the same file twice": HEAD + REJECTED + "--- a/f\t2001\n+++ b/f\n" + REJECTED.replace("1 +1", "2 +2"),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_the_rej_file_of_gnu_patch(case: str, tmp_path: Path) -> None:
    patch = CASES[case].encode()
    expected = theirs(tmp_path, patch, NUMBERS)
    assert expected
    assert ours(patch, NUMBERS) == expected


# Taken back, creating is removing; and of a file's two changes we take back the second first, patch the first.
@pytest.mark.parametrize("case", [case for case in CASES if "file" not in case and case != "another name"])
def test_so_it_is_when_the_patch_is_to_be_taken_back(case: str, tmp_path: Path) -> None:
    patch = CASES[case].encode()
    expected = theirs(tmp_path, patch, NUMBERS, reverse=True)
    assert expected
    assert ours(patch, NUMBERS, reverse=True) == expected


def test_a_context_diff_has_the_rej_file_that_patch_gives_it_as_unified(tmp_path: Path) -> None:
    hunk = (
        "***************\n*** 10,14 ****\n  line 9\n! bad\n! bad too\n  line 12\n  line 13\n"
        "--- 10,13 ----\n  line 9\n! new\n  line 12\n  line 13\n"
    )
    patch = f"*** a/f\tMon Jan  1 2001\n--- b/f\tTue Jan  2 2001\n{hunk}".encode()
    assert ours(patch, NUMBERS) == theirs(tmp_path, patch, NUMBERS) != b""


def test_crlf_line_ends_of_the_whole_patch_are_dropped(tmp_path: Path) -> None:
    patch = (HEAD + REJECTED.replace("@@\n", "@@ f()\n")).replace("\n", "\r\n").encode()
    assert ours(patch, NUMBERS) == theirs(tmp_path, patch, NUMBERS)


def test_bytes_that_are_no_utf_8_are_kept(tmp_path: Path) -> None:
    patch = (HEAD + REJECTED.replace("@@\n", "@@ n\xe4me()\n")).replace("new", "n\xe9w").encode("latin-1")
    assert ours(patch, NUMBERS) == theirs(tmp_path, patch, NUMBERS)


@pytest.mark.parametrize(
    "hunk",
    [
        f"@@ -1 +1 @@\n-not there\n{NO_NEWLINE}+new\n",
        f"@@ -1 +1 @@\n-not there\n+new\n{NO_NEWLINE}",
        f"@@ -1,2 +1,2 @@\n-not there\n+new\n context\n{NO_NEWLINE}",
    ],
)
def test_a_missing_line_end_has_its_marker_which_gnu_patch_forgets(hunk: str, tmp_path: Path) -> None:
    """The one deliberate difference: without the marker the .rej cannot be applied any more."""
    patch = (HEAD + hunk).encode()
    rejects = ours(patch, NUMBERS)
    assert rejects == (HEAD.replace("a/", "").replace("b/", "") + hunk).encode()
    assert theirs(tmp_path, patch, NUMBERS) == rejects.replace(b"\n" + NO_NEWLINE.encode(), b"")
    fitting = "not there\ncontext" if " context" in hunk else "not there"
    text = fitting if NO_NEWLINE + "+" in hunk or " context" in hunk else fitting + "\n"
    (tmp_path / "f").write_text(text)
    done = subprocess.run(["patch", "-p0", "-F0", "-f", "-s"], cwd=tmp_path, input=rejects, check=False)
    assert done.returncode == 0


def test_each_patch_has_files_of_its_own() -> None:
    tree = Tree({"f": File(NUMBERS.encode()), "g": File(NUMBERS.encode())})
    first, second = HEAD + REJECTED, (HEAD + REJECTED).replace("/f", "/g") + HEAD + REJECTED
    patches = [parse("one", first.encode()), parse("two", second.encode())]
    assert list(rej_files(apply(tree, patches).rejects)) == ["one/f.rej", "two/g.rej", "two/f.rej"]


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_mutated_patches_leave_the_same_rejects(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    words = st.sampled_from(["{\n", "}\n", "\n", "int i;\n", "return 0;\n", "f();\n"])
    old = data.draw(st.lists(words, min_size=20, max_size=60))
    new, target = list(old), list(old)
    for lines, most in ((new, 4), (target, 3)):
        for _ in range(data.draw(st.integers(1, most))):
            at = data.draw(st.integers(0, len(lines)))
            put = data.draw(st.lists(st.sampled_from(["A\n", "B\n", "}\n"]), max_size=3))
            lines[at : at + data.draw(st.integers(0, 2))] = put
    context = data.draw(st.integers(1, 3))
    patch = "".join(difflib.unified_diff(old, new, "a/f", "b/f", n=context)).encode()
    if not patch:
        return
    folder = tmp_path_factory.mktemp("gnu")
    assert ours(patch, "".join(target)) == theirs(folder, patch, "".join(target))
