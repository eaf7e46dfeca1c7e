"""Parsing the corpus: what its index says comes out, and it is what GNU patch makes of it where nothing else is said."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from builder.patching.apply import apply
from builder.patching.parse import PatchError, parse
from builder.sources.tree import File, Tree
from tests.unit.patching.corpus import FOLDER, TREE, Case, cases

CASES = cases()
GOOD = [case for case in CASES if "error" not in case.expected]
BAD = [case for case in CASES if "error" in case.expected]


def ids(case: Case) -> str:
    return case.name


@pytest.mark.parametrize("case", GOOD, ids=ids)
def test_what_the_index_says_comes_out(case: Case) -> None:
    expected = case.expected
    patch = parse(case.name, case.data)
    assert len(patch.files) == expected["files"]
    assert sum(len(file.hunks) for file in patch.files) == expected["hunks"]
    assert sorted({note.rule for note in patch.notes}) == expected.get("notes", [])
    kinds = [file.kind for file in patch.files]
    assert kinds == expected.get("kinds", kinds)
    paths = [file.new_path for file in patch.files]
    assert paths == expected.get("paths", paths)


@pytest.mark.parametrize("case", BAD, ids=ids)
def test_what_the_index_calls_an_error_is_one(case: Case) -> None:
    with pytest.raises(PatchError) as caught:
        parse(case.name, case.data)
    error = caught.value
    assert (error.rule, error.exit_code) == (case.expected["error"], 2)
    assert case.name in error.what
    assert error.hint
    assert not error.line or f"line {error.line}:" in error.what


@pytest.mark.parametrize("case", GOOD, ids=ids)
def test_the_parts_of_a_patch_are_its_bytes(case: Case) -> None:
    patch = parse(case.name, case.data)
    at = len(patch.header)
    for file in patch.files:
        assert file.span[0] == at
        inside = file.hunks[0].span[0] if file.hunks else file.span[1]
        assert at <= inside
        for hunk in file.hunks:
            assert hunk.span[0] == inside
            inside = hunk.span[1]
        assert inside == file.span[1]
        at = inside
    assert patch.header + patch.data[len(patch.header) : at] + patch.trailer == patch.data


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_gnu_patch_says_the_same(case: Case, tmp_path: Path) -> None:
    gnu_exit, gnu_tree = gnu_patch(case.data, tmp_path)
    assert gnu_exit == case.expected["gnu"]
    exit_code, tree = our_patch(case)
    if case.strays:
        # Where GNU patch is content, we are stricter or do more; where it is not, we can do it.
        assert (exit_code, tree) != (gnu_exit, gnu_tree)
    elif gnu_exit == 0:
        assert (exit_code, tree) == (0, gnu_tree)
    else:
        assert exit_code != 0


def our_patch(case: Case) -> tuple[int, dict[str, tuple[bytes, bool]]]:
    tree = Tree({name: File(data) for name, data in TREE.items()})
    try:
        applied = apply(tree, [parse(case.name, case.data, strip=1)])
    except PatchError as error:
        return error.exit_code, {}
    result = {name: (file.data, bool(file.mode & 0o100)) for name, file in applied.tree.items()}
    return (0 if applied.ok else 1), result


def gnu_patch(data: bytes, folder: Path) -> tuple[int, dict[str, tuple[bytes, bool]]]:
    for name, content in TREE.items():
        (folder / name).write_bytes(content)
    command = ["patch", "-p1", "-F0", "-N", "-f", "--no-backup-if-mismatch"]
    done = subprocess.run(command, cwd=folder, input=data, capture_output=True, check=False)
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    tree = {
        str(path.relative_to(folder)): (path.read_bytes(), os.access(path, os.X_OK))
        for path in files
        if path.suffix not in (".rej", ".orig")
    }
    return done.returncode, tree


def test_the_index_is_whole() -> None:
    files = {path.name for path in FOLDER.iterdir()} - {"index.toml", ".gitattributes"}
    assert files == {case.name for case in CASES}
