"""A base from git, by the id of its commit, through the user's own git program.

The user's settings count (`url.<base>.insteadOf`, credentials, proxies), so that local mirrors work. Only the one commit
is fetched, into a repository that is thrown away, and its files are read as git stores them: `git archive` and a
checkout would apply the attributes that the commit itself brings along.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from builder.errors import SourceError
from builder.process import NOT_FOUND, Finished, clean_environment, run
from builder.recipes.model import GitSource
from builder.sources.members import Member, check_size, grow, linked
from builder.sources.tree import Tree

# What git needs to work as the user set it up. Not GIT_DIR and the like: they would lead into another repository,
# as they do when we are run by one of its hooks.
_PASSED = re.compile(
    r"HOME|USER|LOGNAME|PATH|TMPDIR|XDG_CONFIG_HOME|SSH_.*|SSL_CERT_.*|CURL_.*|(?i:(http|https|ftp|all|no)_proxy)"
    r"|GIT_(CONFIG.*|SSL_.*|SSH.*|HTTP_.*|PROXY_.*|ASKPASS|TRACE.*|EXEC_PATH|PROTOCOL.*|ALLOW_PROTOCOL)"
)

_SETTINGS = (
    # A server that stops sending is given up even where nothing waits for it any more.
    "http.lowSpeedLimit=1",
    "http.lowSpeedTime=20",
    # Nothing of the user's own is to run on a repository that lives for a second.
    "core.hooksPath=/dev/null",
    "gc.auto=0",
    "maintenance.auto=false",
)

_EVERYTHING = 0x7FFFFFFF
"""The depth that git takes for the whole history."""

_EXECUTABLE = "100755"
_LINK = "120000"
_KINDS = {"160000": "submodule"}


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line of `git ls-tree`."""

    mode: str
    id: str
    size: int
    path: str


def fetch_commit(
    source: GitSource, *, scratch: Path, seconds: float, stop: Callable[[], bool] | None = None
) -> Tree:
    """The tree of the commit. `scratch` is an empty folder to work in. SourceError says what git said."""
    repository = _Repository(scratch / "git", time.monotonic() + seconds, stop)
    repository.git("init", "--quiet", "--bare", "--template=", ".")
    _bring_commit(repository, source)
    listing = repository.git("ls-tree", "-r", "-z", "--long", "--full-tree", source.commit).output
    entries = [_entry(line) for line in listing.split(b"\0") if line]
    check_size(len(entries), sum(entry.size for entry in entries))
    ids = "".join(f"{entry.id}\n" for entry in entries).encode()
    contents = repository.git("cat-file", "--batch", stdin=ids).output
    return grow(_members(entries, contents))


def is_repository(folder: Path) -> bool:
    """Whether the folder is a git repository, with a work tree or bare."""
    return (folder / ".git").exists() or ((folder / "HEAD").is_file() and (folder / "objects").is_dir())


class _Repository:
    """A bare repository of our own and how git is called in it."""

    def __init__(self, folder: Path, deadline: float, stop: Callable[[], bool] | None) -> None:
        folder.mkdir()
        self._folder = folder
        self._deadline = deadline
        self._stop = stop

    def git(self, *words: str, stdin: bytes = b"") -> Finished:
        """What git printed; SourceError with what it said if it failed."""
        finished = self.attempt(*words, stdin=stdin)
        if not finished.ok:
            raise SourceError(_complaint(finished))
        return finished

    def attempt(self, *words: str, stdin: bytes = b"") -> Finished:
        """How it went, whatever that was."""
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        return run(
            ["git", *settings, *words],
            cwd=self._folder,
            env=_environment(self._folder),
            stdin=stdin,
            timeout=max(0.0, self._deadline - time.monotonic()),
            join=False,
            stop=self._stop,
        )

    def fetch(self, url: str, what: str, *, depth: int) -> Finished:
        return self.attempt(
            "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", f"--depth={depth}", "--", url, what
        )

    def has(self, commit: str) -> bool:
        return self.attempt("cat-file", "-e", f"{commit}^{{commit}}").ok


def _bring_commit(repository: _Repository, source: GitSource) -> None:
    """Fetch the commit by its id; from a server that gives out only names by its name, and if that has moved on since
    then, with all that came before it."""
    by_id = repository.fetch(source.url, source.commit, depth=1)
    if repository.has(source.commit):
        return
    if by_id.timed_out:
        raise SourceError(_complaint(by_id))
    by_name = repository.fetch(source.url, source.ref, depth=1)
    if by_name.ok and not repository.has(source.commit):
        by_name = repository.fetch(source.url, source.ref, depth=_EVERYTHING)
    if not by_name.ok:
        said = dict.fromkeys((_complaint(by_id), _complaint(by_name)))
        raise SourceError("; ".join(said))
    if not repository.has(source.commit):
        raise SourceError(f"{source.ref} does not contain the commit {source.commit}")


def _environment(folder: Path) -> dict[str, str]:
    passed = {name: value for name, value in os.environ.items() if _PASSED.fullmatch(name)}
    return clean_environment(
        {
            **passed,
            "GIT_DIR": str(folder),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_REPLACE_OBJECTS": "1",
        }
    )


def _complaint(finished: Finished) -> str:
    """Why git failed: the first line in which it says so itself, or how it ended."""
    if finished.returncode == NOT_FOUND:
        return "git is not installed (apt-get install git)"
    if finished.timed_out:
        return "git timed out"
    lines = finished.errors.decode("utf-8", "replace").split("\n")
    said = [line for line in lines if line.startswith(("fatal:", "error:", "ssh:"))]
    return f"git: {said[0].strip()}" if said else f"git: {finished.how}"


def _entry(line: bytes) -> _Entry:
    meta, _, path = line.partition(b"\t")
    mode, kind, name, size = meta.decode().split()
    if mode in _KINDS or kind != "blob":
        raise SourceError(f"it has a {_KINDS.get(mode, kind)}: {path!r}")
    return _Entry(mode, name, int(size), path.decode("utf-8", "surrogateescape"))


def _members(entries: Sequence[_Entry], contents: bytes) -> Iterator[Member]:
    """The files in `git cat-file --batch` format: a line with id, kind and size, the bytes, a newline."""
    at = 0
    for entry in entries:
        start = contents.index(b"\n", at) + 1
        if contents[at:start] != f"{entry.id} blob {entry.size}\n".encode():
            raise SourceError(f"git gives {contents[at:start]!r} for {entry.path!a}")
        at = start + entry.size + 1
        data = contents[start : start + entry.size]
        if entry.mode == _LINK:
            yield Member(path=entry.path, target=linked(entry.path, data.decode("utf-8", "surrogateescape")))
        else:
            yield Member(path=entry.path, data=data, executable=entry.mode == _EXECUTABLE)
