"""A mirror on the loopback, git repositories and archives, all real and made anew for each test."""

from __future__ import annotations

import io
import shutil
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from builder.console import Quiet
from builder.process import clean_environment, run
from builder.recipes.model import Base, GitSource, TarballSource
from builder.sources.store import sha256_of
from builder.sources.tree import File, Tree

TOP = "demo-1.0"
Packer = Callable[..., bytes]


def demo_tree() -> Tree:
    """The demo base: a few files, one executable, 300 kB that do not compress to nothing."""
    noise = b"".join(sha256_of(b"%d" % number).encode() + b"\n" for number in range(5000))
    return Tree(
        {
            "spawn.c": File(b"int main() { return 0; }\n"),
            "find.sh": File(b"#!/bin/sh\n", 0o755),
            "doc/INSTALL": File(noise),
        }
    )


@pytest.fixture
def tree() -> Tree:
    return demo_tree()


@pytest.fixture
def archive(tree: Tree) -> bytes:
    """The demo base as a tar.gz with the top folder demo-1.0 and a folder other/ that is no part of the base."""
    extra = tree.changed({"other/fix.patch": File(b"not ours\n")})
    return pack({f"{TOP}/{path}": file for path, file in extra.items()})


def pack(files: Mapping[str, File], mode: str = "w:gz") -> bytes:
    """A tar archive of the files under the names given."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as tar:  # type: ignore[call-overload]
        for path, file in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(file.data), file.mode
            tar.addfile(entry, io.BytesIO(file.data))
    return buffer.getvalue()


@pytest.fixture
def packer() -> Packer:
    return pack


@dataclass
class Mirror:
    """A web server that can be made to behave badly."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    """Path and Range header of each request."""
    cut_after: list[int] = field(default_factory=list)
    """For each of the next requests: how many bytes it sends before it closes the connection."""
    gate: threading.Event = field(default_factory=threading.Event)
    """With `hold`: what the rest of the body waits for."""
    hold: int | None = None
    """How many bytes it sends before it waits for the gate."""
    ranges: bool = True
    announce: bool = True


class Server(ThreadingHTTPServer):
    """Serves what a Mirror says."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.mirror = Mirror(url=f"http://127.0.0.1:{self.server_port}")

    def handle_error(self, *_words: object) -> None:
        """Nothing: clients that go away are what is tested."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        mirror, wanted = self.server.mirror, self.headers.get("Range")
        mirror.asked.append((self.path, wanted))
        body = mirror.files.get(self.path)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and mirror.ranges else 0
        if body is None:
            self.send_error(404)
        elif start and start >= len(body):
            self.send_error(416)
        else:
            self._send_head(start, len(body))
            self._send_body(body[start:])

    def _send_head(self, start: int, size: int) -> None:
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        if self.server.mirror.announce:
            self.send_header("Content-Length", str(size - start))
        self.end_headers()

    def _send_body(self, body: bytes) -> None:
        mirror = self.server.mirror
        if mirror.cut_after:
            body = body[: mirror.cut_after.pop(0)]
        if mirror.hold is not None:
            self.wfile.write(body[: mirror.hold])
            self.wfile.flush()
            mirror.gate.wait(30)
            body = body[mirror.hold :]
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Nothing: pytest's output is for results."""


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.mirror
        server.mirror.gate.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def tarball(mirror: Mirror, archive: bytes) -> TarballSource:
    """The demo base on the mirror."""
    mirror.files["/demo-1.0.tar.gz"] = archive
    return TarballSource(
        urls=(f"{mirror.url}/demo-1.0.tar.gz",),
        sha256=sha256_of(archive),
        size=len(archive),
        top=TOP,
        drop=("other",),
    )


GITCONFIG = "[user]\nname = T\nemail = t@example.org\n[init]\ndefaultBranch = main\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own, with nothing in git's settings but a name."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / ".gitconfig").write_text(GITCONFIG)
    for name in ("GIT_CONFIG_GLOBAL", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(folder))
    return folder


class Repository:
    """A git repository to fetch from."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self._home = home

    def git(self, *words: str, stdin: bytes = b"") -> str:
        env = clean_environment({"HOME": str(self._home)})
        finished = run(["git", *words], cwd=self.folder, env=env, stdin=stdin)
        assert finished.ok, finished.text
        return finished.text.strip()

    def commit(self) -> str:
        """The id of a commit of all that is in the work tree."""
        self.git("add", "--all")
        return self.commit_index()

    def commit_index(self) -> str:
        self.git("commit", "--quiet", "--allow-empty", "--message=x")
        return self.git("rev-parse", "HEAD")

    def put_index(self, mode: str, path: str, data: bytes = b"x") -> None:
        """An entry that could not be made in a work tree."""
        blob = self.git("hash-object", "-w", "--stdin", stdin=data)
        self.git("update-index", "--add", "-z", "--index-info", stdin=f"{mode} {blob}\t{path}\0".encode())


@pytest.fixture(scope="session")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the demo base as its only commit, to be copied: git needs long to make one."""
    home = tmp_path_factory.mktemp("git")
    (home / ".gitconfig").write_text(GITCONFIG)
    made = Repository(home / "repository", home)
    made.folder.mkdir()
    made.git("init", "--quiet", "--template=")
    demo_tree().write(made.folder)
    made.commit()
    return made.folder


@pytest.fixture
def repository(committed: Path, tmp_path: Path, home: Path) -> Repository:
    """A repository with the demo base in its work tree and as its only commit."""
    return Repository(shutil.copytree(committed, tmp_path / "repository"), home)


@pytest.fixture
def git_source(repository: Repository) -> GitSource:
    """That commit."""
    return GitSource(url=str(repository.folder), commit=repository.git("rev-parse", "HEAD"), ref="main")


@pytest.fixture
def base(tree: Tree, tarball: TarballSource, git_source: GitSource) -> Base:
    """The demo base with all its sources."""
    return Base(
        name="demo-1.0",
        summary="A demonstration",
        version="1.0",
        license="0BSD",
        tree=tree.digest,
        tarball=tarball,
        git=git_source,
    )


@dataclass
class Said(Quiet):
    """A Progress that remembers what was said."""

    steps: list[str] = field(default_factory=list)
    parts: list[tuple[str, int, int | None]] = field(default_factory=list)

    def step(self, text: str) -> None:
        self.steps.append(text)

    def advance(self, text: str, done: int, total: int | None) -> None:
        self.parts.append((text, done, total))


@pytest.fixture
def said() -> Said:
    return Said()
