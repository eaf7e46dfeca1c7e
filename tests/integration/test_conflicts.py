"""`conflicts` as users run it: what it prints, in which form, and how it ends."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as SarifLog

from builder.patching.write import write_diff
from builder.sources.tree import File, Tree
from tests.command import TOP, Ran, command

MINISPAWN = Tree.read(TOP / "bases/minispawn")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Patches of minispawn as files: two that add a target, one that rewrites what the other does, one elsewhere."""
    for name, path, old, new in (
        ("alpha", "TARGETS", "coe.o\n", "coe.o\nalpha.o\n"),
        ("beta", "TARGETS", "coe.o\n", "coe.o\nbeta.o\n"),
        ("left", "README", "minispawn", "leftspawn"),
        ("right", "README", "minispawn", "rightspawn"),
        ("apart", "README", MINISPAWN["README"].data.decode()[-20:], "the end.\n"),
    ):
        text = MINISPAWN[path].data.decode()
        assert old in text
        changed = MINISPAWN.changed({path: File(text.replace(old, new, 1).encode())})
        (tmp_path / f"{name}.patch").write_bytes(write_diff(MINISPAWN, changed))
    return tmp_path


def compared(folder: Path, names: str, *flags: str | Path, env: dict[str, str] | None = None) -> Ran:
    patches = [word for name in names.split() for word in ("--patch", f"{name}.patch")]
    return command("conflicts", "--base", "minispawn", *patches, *flags, cwd=folder, env=env)


def test_pairs_that_go_together(folder: Path) -> None:
    ran = compared(folder, "alpha left apart")
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.stdout == (
        "   first, then:  1  2  3\n"
        " 1 alpha           ·c ·c\n"
        " 2 left         ·c    ·c\n"
        " 3 apart        ·c ·c\n"
        "\n"
        "  ·c  clean: the second patch applies exactly\n"
        "\n"
        "6 ordered pairs of 3 patches on minispawn: 6 clean\n"
    )


def test_a_conflict_is_shown_with_its_lines_and_ends_with_1(folder: Path) -> None:
    ran = compared(folder, "left right")
    assert ran.code == 1
    assert ran.stderr == "error: 2 of 2 ordered pairs do not go together.\n"
    assert (
        "left, then right: conflict\n  README:1, hunk 1 and hunk 1: both rewrite these lines\n" in ran.stdout
    )
    assert "    left\n    | leftspawn" in ran.stdout
    assert "    right\n    | rightspawn" in ran.stdout
    assert "`./inv resolve --base minispawn --patch left.patch --patch right.patch`" in ran.stdout
    assert ran.stdout.endswith("2 ordered pairs of 2 patches on minispawn: 2 conflict\n")


def test_what_a_merge_settles_is_no_failure(folder: Path) -> None:
    ran = compared(folder, "alpha beta")
    assert ran.code == 0
    assert "    merged (" in ran.stdout
    assert "| alpha.o\n    | beta.o\n" in ran.stdout


def test_json(folder: Path) -> None:
    ran = compared(folder, "alpha beta left", "--format", "json")
    found = json.loads(ran.stdout)
    assert (ran.code, found["schema_version"], found["base"]) == (0, 1, "minispawn")
    assert [(pair["first"], pair["second"], pair["outcome"]) for pair in found["pairs"]] == [
        ("alpha", "beta", "resolved"),
        ("alpha", "left", "clean"),
        ("beta", "alpha", "resolved"),
        ("beta", "left", "clean"),
        ("left", "alpha", "clean"),
        ("left", "beta", "clean"),
    ]
    assert {pair["compiles"] for pair in found["pairs"]} == {None}
    (collision,) = found["pairs"][0]["collisions"]
    assert (collision["path"], collision["kind"]) == ("TARGETS", "both-add")
    assert (collision["first_hunk"], collision["second_hunk"]) == (1, 1)
    assert collision["advice"] == ""
    assert (
        "./inv resolve --base minispawn --patch alpha.patch --patch beta.patch" in found["pairs"][0]["advice"]
    )
    assert [patch["alone"] for patch in found["patches"]] == ["clean"] * 3


def test_sarif_is_valid_and_points_into_the_patch_files(folder: Path) -> None:
    output = folder / "report.sarif"
    ran = compared(folder, "left right apart", "--format", "sarif", "--output", output)
    assert (ran.code, ran.stdout) == (1, "")
    SarifLog.model_validate_json(output.read_text(encoding="utf-8"))
    plain = json.loads(output.read_text(encoding="utf-8"))["runs"][0]["results"]
    assert [result["ruleId"] for result in plain] == ["pair.conflict", "pair.conflict"]
    where = plain[0]["locations"][0]["physicalLocation"]
    assert where["artifactLocation"]["uri"].endswith("right.patch")
    patch = (folder / "right.patch").read_text().splitlines()
    assert patch[where["region"]["startLine"] - 1].startswith("@@ ")
    assert len({result["partialFingerprints"]["qmailBuilderPair/v1"] for result in plain}) == 2
    assert plain[0]["relatedLocations"][1]["physicalLocation"]["artifactLocation"]["uri"] == "README"


