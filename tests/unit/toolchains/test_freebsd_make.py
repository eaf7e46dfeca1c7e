"""FreeBSD's make, behind the words of GNU's: bmake is that make, and runs here."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from builder.process import find_program
from builder.toolchains.toolchain import compiler_of_freebsd

MAKEFILE = """\
it: \\
kept made
\tcat kept made > it

kept: tool
\tfalse
\tfalse \\
\t  again
made:tool
\techo made > made
also : tool
\tfalse
tool:
\techo tool > tool
"""


@pytest.fixture
def make(tmp_path: Path) -> list[str]:
    """The words that run it: a script first on PATH, and the system's make behind it."""
    bmake = find_program("bmake")
    if bmake is None:
        pytest.skip("bmake is missing (apt-get install bmake)")
    for folder, name in (("bin", "make"), ("system", "make")):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / name
        if folder == "system":
            path.symlink_to(bmake)
        else:
            path.write_text(f"#!/bin/sh\n{compiler_of_freebsd('clang').programs[name]}\n")
            path.chmod(0o755)
    return ["env", f"PATH={tmp_path}/bin:{tmp_path}/system:{os.environ['PATH']}", "make"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "Makefile").write_text(MAKEFILE)
    return folder


def test_files_are_kept_as_they_are_however_old(make: list[str], tree: Path) -> None:
    for name in ("kept", "also"):
        (tree / name).write_text("kept\n")
        os.utime(tree / name, (1, 1))
    words = [*make, "-j2", "-O", "-o", "kept", "-o", "also", "it", "also"]
    for _ in range(2):
        done = subprocess.run(words, cwd=tree, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert (tree / "it").read_text() == "kept\nmade\n"
        (tree / "tool").touch()


def test_without_files_to_keep_it_is_make_as_it_is(make: list[str], tree: Path) -> None:
    assert subprocess.run([*make, "made"], cwd=tree, capture_output=True, check=False).returncode == 0
    assert subprocess.run([*make, "it"], cwd=tree, capture_output=True, check=False).returncode != 0
    assert not (tree / "it").exists()
