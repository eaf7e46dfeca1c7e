from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from builder.console import Quiet
from builder.errors import SourceError
from builder.process import clean_environment
from builder.recipes.model import TarballSource
from builder.sources.archive import MAX_ARCHIVE
from builder.sources.download import download, download_unknown
from builder.sources.patience import Patience
from builder.sources.store import Store, sha256_of
from tests.unit.sources.conftest import Mirror, Said

IMPATIENT = Patience(connect=2, stall=0.5)
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def fetch(tarball: TarballSource, store: Store, said: Said | None = None, url: str | None = None) -> bytes:
    return download(
        url or tarball.urls[0], tarball, store=store, progress=said or Quiet(), patience=IMPATIENT
    )


def parts(store: Store) -> list[Path]:
    return list((store.folder / "parts").iterdir())


def test_the_right_bytes_come_and_are_kept(
    tarball: TarballSource, mirror: Mirror, archive: bytes, store: Store, said: Said
) -> None:
    assert fetch(tarball, store, said) == archive
    assert store.archive(tarball.sha256) == archive
    assert parts(store) == []
    assert said.parts[-1] == ("demo-1.0.tar.gz", len(archive), len(archive))
    assert fetch(tarball, store) == archive
    assert len(mirror.asked) == 1


def test_a_cut_connection_is_resumed(
    tarball: TarballSource, mirror: Mirror, archive: bytes, store: Store
) -> None:
    mirror.cut_after = [50_000, 30_000]
    assert fetch(tarball, store) == archive
    assert [asked for _, asked in mirror.asked] == [None, "bytes=50000-", "bytes=80000-"]


def test_a_cut_connection_without_a_length_is_resumed(
    tarball: TarballSource, mirror: Mirror, archive: bytes, store: Store
) -> None:
    mirror.cut_after = [50_000]
    mirror.announce = False
    assert fetch(tarball, store) == archive
    assert [asked for _, asked in mirror.asked] == [None, "bytes=50000-"]


def test_a_mirror_that_knows_no_ranges_starts_anew(
    tarball: TarballSource, mirror: Mirror, archive: bytes, store: Store
) -> None:
    mirror.cut_after = [50_000]
    mirror.ranges = False
    assert fetch(tarball, store) == archive


def test_a_mirror_that_always_cuts_is_given_up_and_the_next_goes_on(
    tarball: TarballSource, mirror: Mirror, archive: bytes, store: Store
) -> None:
    mirror.cut_after = [20_000, 0]
    with pytest.raises(SourceError):
        fetch(tarball, store)
    assert parts(store)[0].stat().st_size == 20_000
    mirror.files["/second/demo-1.0.tar.gz"] = archive
    assert fetch(tarball, store, url=f"{mirror.url}/second/demo-1.0.tar.gz") == archive
    assert mirror.asked[-1] == ("/second/demo-1.0.tar.gz", "bytes=20000-")


def test_a_killed_run_is_resumed(
    tarball: TarballSource, mirror: Mirror, archive: bytes, store: Store
) -> None:
    mirror.hold = 60_000
    code = (
        "import sys, pathlib, msgspec\n"
        "from builder.console import Quiet\n"
        "from builder.recipes.model import TarballSource\n"
        "from builder.sources.download import download\n"
        "from builder.sources.patience import Patience\n"
        "from builder.sources.store import Store\n"
        "tarball = msgspec.json.decode(sys.argv[1], type=TarballSource)\n"
        "download(tarball.urls[0], tarball, store=Store(pathlib.Path(sys.argv[2])), progress=Quiet(),\n"
        "         patience=Patience())\n"
    )
    words = [sys.executable, "-c", code, msgspec.json.encode(tarball).decode(), str(store.folder)]
    with subprocess.Popen(words, cwd=ROOT, env=clean_environment()) as child:
        part = store.folder / "parts" / tarball.sha256
        while not part.exists() or part.stat().st_size < 40_000:
            assert child.poll() is None
            time.sleep(0.01)
        child.kill()
    mirror.hold = None
    held = part.stat().st_size
    assert fetch(tarball, store) == archive
    assert mirror.asked[-1] == ("/demo-1.0.tar.gz", f"bytes={held}-")


