from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from builder.errors import SourceError
from builder.process import clean_environment
from builder.recipes.model import Base, BundledSource, GitSource
from builder.sources.fetch import fetch_all, obtain
from builder.sources.patience import Patience
from builder.sources.store import StoreError
from builder.sources.tree import Tree
from tests.unit.sources.conftest import Mirror, Said

ROOT = Path(__file__).resolve().parents[3]

RUN = """
import sys, pathlib, msgspec
from builder.recipes.model import Base
from builder.sources.fetch import fetch_all, obtain
class Say:
    def step(self, text): print(text, flush=True)
    def advance(self, text, done, total): pass
bases = msgspec.json.decode(sys.argv[1], type=list[Base])
where = dict(store=pathlib.Path(sys.argv[2]), progress=Say())
if len(bases) == 1:
    print(obtain(bases[0], bases_folder=pathlib.Path("/"), **where).digest)
else:
    print(fetch_all([(base, pathlib.Path("/base.toml")) for base in bases], **where))
"""


def start(bases: list[Base], store: Path, home: Path) -> subprocess.Popen[str]:
    """Another run on the same store."""
    return subprocess.Popen(
        [sys.executable, "-c", RUN, msgspec.json.encode(bases), store],
        cwd=ROOT,
        env=clean_environment({"HOME": str(home)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def get(base: Base, tmp_path: Path, said: Said | None = None, *, offline: bool = False) -> Tree:
    return obtain(base, bases_folder=tmp_path, store=tmp_path / "store", progress=said, offline=offline)


def dead(base: Base, *urls: str) -> Base:
    """The base with these mirrors and without git."""
    assert base.tarball is not None
    return msgspec.structs.replace(base, tarball=msgspec.structs.replace(base.tarball, urls=urls), git=None)


def test_the_mirror_comes_first_and_the_second_time_the_store(
    base: Base, tree: Tree, mirror: Mirror, tmp_path: Path
) -> None:
    fetched = get(base, tmp_path)
    assert dict(fetched) == dict(tree)
    mirror.files.clear()
    assert get(base, tmp_path, offline=True).digest == tree.digest
    assert len(mirror.asked) == 1


def test_the_next_mirror_is_asked_and_then_git(
    base: Base, mirror: Mirror, tmp_path: Path, said: Said
) -> None:
    assert base.tarball is not None
    urls = (f"{mirror.url}/gone.tar.gz", *base.tarball.urls)
    second = msgspec.structs.replace(base, tarball=msgspec.structs.replace(base.tarball, urls=urls))
    assert get(second, tmp_path, said).digest == base.tree
    assert [path for path, _ in mirror.asked] == ["/gone.tar.gz", "/demo-1.0.tar.gz"]
    assert f"demo-1.0: {urls[0]}: HTTP 404 Not Found" in said.steps

    mirror.files.clear()
    assert obtain(base, bases_folder=tmp_path, store=tmp_path / "other").digest == base.tree


def test_a_forged_mirror_is_said_and_git_helps(
    base: Base, archive: bytes, mirror: Mirror, tmp_path: Path, said: Said
) -> None:
    mirror.files["/demo-1.0.tar.gz"] = bytes(len(archive))
    assert get(base, tmp_path, said).digest == base.tree
    assert any("wrong SHA256" in step for step in said.steps)


def test_mirrors_that_hang_do_not_keep_git_waiting(
    base: Base, git_source: GitSource, tmp_path: Path, said: Said
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        slow = dead(base, *(f"{url}{number}.tar.gz" for number in range(9)))
        slow = msgspec.structs.replace(slow, git=base.git)
        patience = Patience(stall=0.2, mirrors=0.1)
        fetched = obtain(
            slow, bases_folder=tmp_path, store=tmp_path / "store", progress=said, patience=patience
        )
    assert fetched.digest == base.tree
    assert [step for step in said.steps if step.startswith("fetching")] == [
        f"fetching demo-1.0 from {url}0.tar.gz",
        f"fetching demo-1.0 with git {git_source.url} {git_source.commit}",
    ]


def test_a_wrong_tree_is_refused_whatever_the_source(base: Base, tmp_path: Path) -> None:
    other = msgspec.structs.replace(base, tree=f"sha256:{'1' * 64}")
    with pytest.raises(SourceError) as caught:
        get(other, tmp_path)
    assert caught.value.what.count(f"has the digest {base.tree}, expected {other.tree}") == 2
    assert not (tmp_path / "store" / "trees").exists()


def test_total_failure_lists_what_was_tried_and_how_to_bring_it(
    base: Base, git_source: GitSource, mirror: Mirror, tmp_path: Path
) -> None:
    assert base.tarball is not None
    lost = dead(base, f"{mirror.url}/gone.tar.gz", "http://127.0.0.1:1/demo-1.0.tar.gz")
    git = msgspec.structs.replace(git_source, url=str(tmp_path / "nowhere"))
    lost = msgspec.structs.replace(lost, git=git)
    with pytest.raises(SourceError) as caught:
        get(lost, tmp_path)
    assert caught.value.exit_code == 4
    lines = caught.value.what.split("\n")
    assert lines[0] == "demo-1.0 is not to be had. Tried:"
    assert lines[1] == f"  store {tmp_path / 'store'}: it is not there"
    assert lines[2] == f"  {mirror.url}/gone.tar.gz: HTTP 404 Not Found"
    assert lines[3] == "  http://127.0.0.1:1/demo-1.0.tar.gz: Connection refused"
    assert lines[4].startswith(f"  git {tmp_path / 'nowhere'} {git.commit}: git: fatal: ")
    assert len(lines) == 5
    assert "qmail-builder fetch demo-1.0 --from PATH|URL" in caught.value.hint
    assert f"({base.tarball.size} bytes, SHA256 {base.tarball.sha256})" in caught.value.hint
    assert git.commit in caught.value.hint


def test_offline_says_the_same_without_trying(base: Base, mirror: Mirror, tmp_path: Path) -> None:
    assert base.tarball is not None
    with pytest.raises(SourceError) as caught:
        get(base, tmp_path, offline=True)
    assert f"{base.tarball.urls[0]}: not tried, because of --offline" in caught.value.what
    assert "git " in caught.value.what
    assert "--from PATH|URL" in caught.value.hint
    assert mirror.asked == []
    assert not (tmp_path / "store").exists()


def test_a_damaged_store_is_repaired(base: Base, tree: Tree, tmp_path: Path) -> None:
    get(base, tmp_path)
    [entry] = (tmp_path / "store" / "trees").iterdir()
    entry.write_bytes(b"damaged")
    assert get(base, tmp_path).digest == tree.digest
    assert get(base, tmp_path, offline=True).digest == tree.digest
    assert [kept.name for kept in (tmp_path / "store" / "aside").iterdir()] == [f"damaged-trees-{entry.name}"]


def test_a_lost_tree_is_unpacked_again_even_offline(base: Base, tree: Tree, tmp_path: Path) -> None:
    get(base, tmp_path)
    [entry] = (tmp_path / "store" / "trees").iterdir()
    entry.unlink()
    assert get(base, tmp_path, offline=True).digest == tree.digest


@pytest.mark.parametrize("keep", ["tarball", "git"])
def test_a_base_that_does_not_say_its_digest_is_remembered_by_its_sources(
    base: Base, git_source: GitSource, tree: Tree, tmp_path: Path, keep: str
) -> None:
    drop = "git" if keep == "tarball" else "tarball"
    mine = msgspec.structs.replace(base, tree=None, **{drop: None})
    assert get(mine, tmp_path).digest == tree.digest
    assert get(mine, tmp_path, offline=True).digest == tree.digest
    other = msgspec.structs.replace(git_source, commit="1" * 40)
    changed = msgspec.structs.replace(mine, tarball=None, git=other)
    with pytest.raises(SourceError):
        get(changed, tmp_path, offline=True)


def test_a_store_that_cannot_be_used_is_one_error(base: Base, mirror: Mirror, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    with pytest.raises(StoreError):
        get(base, tmp_path)
    assert mirror.asked == []


def test_a_bundled_base_is_read_where_it_is(base: Base, tree: Tree, tmp_path: Path) -> None:
    tree.write(tmp_path / "demo")
    bundled = msgspec.structs.replace(base, bundled=BundledSource(folder="demo"))
    assert get(bundled, tmp_path, offline=True).digest == tree.digest
    assert not (tmp_path / "store").exists()
    (tmp_path / "demo" / "spawn.c").write_text("changed")
    with pytest.raises(SourceError, match="was changed"):
        get(bundled, tmp_path)
    with pytest.raises(SourceError, match="nothing in"):
        get(msgspec.structs.replace(base, bundled=BundledSource(folder="missing")), tmp_path)


def test_two_runs_at_once_fetch_once(base: Base, mirror: Mirror, tmp_path: Path, home: Path) -> None:
    mirror.hold = 10_000
    with start([base], tmp_path / "store", home) as first:
        assert first.stdout is not None
        assert first.stdout.readline().startswith("fetching demo-1.0 from http://")
        with start([base], tmp_path / "store", home) as second:
            assert second.stdout is not None
            assert second.stdout.readline() == "waiting for another run that fetches demo-1.0\n"
            mirror.gate.set()
            assert first.stdout.readline() == f"{base.tree}\n"
            assert second.stdout.readline() == f"{base.tree}\n"
    assert len(mirror.asked) == 1


def test_a_run_killed_while_fetching_leaves_the_store_usable(
    base: Base, mirror: Mirror, tmp_path: Path, home: Path
) -> None:
    mirror.hold = 50_000
    with start([base], tmp_path / "store", home) as child:
        assert child.stdout is not None
        assert child.stdout.readline().startswith("fetching demo-1.0 from http://")
        child.kill()
    mirror.hold = None
    assert get(base, tmp_path).digest == base.tree
    assert list((tmp_path / "store" / "scratch").iterdir()) == []


def test_several_bases_come_side_by_side(base: Base, mirror: Mirror, tmp_path: Path, said: Said) -> None:
    lost = msgspec.structs.replace(
        dead(base, f"{mirror.url}/gone.tar.gz"), name="lost", tree=f"sha256:{'1' * 64}"
    )
    twin = msgspec.structs.replace(base, name="twin")
    bundled = msgspec.structs.replace(base, name="bundled", bundled=BundledSource(folder="repository"))
    pairs = [(each, tmp_path / f"{each.name}.toml") for each in (base, lost, twin, bundled)]
    results = fetch_all(pairs, store=tmp_path / "store", progress=said)
    assert list(results) == ["demo-1.0", "lost", "twin", "bundled"]
    first, second, third, fourth = results.values()
    assert isinstance(first, Tree)
    assert isinstance(second, SourceError)
    assert isinstance(third, Tree)
    assert isinstance(fourth, Tree)
    assert first.digest == third.digest == fourth.digest == base.tree
    assert [path for path, _ in mirror.asked].count("/demo-1.0.tar.gz") == 1


def test_ctrl_c_ends_all_that_was_started(
    base: Base, git_source: GitSource, mirror: Mirror, tmp_path: Path, home: Path
) -> None:
    mirror.hold = 1000
    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = msgspec.structs.replace(git_source, url=f"git://127.0.0.1:{silent.getsockname()[1]}/demo")
        hanging = msgspec.structs.replace(base, name="hanging", tree=None, tarball=None, git=source)
        with start([base, hanging], tmp_path / "store", home) as child:
            connection, _ = silent.accept()
            child.send_signal(signal.SIGINT)
            # Git's end of the connection closes when git has ended.
            with connection:
                while connection.recv(4096):
                    pass
            assert child.stderr is not None
            assert "KeyboardInterrupt" in child.stderr.read()
    mirror.hold = None
    assert get(base, tmp_path).digest == base.tree
