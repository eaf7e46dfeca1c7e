"""The 13 patches that the figures in the README are of: branches of notqmail's repository, brought in through git.

None of them is part of this project. They are fetched into a folder that the caller throws away.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from builder import process
from builder.errors import BackendError

_URL = "https://github.com/notqmail/notqmail"
BASE = "netqmail-1.06"
_BRANCHES = ("netqmail-*", "patches/netqmail/*")


@dataclass(frozen=True, slots=True)
class RealPatches:
    """`git`: the bare repository that they come from; `tree`: the base unpacked; `files`: the patches, by name."""

    git: Path
    tree: Path
    files: tuple[Path, ...]


def bring_in(folder: Path) -> RealPatches:
    """Fetch the patches and their base into `folder`, which is there. BackendError if git cannot get them."""
    found = _Fetch(folder)
    found.clone()
    return RealPatches(git=found.git, tree=found.tree(), files=tuple(found.patches()))


class _Fetch:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.git = folder / "notqmail.git"
        self._env = process.clean_environment({"HOME": str(Path.home()), "GIT_DIR": str(self.git)})

    def clone(self) -> None:
        self._run("git", "clone", "--quiet", "--bare", _URL, str(self.git), why="get the patches of notqmail")

    def tree(self) -> Path:
        tree = self._folder / "tree"
        tree.mkdir()
        self._run("git", f"--work-tree={tree}", "checkout", "--quiet", "--force", BASE, "--", ".")
        return tree

    def patches(self) -> list[Path]:
        folder = self._folder / "patches"
        folder.mkdir()
        for branch in self._branches():
            start = self._run("git", "merge-base", BASE, branch).decode().strip()
            diff = self._run("git", "diff", "--no-ext-diff", start, branch)
            (folder / f"{branch.replace('/', '_')}.patch").write_bytes(diff)
        return sorted(folder.iterdir())

    def _branches(self) -> list[str]:
        patterns = [f"refs/heads/{pattern}" for pattern in _BRANCHES]
        said = self._run("git", "for-each-ref", "--format=%(refname:short)", *patterns)
        return said.decode().split()

    def _run(self, *command: str, why: str = "prepare the patches") -> bytes:
        done = process.run(command, cwd=self._folder, env=self._env, join=False, timeout=600)
        if not done.ok:
            said = done.errors.decode("utf-8", "replace").strip()
            raise BackendError(f"git could not {why}: {said or done.how}.", hint=f"It needs {_URL}.")
        return done.output
