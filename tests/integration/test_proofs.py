"""Proving many trees by compiling them: what is reused changes nothing of what comes out."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder.backends.local import LocalOpener
from builder.configure.conf import Configured, configure
from builder.configure.ids import LINUX
from builder.errors import BackendError
from builder.proofs.compilation import Compilation, compile_tree
from builder.proofs.objects import Objects
from builder.recipes.model import Limits
from builder.sources.tree import Tree
from builder.toolchains.platforms import platform_called
from builder.toolchains.toolchain import Toolchain, toolchain_for
from tests.resolving import Edits, edited, minispawn

pytestmark = pytest.mark.native


class Maker:
    """Makes trees natively, with objects that are shared, or with none."""

    def __init__(self, folder: Path, toolchain: Toolchain) -> None:
        self.folder = folder
        self.toolchain = toolchain
        self.count = 0

    def make(self, tree: Tree, *, cold: bool = False) -> tuple[Compilation, dict[str, bytes]]:
        """What make says, and the programs."""
        self.count += 1
        folder = self.folder / f"tree{self.count}"
        objects = Objects(self.folder / (f"cold{self.count}" if cold else "objects"))
        found = compile_tree(
            self.configured(tree),
            self.toolchain,
            folder=folder,
            where=LocalOpener(),
            objects=objects,
            owner_of=lambda *_: None,
            jobs=2,
        )
        return found, {
            path.name: path.read_bytes()
            for path in folder.iterdir()
            if path.read_bytes().startswith(b"\x7fELF") and not path.name.endswith(".o")
        }

    def configured(self, tree: Tree) -> Configured:
        limits = Limits(spawn=65000, select=False)
        return configure(
            tree,
            values={},
            defines={},
            limits=limits,
            ids=LINUX,
            platform=platform_called("native"),
            toolchain=self.toolchain,
        )


@pytest.fixture
def maker(tmp_path: Path) -> Maker:
    try:
        return Maker(tmp_path, toolchain_for(platform_called("native"), tmp_path))
    except BackendError as error:
        pytest.skip(error.what)


def test_with_objects_of_another_tree_the_programs_are_the_same(maker: Maker) -> None:
    first, _ = maker.make(minispawn())
    assert first.ok, first.error
    assert (first.reused, first.compiled > 20) == (0, True)
    changed = edited(minispawn(), {"timeout.h": (("#ifndef TIMEOUT_H", "#define NEW 1\n#ifndef TIMEOUT_H"),)})
    warm, programs = maker.make(changed)
    cold, wanted = maker.make(changed, cold=True)
    assert warm.reused > 15
    assert warm.compiled + warm.reused == cold.compiled
    assert len(wanted) >= 3
    assert programs == wanted


def test_a_header_that_the_makefile_forgets_is_not_forgotten_here(maker: Maker) -> None:
    """What make itself would leave as it is, from the time stamps of the base's compiled tree."""
    base = minispawn()
    rule = "timeout.o: \\\ncompile timeout.c timeout.h"
    forgetful = edited(base, {"Makefile": ((rule, rule.removesuffix(" timeout.h")),)})
    assert maker.make(forgetful)[0].ok
    broken = edited(forgetful, {"timeout.h": (("#ifndef TIMEOUT_H", "#error gone\n#ifndef TIMEOUT_H"),)})
    found, _ = maker.make(broken)
    assert not found.ok
    assert "gone" in found.error


def test_an_object_whose_rule_is_gone_does_not_come_from_elsewhere(maker: Maker) -> None:
    base = minispawn()
    assert maker.make(base)[0].ok
    makefile, old = base["Makefile"].data.decode(), base["timeout.c"].data.decode()
    start = makefile.index("timeout.o: \\")
    end = makefile.index("\n\n", start) + 2
    without: Edits = {"Makefile": ((makefile[start:end], ""),), "timeout.c": ((old, "#error no\n"),)}
    found, _ = maker.make(edited(base, without))
    assert not found.ok


def test_an_error_says_whose_line_it_is_on(maker: Maker) -> None:
    found, _ = maker.make(
        edited(minispawn(), {"fd.c": ((minispawn()["fd.c"].data.decode(), "no C at all\n"),)})
    )
    assert not found.ok
    assert found.error.startswith("fd.c:1: ")
    assert "(the line is from the base)" in found.error


@pytest.mark.netqmail
@pytest.mark.slow
def test_netqmail_comes_out_the_same_from_reused_objects(maker: Maker, netqmail: Tree) -> None:
    assert maker.make(netqmail)[0].ok
    changed = edited(netqmail, {"stralloc.h": (("#ifndef STRALLOC_H", "#define NEW 1\n#ifndef STRALLOC_H"),)})
    warm, programs = maker.make(changed)
    cold, wanted = maker.make(changed, cold=True)
    assert (warm.ok, cold.ok) == (True, True)
    assert warm.reused > 100
    assert len(wanted) > 30
    assert programs == wanted
