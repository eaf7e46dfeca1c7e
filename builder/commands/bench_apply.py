"""What `bench --what apply` measures: the 156 ordered pairs of 13 real patches, and one huge file, beside other tools.

Run as a module it applies the pairs, timing itself in a process that has done nothing else:
python -m builder.commands.bench_apply TREE PATCHES
"""

from __future__ import annotations

import shutil
import statistics
import sys
import time
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

from builder import process
from builder.agreement.diffs import Diff, Edit
from builder.commands.figure import Figure
from builder.commands.real_patches import BASE, bring_in
from builder.errors import BackendError
from builder.patching.apply import apply
from builder.patching.parse import parse
from builder.recipes.library import shipped
from builder.recipes.model import ApplyPolicy
from builder.sources.tree import File, Tree
from builder.temporary import temporary_folder

_POLICY = ApplyPolicy(fuzz=2)
_FEWEST = 5
"""Rounds of what takes only a tenth of a second, whose time varies."""
_PATCH = ("patch", "-p1", "-F2", "-N", "-f", "-s", "--no-backup-if-mismatch", "-r", "-")


def measure(rounds: int) -> Iterator[Figure]:
    """The figures, each measured in this run. A BackendError if git cannot get the patches."""
    with temporary_folder("bench") as folder:
        bench = _Pairs(folder)
        ours = statistics.median(bench.ours() for _ in range(rounds))
        label = f"{len(bench.pairs)} pairs of {len(bench.patches)} patches"
        yield Figure(f"{label}: parsed and applied", ours, "s", 0.5)
        yield Figure(f"{label}: of patch's time", 100 * ours / bench.patch(), "%", 100 / 80)
        git = statistics.median(bench.git_apply() for _ in range(rounds))
        yield Figure(f"{label}: of git apply's time", 100 * ours / git, "%", 100 / 5)
        yield from _huge_file(folder / "huge", rounds)


class _Pairs:
    """The patches as files, and each tool at work on all their pairs; every time is in seconds."""

    def __init__(self, folder: Path) -> None:
        real = bring_in(folder)
        self._folder, self._git, self._tree = folder, real.git, real.tree
        self._env = process.clean_environment({"HOME": str(Path.home()), "GIT_DIR": str(self._git)})
        self.patches = real.files
        self.pairs = list(permutations(self.patches, 2))

    def ours(self) -> float:
        """This engine, parsing included, in a new process; without the time to start it."""
        command = [sys.executable, "-m", __name__, str(self._tree), str(self.patches[0].parent)]
        done = process.run(command, cwd=shipped(), env=self._env, timeout=600)
        if not done.ok:
            raise BackendError(f"{process.quoted(command)} failed: {done.text}")
        return float(done.text)

    def patch(self) -> float:
        """GNU patch: the tree copied and patch run twice for each pair."""
        copy = self._folder / "copy"
        began = time.monotonic()
        for pair in self.pairs:
            process.run(["cp", "-a", str(self._tree), str(copy)])
            for patch in pair:
                process.run([*_PATCH, "-i", str(patch)], cwd=copy)
            shutil.rmtree(copy)
        return time.monotonic() - began

    def git_apply(self) -> float:
        """git: a copy of the index and `git apply --cached` run twice for each pair."""
        process.run(["git", "read-tree", BASE], cwd=self._git, env=self._env)
        index, copy = self._git / "index", self._git / "index-of-pair"
        env = {**self._env, "GIT_INDEX_FILE": str(copy)}
        began = time.monotonic()
        for pair in self.pairs:
            shutil.copyfile(index, copy)
            for patch in pair:
                process.run(["git", "apply", "--cached", str(patch)], cwd=self._git, env=env)
        return time.monotonic() - began


def _huge_file(folder: Path, rounds: int) -> Iterator[Figure]:
    """A file of 10 MB and a patch with 10,000 hunks."""
    folder.mkdir()
    data, patch = _huge_input()
    (folder / "huge.patch").write_bytes(patch)
    # The two take turns, so that whatever else the machine does hits both.
    ratio = statistics.median(_huge_round(folder, data, patch) for _ in range(max(rounds, _FEWEST)))
    yield Figure("10 MB, 10,000 hunks: parsed and applied, to patch's time", ratio, "x", 3)


def _huge_input() -> tuple[bytes, bytes]:
    """The file and the patch for it."""
    old = [b"  line %06d of a file with some words in it\n" % number for number in range(250_000)]
    edits = [Edit(12 + 25 * number, 1, (b"changed %d\n" % number,)) for number in range(10_000)]
    return b"".join(old), Diff.with_context("huge.txt", old, edits).render()


def _huge_round(folder: Path, data: bytes, patch: bytes) -> float:
    """How many times longer than GNU patch this engine takes for the file, with parsing the patch."""
    (folder / "huge.txt").write_bytes(data)
    began = time.monotonic()
    process.run([*_PATCH, "-i", "huge.patch"], cwd=folder)
    middle = time.monotonic()
    applied = apply(Tree({"huge.txt": File(data)}), [parse("huge", patch)])
    end = time.monotonic()
    if not applied.ok or applied.tree["huge.txt"].data != (folder / "huge.txt").read_bytes():
        raise BackendError("The huge file comes out otherwise than with GNU patch.")
    return (end - middle) / (middle - began)


def _time_pairs(tree_folder: Path, patch_folder: Path) -> float:
    tree = Tree.read(tree_folder)
    files = [(path.stem, path.read_bytes()) for path in sorted(patch_folder.iterdir())]
    began = time.perf_counter()
    patches = [parse(name, data) for name, data in files]
    for pair in permutations(patches, 2):
        apply(tree, pair, _POLICY)
    return time.perf_counter() - began


if __name__ == "__main__":
    print(_time_pairs(Path(sys.argv[1]), Path(sys.argv[2])))
