"""The bases that come with the builder."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder.console import Quiet
from builder.recipes.load import load
from builder.recipes.model import Base
from builder.sources.fetch import obtain
from builder.sources.tree import File, Tree
from tests.conftest import BASES
from tests.unit.sources.conftest import Packer

ALL = sorted(BASES.glob("*.toml"))


@pytest.mark.parametrize("path", ALL, ids=[path.stem for path in ALL])
def test_every_base_says_where_it_comes_from(path: Path) -> None:
    base = load(path, Base)
    assert base.bundled or (base.git and base.tree)
    assert base.version in base.name or base.bundled


def test_the_bundled_base_is_there(tmp_path: Path) -> None:
    base = load(BASES / "minispawn.toml", Base)
    tree = obtain(base, bases_folder=BASES, store=tmp_path, offline=True, progress=Quiet())
    assert {"spawn.c", "chkspawn.c", "conf-spawn", "Makefile"} <= set(tree)


@pytest.mark.netqmail
def test_netqmail_is_what_its_file_says(netqmail: Tree) -> None:
    assert len(netqmail) == 434
    assert {file.mode for file in netqmail.values()} == {0o644}
    assert netqmail["conf-spawn"].data.startswith(b"120\n")


@pytest.mark.netqmail
def test_an_archive_with_the_folders_of_the_tarball_gives_the_same_tree(
    netqmail: Tree, tmp_path: Path, packer: Packer
) -> None:
    base = load(BASES / "netqmail-1.06.toml", Base)
    extra = netqmail.changed({"old-patches/README": File(b"x"), "other-patches/README": File(b"x")})
    path = tmp_path / "netqmail-1.06.tar.gz"
    path.write_bytes(packer({f"netqmail-1.06/{name}": file for name, file in extra.items()}))
    tree = obtain(base, bases_folder=BASES, store=tmp_path / "store", given=str(path))
    assert tree.digest == netqmail.digest
