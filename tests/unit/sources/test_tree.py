from __future__ import annotations

import pickle
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from builder.sources.tree import EXECUTABLE, PLAIN, File, Tree

NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=1, max_size=20)
FILES = st.builds(File, st.binary(max_size=50), st.sampled_from([PLAIN, EXECUTABLE]))


@given(st.dictionaries(NAMES, FILES))
def test_a_packed_tree_unpacks_to_itself(files: dict[str, File]) -> None:
    tree = Tree(files)
    unpacked = Tree.unpack(tree.pack())
    assert dict(tree) == dict(unpacked)
    assert tree.digest == unpacked.digest


def test_the_digest_covers_path_mode_and_bytes() -> None:
    trees = [
        Tree({"a": File(b"x")}),
        Tree({"b": File(b"x")}),
        Tree({"a": File(b"y")}),
        Tree({"a": File(b"x", EXECUTABLE)}),
        Tree({"a": File(b"x"), "b": File(b"")}),
    ]
    assert len({tree.digest for tree in trees}) == len(trees)


def test_what_is_remembered_of_a_tree_stays_in_its_process(tree: Tree) -> None:
    """It is kept by the ids of values, and elsewhere those are the ids of others."""
    tree.memory["here"] = {id(tree): "mine"}
    there = pickle.loads(pickle.dumps(tree))  # noqa: S301
    assert (there.memory, there.digest, dict(there)) == ({}, tree.digest, dict(tree))


def test_the_digest_never_changes_between_releases() -> None:
    tree = Tree({"conf-spawn": File(b"120\n"), "config.sh": File(b"#!/bin/sh\n", EXECUTABLE)})
    assert tree.digest == "sha256:94a80c7aa8246e3403cc9bec62af8195c866a3fe679296c6912483a1c0b09587"


def test_a_written_tree_reads_back(tree: Tree, tmp_path: Path) -> None:
    tree.write(tmp_path)
    assert Tree.read(tmp_path).digest == tree.digest


def test_links_inside_are_read_as_copies_and_others_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("outside")
    folder = tmp_path / "tree"
    (folder / "sub").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("x")
    (folder / "TARGETS").write_text("a.o")
    (folder / "sub" / "link").symlink_to("../TARGETS")
    (folder / "out").symlink_to("../secret")
    (folder / "nowhere").symlink_to("missing")
    read = Tree.read(folder)
    assert list(read) == ["TARGETS", "sub/link"]
    assert read["sub/link"].data == b"a.o"