def test_a_part_that_is_whole_already_needs_no_mirror(
    tarball: TarballSource, mirror: Mirror, archive: bytes, store: Store
) -> None:
    store.part(tarball.sha256).write_bytes(archive)
    assert fetch(tarball, store) == archive
    assert mirror.asked == []


@pytest.mark.parametrize("length", [1000, 1_000_000])
def test_a_bad_part_is_not_the_fault_of_this_mirror(
    tarball: TarballSource, archive: bytes, store: Store, length: int
) -> None:
    store.part(tarball.sha256).write_bytes(b"?" * length)
    assert fetch(tarball, store) == archive


def test_a_wrong_hash_names_both_and_keeps_the_file(
    tarball: TarballSource, mirror: Mirror, archive: bytes, store: Store
) -> None:
    forged = bytes(len(archive))
    mirror.files["/demo-1.0.tar.gz"] = forged
    with pytest.raises(SourceError) as caught:
        fetch(tarball, store)
    assert sha256_of(forged) in caught.value.what
    assert tarball.sha256 in caught.value.what
    [kept] = (store.folder / "aside").iterdir()
    assert kept.read_bytes() == forged
    assert str(kept) in caught.value.what
    assert store.archive(tarball.sha256) is None
    mirror.files["/demo-1.0.tar.gz"] = archive
    assert fetch(tarball, store) == archive


def test_a_shorter_file_is_a_wrong_hash(tarball: TarballSource, mirror: Mirror, store: Store) -> None:
    mirror.files["/demo-1.0.tar.gz"] = b"<html>moved</html>"
    with pytest.raises(SourceError) as caught:
        fetch(tarball, store)
    assert "(18 bytes)" in caught.value.what
    assert f"({tarball.size} bytes)" in caught.value.what


def test_a_longer_file_is_not_downloaded(
    tarball: TarballSource, mirror: Mirror, archive: bytes, store: Store, said: Said
) -> None:
    mirror.files["/demo-1.0.tar.gz"] = archive + b"x"
    with pytest.raises(SourceError, match=f"it has {len(archive) + 1} bytes, expected {len(archive)}"):
        fetch(tarball, store, said)
    assert said.parts == []


def test_an_endless_file_is_stopped(
    tarball: TarballSource, mirror: Mirror, archive: bytes, store: Store
) -> None:
    mirror.announce = False
    mirror.files["/demo-1.0.tar.gz"] = archive * 100
    with pytest.raises(SourceError, match=f"more than the expected {len(archive)} bytes"):
        fetch(tarball, store)
    assert parts(store) == []


def test_a_stalled_mirror_is_given_up(tarball: TarballSource, mirror: Mirror, store: Store) -> None:
    mirror.hold = 0
    with pytest.raises(SourceError, match=r"silent for 0\.5 s"):
        fetch(tarball, store)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:1/demo.tar.gz", "Connection refused"),
        ("http://host.invalid/demo.tar.gz", "not known|resol|failure"),
        ("gopher://127.0.0.1/demo.tar.gz", "gopher"),
        ("http:///demo.tar.gz", "No host"),
    ],
)
def test_why_a_mirror_cannot_be_reached(url: str, reason: str, tarball: TarballSource, store: Store) -> None:
    with pytest.raises(SourceError, match=reason):
        fetch(tarball, store, url=url)


def test_a_missing_file_is_said(tarball: TarballSource, mirror: Mirror, store: Store) -> None:
    with pytest.raises(SourceError, match="HTTP 404 Not Found"):
        fetch(tarball, store, url=f"{mirror.url}/missing.tar.gz")


def test_an_archive_of_unknown_hash_is_limited(mirror: Mirror) -> None:
    mirror.files["/a.tar"] = b"short"
    assert download_unknown(f"{mirror.url}/a.tar", progress=Quiet(), patience=IMPATIENT) == b"short"
    mirror.files["/b.tar"] = bytes(MAX_ARCHIVE + 1)
    with pytest.raises(SourceError, match="more than"):
        download_unknown(f"{mirror.url}/b.tar", progress=Quiet(), patience=IMPATIENT)
    with pytest.raises(SourceError, match="HTTP 404"):
        download_unknown(f"{mirror.url}/c.tar", progress=Quiet(), patience=IMPATIENT)
