"""What is too much is refused, early and in linear time: no test here may take more than moments."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib

import pytest

from builder.patching.parse import PatchError, limits, parse

HEAD = b"--- a/a.c\n+++ b/a.c\n"


def rule(data: bytes) -> str:
    with pytest.raises(PatchError) as caught:
        parse("p", data)
    assert caught.value.exit_code == 2
    return caught.value.rule


def test_a_million_hunks() -> None:
    assert rule(HEAD + b"@@ -1 +1 @@\n-a\n+b\n" * (limits.MOST_HUNKS + 1)) == "too-much"


def test_many_files() -> None:
    assert rule((HEAD + b"@@ -1 +1 @@\n-a\n+b\n") * (limits.MOST_FILES + 1)) == "too-much"


def test_too_many_lines_and_too_many_bytes() -> None:
    assert rule(b"\n" * (limits.MOST_LINES + 1)) == "too-much"
    assert rule(b"x" * (limits.MOST_BYTES + 1)) == "too-much"


def test_many_notes_are_not_all_kept() -> None:
    patch = parse("p", HEAD + b"@@ -1,5000 +1,5001 @@\n" + b"\n" * 5000 + b"+x\n")
    assert len(patch.notes) == limits.MOST_NOTES


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_bomb(pack: object) -> None:
    assert callable(pack)
    assert rule(pack(bytes(limits.MOST_BYTES + 1))) == "too-much"


def test_many_compressed_parts() -> None:
    assert rule(gzip.compress(b"") * 2000) == "too-much"


@pytest.mark.parametrize("magic", [b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"])
def test_what_is_compressed_and_damaged(magic: bytes) -> None:
    assert rule(magic) == "damaged-archive"
    assert rule(magic + bytes(range(256))) == "damaged-archive"


def test_text_behind_a_compressed_patch_is_left_out() -> None:
    packed = gzip.compress(HEAD + b"@@ -1 +1 @@\n-a\n+b\n")
    assert len(parse("p", packed + b"trailing bytes").files) == 1


@pytest.mark.parametrize(
    "line",
    [b"--- a/" + b"x" * 10_000_000, b'--- "' + b"\\" * 5_000_000, b"@@ -" + b"1" * 5_000_000, b" \t" * 5_000_000,
     b"diff --git " + b"a " * 5_000_000, b"*** " + b" " * 5_000_000, b"Binary files " + b" and " * 1_000_000,
     b"index " + b"a" * 5_000_000, b"-" * 5_000_000],
)  # fmt: skip
def test_long_lines_take_linear_time(line: bytes) -> None:
    assert rule(line + b"\n" + line) == "no-diff"


@pytest.mark.parametrize(
    "line",
    [b"--- a/a.c\n+++ b/a.c\n", b"diff --git a/a.c b/a.c\n", b"***************\n", b"@@ -1 +1 @@\n", b"Index: a\n", b"1c1\n",
     b"Only in a: b\n"],
)  # fmt: skip
def test_many_heads_without_hunks_take_linear_time(line: bytes) -> None:
    assert rule(line * 200_000) == "no-diff"


def test_counts_beyond_the_file_cost_nothing() -> None:
    assert rule(HEAD + b"@@ -1,1999999999 +1,1999999999 @@\n a\n") == "malformed-hunk"
    assert rule(b"*** a\n--- b\n********\n*** 1,1999999999 ****\n  a\n--- 1 ----\n") == "malformed-hunk"


def binary(kind: bytes, size: int, data: bytes) -> bytes:
    import base64

    packed = zlib.compress(data, 9)
    lines = b""
    for start in range(0, len(packed), 52):
        part = packed[start : start + 52]
        length = len(part) + (64 if len(part) <= 26 else 70)
        lines += bytes([length]) + base64.b85encode(part, pad=True) + b"\n"
    return b"diff --git a/x b/x\nGIT binary patch\n%s %d\n%s\n" % (kind, size, lines)


def test_binary_payloads_share_one_bound() -> None:
    large = bytes(limits.MOST_BINARY // 2 + 1)
    one = binary(b"literal", len(large), large)
    assert len(parse("p", one).files) == 1
    assert rule(one + one) == "too-much"


def test_a_binary_payload_that_lies_about_its_size() -> None:
    assert rule(binary(b"literal", 10, bytes(20_000_000))) == "malformed-binary"


def test_a_delta_that_would_make_gigabytes() -> None:
    assert rule(binary(b"delta", 7, b"\x01\xff\xff\xff\xff\x7f\x01")) == "too-much"
    assert rule(binary(b"delta", 3_000_000, bytes(3_000_000))) == "too-much"
