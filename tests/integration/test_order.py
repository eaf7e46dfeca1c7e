"""The command `order`, as users run it, on the base that comes with the builder."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path

import pytest

from builder.conflicts.order import find_order
from builder.patching.apply import apply
from builder.patching.parse import parse
from builder.patching.patch import Patch
from builder.patching.write import write_diff
from builder.recipes.library import shipped
from builder.sources.tree import File, Tree
from tests.command import command

SPAWN = Tree({"spawn.c": File((shipped() / "bases/minispawn/spawn.c").read_bytes())})


def edited(tree: Tree, old: bytes, new: bytes) -> Tree:
    data = tree["spawn.c"].data
    assert data.count(old) == 1
    return tree.changed({"spawn.c": File(data.replace(old, new))})


@pytest.fixture
def patches(tmp_path: Path) -> dict[str, Path]:
    """`tls`, `force-tls` that needs it, and `rival` that wants the same place."""
    tls = edited(SPAWN, b'#include "sig.h"\n', b'#include "sig.h"\n#include "tls.h"\n')
    forced = edited(tls, b'#include "tls.h"\n', b'#include "tls.h"\n#include "force.h"\n')
    rival = edited(SPAWN, b'#include "sig.h"\n', b'#include "sig.h"\n#include "rival.h"\n')
    diffs = {
        "tls": write_diff(SPAWN, tls),
        "force-tls": write_diff(tls, forced),
        "rival": write_diff(SPAWN, rival),
    }
    for name, diff in diffs.items():
        (tmp_path / f"{name}.patch").write_bytes(diff)
    return {name: tmp_path / f"{name}.patch" for name in diffs}


def flags(*patches: Path | str) -> list[str]:
    return ["--base", "minispawn", *(word for patch in patches for word in ("--patch", str(patch)))]


def test_the_order_and_the_prerequisite_are_said_and_the_recipe_that_is_written_applies(
    patches: dict[str, Path], tmp_path: Path
) -> None:
    recipe = tmp_path / "mine.toml"
    ran = command("order", *flags(patches["force-tls"], patches["tls"]), "--out", recipe)
    assert ran.code == 0, ran.stderr
    assert "minispawn: an order of all 2 patches, with no fuzz" in ran.stdout
    assert ran.stdout.index("1  tls") < ran.stdout.index("2  force-tls")
    assert "tls must come before force-tls, which does not apply by itself" in ran.stdout
    applied = command("apply", "--recipe", recipe)
    assert applied.code == 0, applied.stdout
    assert applied.stdout.index("tls.patch") < applied.stdout.index("force-tls.patch")


def test_where_there_is_none_the_exit_code_is_1_and_what_cannot_go_together_is_named(
    patches: dict[str, Path], tmp_path: Path
) -> None:
    recipe = tmp_path / "mine.toml"
    ran = command("order", *flags(*patches.values()), "--out", recipe)
    assert ran.code == 1
    assert "tls and rival: rival fails in spawn.c (hunk 1)" in ran.stdout
    assert f"conflicts --base minispawn --patch {patches['tls']} --patch {patches['rival']}" in ran.stderr
    assert not recipe.exists()


def test_json_has_all_of_it(patches: dict[str, Path]) -> None:
    ran = command("order", *flags(*patches.values()), "--format", "json")
    report = json.loads(ran.stdout)
    assert report["schema_version"] == 1
    assert report["order"] == ["tls", "force-tls"]
    assert report["left_out"] == ["rival"]
    assert report["needed"] == [{"patch": "force-tls", "before": ["tls"]}]
    assert report["cores"][0]["patches"] == ["tls", "rival"]
    assert {node["name"] for node in report["graph"]["nodes"]} == set(patches)


def test_dot_draws_the_graph(patches: dict[str, Path]) -> None:
    ran = command("order", *flags(patches["force-tls"], patches["tls"]), "--format", "dot")
    assert ran.stdout.startswith('digraph "minispawn" {\n')
    assert '"tls" -> "force-tls" [style=bold' in ran.stdout
    assert ran.stdout.endswith("}\n")


def test_our_own_patches_keep_what_their_patch_toml_says() -> None:
    ran = command("order", *flags("poll-spawn", "fd-setsize", "big-concurrency"))
    assert ran.code == 1
    assert "fd-setsize: a patch.toml excludes it" in ran.stdout
    assert "big-concurrency before poll-spawn: its patch.toml says so" in ran.stdout


def test_what_a_patch_requires_is_brought_in(patches: dict[str, Path], tmp_path: Path) -> None:
    for name, requires in (("tls", ""), ("force-tls", 'requires = ["tls"]')):
        folder = tmp_path / "patches" / name
        folder.mkdir(parents=True)
        (folder / "minispawn.patch").write_bytes(patches[name].read_bytes())
        (folder / "patch.toml").write_text(
            f'name = "{name}"\nsummary = "x"\nlicense = "0BSD"\n{requires}\n'
            '[variants]\nminispawn = "minispawn.patch"\n'
        )
    ran = command("order", *flags("force-tls", "big-concurrency"), "--path", tmp_path)
    assert ran.code == 0, ran.stderr
    assert "added: another requires it" in ran.stdout
    assert "tls before force-tls: its patch.toml requires it" in ran.stdout


def test_bad_flags_are_explained() -> None:
    assert command("order", *flags("poll-spawn", "big-concurrency"), "--format", "svg").code == 2
    assert command("order", *flags("poll-spawn", "big-concurrency"), "--out", "x.txt").code == 2


def test_the_proof_is_the_engine(patches: dict[str, Path]) -> None:
    """`force-tls` really does not apply alone: else the first test would prove nothing."""
    assert not apply(SPAWN, [parse("force-tls", patches["force-tls"].read_bytes())]).ok


@pytest.mark.netqmail
def test_of_the_13_real_patches_six_go_together_and_27_pairs_never_do(
    netqmail: Tree, real_patches: tuple[Patch, ...]
) -> None:
    found = find_order("netqmail-1.06", netqmail, real_patches)
    by_name = {patch.name: patch for patch in real_patches}
    assert apply(netqmail, [by_name[name] for name in found.order]).ok
    assert found.complete
    assert len(found.order) == 6
    assert [len(core.patches) for core in found.cores] == [2] * 27
    for core in found.cores:
        for first, second in permutations(core.patches):
            assert not apply(netqmail, [by_name[first], by_name[second]]).ok
