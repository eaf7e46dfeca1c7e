from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from builder.errors import SourceError
from builder.recipes.model import GitSource
from builder.sources.git import fetch_commit, is_repository
from builder.sources.tree import EXECUTABLE, Tree
from tests.unit.sources.conftest import Repository

SECONDS = 60.0


@pytest.fixture
def scratch(tmp_path: Path) -> Callable[[], Path]:
    """Gives an empty folder, again and again."""

    def fresh() -> Path:
        folder = tmp_path / "scratch"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    return fresh


@pytest.fixture
def fetch(scratch: Callable[[], Path]) -> Callable[[GitSource], Tree]:
    return lambda source: fetch_commit(source, scratch=scratch(), seconds=SECONDS)


Fetch = Callable[[GitSource], Tree]


def test_the_tree_of_the_commit_comes(git_source: GitSource, tree: Tree, fetch: Fetch) -> None:
    assert fetch(git_source).digest == tree.digest


def test_an_older_commit_comes_too(
    git_source: GitSource, repository: Repository, tree: Tree, fetch: Fetch
) -> None:
    (repository.folder / "spawn.c").write_text("changed")
    repository.commit()
    assert fetch(git_source).digest == tree.digest


def test_a_server_that_gives_out_only_names(
    git_source: GitSource, repository: Repository, tree: Tree, home: Path, fetch: Fetch
) -> None:
    """As all servers are in git's older protocol, unless they are told otherwise."""
    with (home / ".gitconfig").open("a") as config:
        config.write("[protocol]\nversion = 0\n")
    # While the commit is the branch's end, behind it, and when the branch knows nothing of it.
    assert fetch(git_source).digest == tree.digest
    (repository.folder / "spawn.c").write_text("changed")
    repository.commit()
    assert fetch(git_source).digest == tree.digest
    repository.git("checkout", "--quiet", "--orphan", "other")
    (repository.folder / "spawn.c").write_text("unrelated")
    repository.commit()
    repository.git("branch", "--force", "main", "other")
    with pytest.raises(SourceError, match=f"main does not contain the commit {git_source.commit}"):
        fetch(git_source)
    with pytest.raises(SourceError, match=r"unadvertised object.*; git: .*gone"):
        fetch(msgspec.structs.replace(git_source, ref="gone"))


def test_instead_of_is_honoured(git_source: GitSource, tree: Tree, home: Path, fetch: Fetch) -> None:
    with (home / ".gitconfig").open("a") as config:
        config.write(f'[url "{git_source.url}"]\ninsteadOf = https://host.invalid/demo\n')
    assert fetch(msgspec.structs.replace(git_source, url="https://host.invalid/demo")).digest == tree.digest


def test_settings_in_the_environment_are_honoured(
    git_source: GitSource, tree: Tree, monkeypatch: pytest.MonkeyPatch, fetch: Fetch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{git_source.url}.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://host.invalid/demo")
    assert fetch(msgspec.structs.replace(git_source, url="https://host.invalid/demo")).digest == tree.digest


def test_a_run_from_a_hook_of_another_repository_leaves_that_alone(
    git_source: GitSource,
    tree: Tree,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fetch: Fetch,
) -> None:
    other = shutil.copytree(git_source.url, tmp_path / "other") / ".git"
    before = sorted(other.rglob("*"))
    monkeypatch.setenv("GIT_DIR", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / "index"))
    assert fetch(git_source).digest == tree.digest
    assert sorted(other.rglob("*")) == before


def test_attributes_change_no_byte(repository: Repository, fetch: Fetch) -> None:
    (repository.folder / ".gitattributes").write_text("*.h export-ignore\n*.v export-subst\n*.c eol=crlf\n")
    (repository.folder / "a.h").write_text("here")
    (repository.folder / "a.v").write_text("$Format:%H$")
    (repository.folder / "a.c").write_bytes(b"1\n2\n")
    fetched = fetch(GitSource(url=str(repository.folder), commit=repository.commit(), ref="main"))
    assert [fetched[name].data for name in ("a.h", "a.v", "a.c")] == [b"here", b"$Format:%H$", b"1\n2\n"]


def test_links_become_copies(repository: Repository, fetch: Fetch) -> None:
    (repository.folder / "doc" / "link").symlink_to("../find.sh")
    fetched = fetch(GitSource(url=str(repository.folder), commit=repository.commit(), ref="main"))
    assert fetched["doc/link"] == fetched["find.sh"]
    assert fetched["doc/link"].mode == EXECUTABLE


@pytest.mark.parametrize(
    ("mode", "path", "data", "reason"),
    [
        ("120000", "link", b"../../etc/passwd", "'link' leads out of it"),
        ("120000", "link", b"/etc/passwd", "'link' leads out of it"),
        ("120000", "link", b"missing", "'link' leads to no file"),
        ("100644", "a\nb", b"x", "not clean"),
    ],
)
def test_what_no_source_needs_is_refused(
    repository: Repository, fetch: Fetch, mode: str, path: str, data: bytes, reason: str
) -> None:
    repository.put_index(mode, path, data)
    source = GitSource(url=str(repository.folder), commit=repository.commit_index(), ref="main")
    with pytest.raises(SourceError, match=reason):
        fetch(source)


def test_a_submodule_is_refused(repository: Repository, fetch: Fetch) -> None:
    commit = repository.commit()
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{commit},sub")
    source = GitSource(url=str(repository.folder), commit=repository.commit_index(), ref="main")
    with pytest.raises(SourceError, match="submodule: b'sub'"):
        fetch(source)


def test_git_says_why(git_source: GitSource, tmp_path: Path, fetch: Fetch) -> None:
    with pytest.raises(SourceError, match=r"git: fatal: .*does not appear to be a git repository"):
        fetch(msgspec.structs.replace(git_source, url=str(tmp_path / "missing")))


def test_a_url_is_never_an_option(git_source: GitSource, tmp_path: Path, fetch: Fetch) -> None:
    with pytest.raises(SourceError):
        fetch(msgspec.structs.replace(git_source, url=f"--upload-pack=touch {tmp_path}/run;"))
    assert not (tmp_path / "run").exists()


def test_a_missing_git_is_said(
    git_source: GitSource, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fetch: Fetch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="apt-get install git"):
        fetch(git_source)


def test_a_silent_server_is_given_up(git_source: GitSource, scratch: Callable[[], Path]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"git://127.0.0.1:{server.getsockname()[1]}/demo"
        source = msgspec.structs.replace(git_source, url=url)
        with pytest.raises(SourceError, match="git timed out"):
            fetch_commit(source, scratch=scratch(), seconds=0.5)


def test_it_stops_when_it_is_told(git_source: GitSource, scratch: Callable[[], Path]) -> None:
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"git://127.0.0.1:{server.getsockname()[1]}/demo"
        source = msgspec.structs.replace(git_source, url=url)

        def stop_and_await_the_end() -> None:
            connection, _ = server.accept()
            stop.set()
            while connection.recv(4096):
                pass
            connection.close()

        watcher = threading.Thread(target=stop_and_await_the_end)
        watcher.start()
        with pytest.raises(SourceError):
            fetch_commit(source, scratch=scratch(), seconds=SECONDS, stop=stop.is_set)
        watcher.join()


def test_what_is_a_repository(git_source: GitSource, tmp_path: Path, repository: Repository) -> None:
    assert git_source.url == str(repository.folder)
    assert is_repository(repository.folder)
    assert is_repository(repository.folder / ".git")
    assert not is_repository(tmp_path)
