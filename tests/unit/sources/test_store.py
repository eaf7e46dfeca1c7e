from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from builder.errors import SourceError
from builder.process import run
from builder.sources.store import Store, StoreError, default_store, sha256_of
from builder.sources.tree import Tree


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_what_was_kept_is_there(store: Store, tree: Tree) -> None:
    assert store.tree(tree.digest) is None
    store.keep_tree(tree)
    kept = store.tree(tree.digest)
    assert kept is not None
    assert kept.digest == tree.digest


def test_looking_into_a_store_makes_nothing(store: Store, tree: Tree) -> None:
    assert store.tree(tree.digest) is None
    assert store.archive("0" * 64) is None
    assert store.named("key") is None
    assert not store.folder.exists()


@pytest.mark.parametrize("damage", [b"", b"garbage", None])
def test_a_damaged_tree_is_set_aside(store: Store, tree: Tree, damage: bytes | None) -> None:
    store.keep_tree(tree)
    path = store.folder / "trees" / tree.digest.removeprefix("sha256:")
    path.write_bytes(tree.pack()[:-1] if damage is None else damage)
    assert store.tree(tree.digest) is None
    assert not path.exists()
    assert [kept.name for kept in (store.folder / "aside").iterdir()] == [f"damaged-trees-{path.name}"]
    store.keep_tree(tree)
    assert store.tree(tree.digest) is not None


def test_a_name_leads_to_a_digest(store: Store, tree: Tree) -> None:
    store.name("key", tree.digest)
    assert store.named("key") == tree.digest
    (store.folder / "names" / "key").write_text("../../etc/passwd")
    assert store.named("key") is None


def test_a_finished_part_becomes_an_archive(store: Store) -> None:
    sha256 = sha256_of(b"bytes")
    part = store.part(sha256)
    part.write_bytes(b"bytes")
    store.keep_archive(part, sha256)
    assert store.archive(sha256) == b"bytes"
    assert not part.exists()


def test_scratch_is_empty_even_after_a_killed_run_and_goes_away(store: Store) -> None:
    left = store.folder / "scratch" / "key" / "left"
    left.parent.mkdir(parents=True)
    left.write_text("by a killed run")
    with store.locked("key") as scratch:
        assert list(scratch.iterdir()) == []
        (scratch / "mine").write_text("x")
    assert not scratch.exists()


def test_a_lock_is_released_by_the_death_of_its_holder(store: Store) -> None:
    code = (
        "import os, sys, pathlib; from builder.sources.store import Store\n"
        "with Store(pathlib.Path(sys.argv[1])).locked('key') as scratch:\n"
        "    (scratch / 'left').write_text('x'); os.kill(os.getpid(), 9)\n"
    )
    died = run([sys.executable, "-c", code, store.folder], cwd=Path(__file__).parents[3])
    assert died.returncode == -9, died.text
    waited: list[bool] = []
    with store.locked("key", lambda: waited.append(True)) as scratch:
        assert list(scratch.iterdir()) == []
    assert not waited


def test_a_store_that_is_a_file_is_said(tmp_path: Path, tree: Tree) -> None:
    (tmp_path / "store").write_text("a file")
    with pytest.raises(StoreError) as caught:
        Store(tmp_path / "store").keep_tree(tree)
    assert str(tmp_path / "store") in caught.value.what
    assert "QMAIL_BUILDER_STORE" in caught.value.hint
    with pytest.raises(SourceError):
        Store(tmp_path / "store").tree(tree.digest)


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, tree: Tree) -> None:
    code = (
        "import resource, signal, sys, pathlib\n"
        "from builder.sources.store import Store, StoreError\n"
        "from builder.sources.tree import File, Tree\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try: Store(pathlib.Path(sys.argv[1])).keep_tree(Tree({'a': File(bytes(5000))}))\n"
        "except StoreError as error: print(error.what)\n"
    )
    said = run([sys.executable, "-c", code, tmp_path], cwd=Path(__file__).parents[3])
    assert "File too large" in said.text
    assert [path for path in tmp_path.rglob("*") if path.is_file() and path.parent.name != "locks"] == []
    Store(tmp_path).keep_tree(tree)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"QMAIL_BUILDER_STORE": "/own", "XDG_CACHE_HOME": "/cache"}, "/own"),
        ({"XDG_CACHE_HOME": "/cache"}, "/cache/qmail-builder"),
        ({"XDG_CACHE_HOME": "relative"}, "/home/u/.cache/qmail-builder"),
        ({}, "/home/u/.cache/qmail-builder"),
    ],
)
def test_where_the_store_is(
    environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("QMAIL_BUILDER_STORE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/u")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert os.fspath(default_store()) == expected
