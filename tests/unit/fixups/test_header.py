"""The files of fix-ups: read as they were written, by us and by GNU patch."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from builder.errors import UsageError
from builder.fixups.fixup import FixUp, Ingredient, Settled
from builder.fixups.header import digest, read, write
from builder.patching.lint.run import lint_file
from builder.patching.parse import parse

DIFF = b"--- a/x.c\n+++ b/x.c\n@@ -1,2 +1,3 @@\n one\n+two\n three\n"
FIXUP = FixUp(
    patch=Ingredient("auth", "a" * 64),
    after=(Ingredient("tls", "b" * 64), Ingredient("big todo+1.0", "c" * 64)),
    needs=(Ingredient("base64", "d" * 64),),
    base="netqmail-1.06",
    base_tree="sha256:" + "e" * 64,
    settled=(
        Settled(path="x.c", line=12, function="smtp_ehlo", how="tokens", note="Both: this, and that: too."),
        Settled(path="a b:3.c", line=1, function="", how="both-added", note="--- a/evil.c\n+++ b/evil.c"),
    ),
    proof="no token is missing",
    compiled="native (gcc (Debian) 12.2.0)",
    diff=DIFF,
)


def test_what_was_written_is_read_again() -> None:
    plain = Settled(path="a b:3.c", line=1, function="", how="both-added", note="--- a/evil.c +++ b/evil.c")
    assert read(write(FIXUP), "x") == replace(FIXUP, settled=(FIXUP.settled[0], plain))


def test_nothing_tried_and_nothing_proved_is_read_too() -> None:
    bare = replace(FIXUP, proof="", compiled="", settled=(), needs=())
    assert read(write(bare), "x") == bare


def test_an_edited_diff_counts_as_made_by_hand() -> None:
    data = write(FIXUP)
    assert not read(data, "x").by_hand
    assert read(data.replace(b"+two", b"+2"), "x").by_hand


def test_the_parser_and_lint_take_the_header_for_prose() -> None:
    data = write(FIXUP)
    patch = parse("x", data)
    assert (len(patch.files), patch.notes, patch.header + DIFF) == (1, (), data)
    assert [problem.rule for problem in lint_file("x", data).problems] == []


def test_gnu_patch_takes_the_header_for_prose(tmp_path: Path) -> None:
    (tmp_path / "x.c").write_bytes(b"one\nthree\n")
    (tmp_path / "fixup.patch").write_bytes(write(FIXUP))
    done = subprocess.run(
        ["patch", "-p1", "-F0", "-i", "fixup.patch"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "patching file x.c\n")
    assert (tmp_path / "x.c").read_bytes() == b"one\ntwo\nthree\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fixup.patch", "x.c"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"nothing", "it has no diff"),
        (DIFF, "its header has no line 'Base'"),
        (
            write(FIXUP).replace(b"Base: netqmail-1.06 sha256:", b"Base: netqmail-1.06 md5:"),
            "is no name with a",
        ),
        (write(FIXUP).replace(b"Diff: ", b"diff: "), "its header has no line 'Diff'"),
    ],
)
def test_what_is_no_fix_up_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(UsageError) as error:
        read(data, "patches/auth/after-tls.patch")
    assert error.value.what.startswith("patches/auth/after-tls.patch is no fix-up: ")
    assert why in error.value.what


def test_the_digest_is_that_of_the_file() -> None:
    assert digest(FIXUP) != digest(replace(FIXUP, compiled=""))


def test_a_file_s_name_is_never_too_long() -> None:
    assert FIXUP.file_name == "after-tls+big todo+1.0.patch"
    many = tuple(Ingredient(f"a-patch-with-a-long-name-{number}", "f" * 64) for number in range(30))
    names = {replace(FIXUP, after=many[:count]).file_name for count in (29, 30)}
    assert len(names) == 2
    assert all(name.startswith("after-a-patch-with-a-long-name-0+") and len(name) < 100 for name in names)