def test_all_patches_of_the_library_are_compared_if_none_is_named(tmp_path: Path) -> None:
    ran = command("conflicts", "--base", "minispawn", cwd=tmp_path)
    assert ran.code == 0
    assert "6 ordered pairs of 3 patches on minispawn: 6 offset\n" in ran.stdout


def test_a_strict_comparison(folder: Path) -> None:
    """What fuzz would take is rejected with --fuzz 0, and then merged."""
    text = MINISPAWN["TARGETS"].data.decode()
    lines = text.splitlines(keepends=True)
    at = lines.index("coe.o\n")
    lines[at + 3] = f"new-{lines[at + 3]}"
    changed = MINISPAWN.changed({"TARGETS": File("".join(lines).encode())})
    (folder / "near.patch").write_bytes(write_diff(MINISPAWN, changed))
    loose, strict = compared(folder, "near alpha"), compared(folder, "near alpha", "--fuzz", "0")
    assert "near, then alpha: fuzz\n" in loose.stdout
    assert "near, then alpha: resolved\n" in strict.stdout


@pytest.mark.parametrize(
    ("names", "flags", "code", "said"),
    [
        ("alpha", (), 3, "There are not two patches for minispawn to compare."),
        ("alpha beta", ("--format", "xml"), 2, "--format is 'xml', but must be one of: text, json, sarif"),
        ("alpha sub/alpha", (), 2, "Two patches are called alpha: alpha.patch and sub/alpha.patch."),
        ("alpha gone", (), 2, "The patch gone.patch cannot be read: No such file or directory."),
        ("alpha beta", ("--scheduler", "nowhere"), 2, "--scheduler is 'nowhere', but must look like"),
        (
            "alpha beta",
            ("--scheduler", "tcp://127.0.0.1:9", "--watch"),
            2,
            "--scheduler is for one base's pairs",
        ),
    ],
)
def test_mistakes(folder: Path, names: str, flags: tuple[str, ...], code: int, said: str) -> None:
    (folder / "sub").mkdir()
    (folder / "sub/alpha.patch").write_bytes((folder / "alpha.patch").read_bytes())
    ran = compared(folder, names, *flags)
    assert (ran.code, ran.stdout) == (code, "")
    assert said in ran.stderr


def test_many_patches_on_several_processes_give_the_same_list_without_a_table(folder: Path) -> None:
    lines = MINISPAWN["spawn.c"].data.decode().splitlines(keepends=True)
    names = []
    for number in range(61):
        new = [*lines]
        new[5 * number + 2 : 5 * number + 2] = [f"/* {number} */\n"]
        changed = MINISPAWN.changed({"spawn.c": File("".join(new).encode())})
        names.append(f"p{number:02}")
        (folder / f"{names[-1]}.patch").write_bytes(write_diff(MINISPAWN, changed))
    alone = compared(folder, " ".join(names), "--jobs", "1")
    several = compared(folder, " ".join(names), "--jobs", "2")
    assert (several.code, several.stdout, several.stderr) == (alone.code, alone.stdout, alone.stderr)
    assert "first, then:" not in several.stdout
    assert "3660 ordered pairs of 61 patches on minispawn: " in several.stdout


@pytest.mark.slow
def test_a_cluster_of_two_workers_gives_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed")
    monkeypatch.setenv("PYTHONPATH", str(TOP))
    plain = compared(folder, "alpha beta left right apart")
    with distributed.LocalCluster(
        n_workers=2, processes=True, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        ran = compared(folder, "alpha beta left right apart", "--scheduler", cluster.scheduler_address)
    assert (ran.code, ran.stdout, ran.stderr) == (plain.code, plain.stdout, plain.stderr)


def test_a_scheduler_without_the_package_for_it(folder: Path) -> None:
    (folder / "distributed.py").write_text('raise ImportError("no such package here")\n')
    env = {"PYTHONPATH": os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])}
    ran = compared(folder, "alpha beta", "--scheduler", "tcp://127.0.0.1:9", env=env)
    assert (ran.code, ran.stdout) == (2, "")
    assert "--scheduler needs the package distributed" in ran.stderr
    assert "pip install 'qmail-builder[cluster]'" in ran.stderr


@pytest.mark.slow
def test_a_scheduler_that_does_not_answer(folder: Path) -> None:
    pytest.importorskip("distributed")
    ran = compared(folder, "alpha beta", "--scheduler", "tcp://127.0.0.1:9")
    assert (ran.code, ran.stdout) == (8, "")
    assert "No Dask scheduler answers at tcp://127.0.0.1:9" in ran.stderr
