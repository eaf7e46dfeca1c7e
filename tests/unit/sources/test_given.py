from __future__ import annotations

import lzma
from pathlib import Path

import msgspec
import pytest

from builder.errors import SourceError, UsageError
from builder.recipes.model import Base, BundledSource
from builder.sources.fetch import obtain
from builder.sources.given import is_url
from builder.sources.store import sha256_of
from builder.sources.tree import File, Tree
from tests.unit.sources.conftest import Mirror, Packer


def take(base: Base, given: object, tmp_path: Path, *, offline: bool = False) -> Tree:
    return obtain(base, bases_folder=tmp_path, store=tmp_path / "store", given=str(given), offline=offline)


@pytest.fixture
def file(tmp_path: Path, archive: bytes) -> Path:
    path = tmp_path / "brought.bin"
    path.write_bytes(archive)
    return path


def test_the_archive_itself(base: Base, file: Path, tmp_path: Path, mirror: Mirror) -> None:
    assert take(base, file, tmp_path, offline=True).digest == base.tree
    assert mirror.asked == []
    file.unlink()
    kept = obtain(base, bases_folder=tmp_path, store=tmp_path / "store", offline=True)
    assert kept.digest == base.tree


def test_the_same_files_packed_in_another_way(base: Base, tree: Tree, tmp_path: Path, packer: Packer) -> None:
    path = tmp_path / "again.tar.xz"
    path.write_bytes(lzma.compress(packer({f"./demo/{name}": entry for name, entry in tree.items()}, "w:")))
    assert take(base, path, tmp_path).digest == base.tree


def test_the_archive_unpacked(base: Base, tree: Tree, tmp_path: Path) -> None:
    tree.changed({"other/fix.patch": File(b"x")}).write(tmp_path / "demo-1.0")
    assert take(base, tmp_path / "demo-1.0", tmp_path).digest == base.tree


def test_a_repository(base: Base, tmp_path: Path) -> None:
    assert base.git is not None
    (Path(base.git.url) / "spawn.c").write_text("not committed")
    assert take(base, base.git.url, tmp_path).digest == base.tree


def test_a_path_relative_to_here(
    base: Base, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert take(base, file.name, tmp_path).digest == base.tree
    assert take(base, "repository", tmp_path).digest == base.tree


def test_the_url_of_the_archive(base: Base, archive: bytes, mirror: Mirror, tmp_path: Path) -> None:
    mirror.files["/my/demo-1.0.tar.gz"] = archive
    mirror.files["/my/renamed.tgz"] = archive
    assert take(base, f"{mirror.url}/my/demo-1.0.tar.gz", tmp_path).digest == base.tree
    assert take(base, f"{mirror.url}/my/renamed.tgz", tmp_path).digest == base.tree
    mirror.files["/get.tar.gz?id=1"] = archive
    assert take(base, f"{mirror.url}/get.tar.gz?id=1", tmp_path).digest == base.tree


def test_the_url_of_a_repository(base: Base, tmp_path: Path) -> None:
    assert base.git is not None
    assert take(base, f"file://{base.git.url}", tmp_path).digest == base.tree


def test_wrong_bytes_name_both_hashes(base: Base, file: Path, tmp_path: Path, packer: Packer) -> None:
    assert base.tarball is not None
    forged = packer({"demo-1.0/spawn.c": File(b"evil")})
    file.write_bytes(forged)
    with pytest.raises(SourceError) as caught:
        take(base, file, tmp_path)
    assert str(file) in caught.value.what
    assert sha256_of(forged) in caught.value.what
    assert base.tarball.sha256 in caught.value.what
    assert base.tree is not None
    assert base.tree in caught.value.what
    assert file.exists()


def test_no_archive_at_all(base: Base, file: Path, tmp_path: Path) -> None:
    file.write_bytes(b"<html>")
    with pytest.raises(SourceError) as caught:
        take(base, file, tmp_path)
    assert "no tar archive" in caught.value.what
    assert sha256_of(b"<html>") in caught.value.what


def test_what_is_brought_is_never_passed_over(base: Base, file: Path, tmp_path: Path) -> None:
    """Neither the store nor the other sources hide that the user brought the wrong thing."""
    take(base, file, tmp_path)
    file.write_bytes(b"wrong")
    with pytest.raises(SourceError):
        take(base, file, tmp_path)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("missing.tar.gz", "cannot be read: No such file or directory"),
        ("empty", "it has no files"),
        ("http://127.0.0.1:1/demo-1.0.tar.gz", "Connection refused"),
        ("http://127.0.0.1:1/no-archive", "git: fatal"),
    ],
)
def test_what_cannot_be_taken(
    base: Base, tmp_path: Path, given: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match=reason) as caught:
        take(base, given, tmp_path)
    assert "--from PATH|URL" in caught.value.hint


def test_a_url_needs_the_network(base: Base, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="--offline"):
        take(base, "https://example.org/demo-1.0.tar.gz", tmp_path, offline=True)


def test_a_folder_without_a_known_digest_is_not_trusted(base: Base, tree: Tree, tmp_path: Path) -> None:
    tree.write(tmp_path / "demo-1.0")
    with pytest.raises(SourceError) as caught:
        take(msgspec.structs.replace(base, tree=None), tmp_path / "demo-1.0", tmp_path)
    assert f'tree = "{tree.digest}"' in caught.value.hint


def test_an_archive_with_the_right_hash_needs_no_tree_digest(base: Base, file: Path, tmp_path: Path) -> None:
    assert take(msgspec.structs.replace(base, tree=None), file, tmp_path).digest == base.tree


def test_a_bundled_base_cannot_be_brought(base: Base, tmp_path: Path) -> None:
    bundled = msgspec.structs.replace(base, bundled=BundledSource(folder="demo"))
    with pytest.raises(UsageError, match="--from"):
        take(bundled, tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://example.org/a.tar.gz", True),
        ("git@example.org:a/b", True),
        ("ssh://example.org/a", True),
        ("/a/b.tar.gz", False),
        ("a/b@c:d", False),
        ("netqmail-1.06", False),
    ],
)
def test_what_is_a_url(given: str, expected: bool) -> None:
    assert is_url(given) is expected
