"""What `bench --what conflicts` measures: the pairs of 13 real patches beside git merge-tree, and a crowd of made-up ones.

Run as a module it compares, timing itself in a process that has done nothing else:
python -m builder.commands.bench_conflicts real TREE PATCHES
python -m builder.commands.bench_conflicts crowd TREE
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from tempfile import TemporaryDirectory

from builder import process
from builder.agreement.crowd import crowd
from builder.commands.figure import Figure
from builder.commands.real_patches import BASE, RealPatches, bring_in
from builder.commands.workers import workers
from builder.conflicts.matrix import compare
from builder.errors import BackendError
from builder.patching.functions import mistakes
from builder.patching.parse import parse
from builder.recipes.library import shipped
from builder.sources.tree import Tree

_CROWD = 500
_SEED = 1
_JOBS = 2


def measure(rounds: int) -> Iterator[Figure]:
    """The figures, each measured in this run. A BackendError if git cannot get the patches."""
    with TemporaryDirectory(prefix="qmail-builder-bench-") as name:
        real = bring_in(Path(name))
        git = _MergeTree(real)
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(_in_new_process("real", str(real.tree), str(real.files[0].parent)))
            theirs.append(git.answer())
        label = f"{len(git.questions)} pairs of {len(real.files)} patches"
        compared, git_time = statistics.median(ours), statistics.median(theirs)
        yield Figure(f"{label}: parsed and compared", compared, "s", 0.32)
        yield Figure(f"{label}: of git merge-tree's time", 100 * compared / git_time, "%", 100)
        many = statistics.median(_in_new_process("crowd", str(real.tree)) for _ in range(rounds))
        yield Figure(f"{_CROWD * (_CROWD - 1)} pairs of {_CROWD} patches, {_JOBS} processes", many, "s", 10)


class _MergeTree:
    """git with a commit of each patch on the base, to be asked what merging two of them gives."""

    def __init__(self, real: RealPatches) -> None:
        self._git = real.git
        self._env = process.clean_environment(
            {
                "HOME": str(Path.home()),
                "GIT_DIR": str(real.git),
                "GIT_INDEX_FILE": str(real.git / "index-of-patch"),
                **{
                    f"GIT_{who}_{what}": "bench"
                    for who in ("AUTHOR", "COMMITTER")
                    for what in ("NAME", "EMAIL")
                },
            }
        )
        base = self._ask("git", "rev-parse", f"{BASE}^{{commit}}")
        commits = [self._commit(base, patch) for patch in real.files]
        self.questions = [f"{one} {other}\n" for one, other in permutations(commits, 2)]

    def answer(self) -> float:
        """The seconds that git takes for all pairs, its start-up of a few milliseconds included."""
        began = time.perf_counter()
        self._run("git", "merge-tree", "--write-tree", "--stdin", stdin="".join(self.questions).encode())
        return time.perf_counter() - began

    def _commit(self, base: str, patch: Path) -> str:
        self._run("git", "read-tree", base)
        self._run("git", "apply", "--cached", str(patch))
        tree = self._ask("git", "write-tree")
        return self._ask("git", "commit-tree", "-p", base, "-m", patch.stem, tree)

    def _ask(self, *command: str) -> str:
        return self._run(*command).decode().strip()

    def _run(self, *command: str, stdin: bytes = b"") -> bytes:
        done = process.run(command, cwd=self._git, env=self._env, stdin=stdin, join=False, timeout=600)
        if not done.ok:
            raise BackendError(f"{process.quoted(command)} failed: {done.errors.decode(errors='replace')}")
        return done.output


def _in_new_process(*arguments: str) -> float:
    command = [sys.executable, "-m", __name__, *arguments]
    done = process.run(command, cwd=shipped(), timeout=600)
    if not done.ok:
        raise BackendError(f"{process.quoted(command)} failed: {done.text}")
    return float(done.text)


def _time_real(tree_folder: Path, patch_folder: Path) -> float:
    tree = Tree.read(tree_folder)
    files = [(path.stem, path.read_bytes()) for path in sorted(patch_folder.iterdir())]
    mistakes(b"")  # loads tree-sitter, which is start-up
    began = time.perf_counter()
    compare(BASE, tree, [parse(name, data) for name, data in files])
    return time.perf_counter() - began


def _time_crowd(tree_folder: Path) -> float:
    tree = Tree.read(tree_folder)
    files = list(crowd(tree, _CROWD, _SEED))
    began = time.perf_counter()
    with workers(_JOBS, None, worthwhile=True) as executor:
        compare(BASE, tree, [parse(name, data) for name, data in files], executor=executor)
    return time.perf_counter() - began


if __name__ == "__main__":
    gc.set_threshold(100_000, 50, 1000)  # as main() of tasks.py does
    if sys.argv[1] == "real":
        print(_time_real(Path(sys.argv[2]), Path(sys.argv[3])))
    else:
        print(_time_crowd(Path(sys.argv[2])))
