"""git's binary patches: the bytes that git itself makes of them, and the ids that they are checked against."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from builder.patching import binary
from builder.patching.parse import parse
from builder.patching.patch import BinaryPatch, BinaryPayload

OLD = bytes(range(256)) * 20
NEW = OLD[:1000] + b"new bytes \0\n" + OLD[1500:] + bytes(300)


def git(folder: Path, *arguments: str) -> bytes:
    command = ["git", "-c", "core.autocrlf=false", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).stdout


@pytest.fixture
def change(tmp_path: Path) -> BinaryPatch:
    (tmp_path / "old").write_bytes(OLD)
    (tmp_path / "new").write_bytes(NEW)
    data = git(tmp_path, "diff", "--no-index", "--no-ext-diff", "--binary", "old", "new")
    (file,) = parse("p", data).files
    assert file.binary is not None
    return file.binary


def test_what_git_diff_writes_makes_the_new_file_and_the_old_again(change: BinaryPatch) -> None:
    assert binary.apply(change, OLD) == NEW
    assert binary.apply(change, NEW, reverse=True) == OLD


def test_both_ways_have_been_deltas(change: BinaryPatch) -> None:
    assert change.forward.delta
    assert change.reverse is not None


def test_another_old_file_is_refused(change: BinaryPatch) -> None:
    with pytest.raises(binary.WrongBlobError, match="another one than the patch was made for"):
        binary.apply(change, OLD[:-1] + b"x")


def test_another_length_is_refused_without_ids_too(change: BinaryPatch) -> None:
    with pytest.raises(binary.WrongBlobError, match=r"19 bytes, not 5120"):
        binary.apply(replace(change, old_id="", new_id=""), b"some quite other fi")


def test_a_new_file_that_is_not_what_the_id_says_is_refused(change: BinaryPatch) -> None:
    with pytest.raises(binary.WrongBlobError, match="does not make the file that it promises"):
        binary.apply(replace(change, new_id="1" * 40), OLD)


def test_ids_of_nothing_are_zeros() -> None:
    payload = BinaryPayload(delta=False, data=b"x", line=1)
    patch = BinaryPatch(forward=payload, old_id="0" * 40, new_id=binary.blob_id(b"x"))
    assert binary.apply(patch, b"") == b"x"
    with pytest.raises(binary.WrongBlobError):
        binary.apply(patch, b"there is a file")


def test_without_a_payload_backwards_it_cannot_be_taken_back() -> None:
    patch = BinaryPatch(forward=BinaryPayload(delta=False, data=b"x", line=1))
    with pytest.raises(binary.WrongBlobError, match="takes the change back"):
        binary.apply(patch, b"x", reverse=True)


@pytest.mark.parametrize(
    "delta",
    [b"\x03\x03\x90", b"\x03\x03\x90\x04", b"\x03\x03\x05ab", b"\x03\x03\x00", b"\x03\x03\x90\x02", b"\x03\x02\x90\x03",
     b"\x03\x03\xff\xff"],
)  # fmt: skip
def test_a_damaged_delta_is_refused(delta: bytes) -> None:
    patch = BinaryPatch(forward=BinaryPayload(delta=True, data=delta, line=1))
    with pytest.raises(binary.WrongBlobError, match="damaged"):
        binary.apply(patch, b"abc")
