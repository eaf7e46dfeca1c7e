"""The tar.zst of a payload, read back with other programs' eyes, and made again under other circumstances."""

from __future__ import annotations

import hashlib
import io
import os
import sys
import tarfile
from pathlib import Path

import pytest

from builder import process
from builder.packaging.archive import tar_zst
from builder.packaging.deb import deb
from builder.sources.tree import EPOCH
from tests.unit.packaging import handmade

MADE_AGAIN = """
import hashlib, os, sys
os.umask(int(sys.argv[1], 8))
from builder.packaging.archive import tar_zst
from builder.packaging.deb import deb
from tests.unit.packaging import handmade
payload = handmade.payload()
print(hashlib.sha256(tar_zst(payload.entries) + deb(payload, handmade.label())).hexdigest())
"""


def read_back() -> tarfile.TarFile:
    data = handmade.decompressed(tar_zst(handmade.payload().entries))
    return tarfile.open(fileobj=io.BytesIO(data))


def test_holds_owners_by_name_and_number_and_all_bits_of_the_mode() -> None:
    queue = read_back().getmember("var/qmail/bin/qmail-queue")
    assert queue.mode == 0o4711
    assert (queue.uid, queue.gid, queue.uname, queue.gname) == (64014, 64010, "qmailq", "qmail")
    assert read_back().getmember("var/qmail/alias").mode == 0o2755


def test_holds_every_kind_of_entry() -> None:
    archive = read_back()
    assert archive.getmember("var/qmail/queue").isdir()
    assert archive.getmember("var/qmail/queue/lock/trigger").isfifo()
    zeros = archive.extractfile("var/qmail/queue/lock/tcpto")
    assert zeros is not None
    assert zeros.read() == bytes(1024)


def test_is_in_order_with_one_time_and_without_pax_records() -> None:
    members = read_back().getmembers()
    assert [member.name for member in members] == sorted(member.name for member in members)
    assert {member.mtime for member in members} == {EPOCH}
    assert all(not member.pax_headers for member in members)


def test_the_order_of_the_entries_does_not_matter() -> None:
    entries = handmade.payload().entries
    assert tar_zst(reversed(entries)) == tar_zst(entries)


@pytest.mark.parametrize(
    ("umask", "zone", "locale", "seed"),
    [("000", "UTC", "C", "1"), ("077", "Asia/Kathmandu", "de_DE.UTF-8", "2")],
)
def test_is_the_same_elsewhere(tmp_path: Path, umask: str, zone: str, locale: str, seed: str) -> None:
    payload = handmade.payload()
    here = hashlib.sha256(tar_zst(payload.entries) + deb(payload, handmade.label())).hexdigest()
    env = {
        "PYTHONPATH": os.fspath(Path(__file__).parents[3]),
        "TZ": zone,
        "LC_ALL": locale,
        "PYTHONHASHSEED": seed,
        "HOME": os.fspath(tmp_path),
    }
    elsewhere = process.run([sys.executable, "-c", MADE_AGAIN, umask], cwd=tmp_path, env=env, timeout=60)
    assert elsewhere.text.strip() == here
