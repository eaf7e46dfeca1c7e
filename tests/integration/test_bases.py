"""`conflicts --base A,B`: the table of which patches apply and build on which base."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from builder.recipes.library import shipped
from tests.command import Ran, command

PATCHES = ("big-concurrency", "poll-spawn", "fd-setsize")


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A folder with another base, `mini2`: minispawn where spawn.c is three lines longer and no program compiles."""
    bases = tmp_path / "bases"
    shutil.copytree(shipped() / "bases/minispawn", bases / "mini2")
    spawn = bases / "mini2/spawn.c"
    spawn.write_bytes(b"/* one\n   two\n   three */\n" + spawn.read_bytes().replace(b"select", b"choose"))
    (bases / "mini2.toml").write_text(
        'name = "mini2"\nsummary = "x"\nversion = "1"\nlicense = "0BSD"\n[bundled]\nfolder = "mini2"\n'
    )
    return tmp_path


def bases(library: Path, *flags: str) -> Ran:
    words = [word for name in PATCHES for word in ("--patch", name)]
    return command("conflicts", "--base", "minispawn,mini2", *words, "--path", library, *flags)


def test_the_table_says_what_applies_where_and_which_form_was_tried(library: Path) -> None:
    ran = bases(library)
    assert ran.code == 1, ran.stderr
    head, *rows = ran.stdout.splitlines()
    assert head.split() == ["patch", "minispawn", "mini2"]
    cells = {row.split()[0]: row.split(maxsplit=2)[1:] for row in rows[: len(PATCHES)]}
    assert all(minispawn == "clean" for minispawn, _ in cells.values())
    assert "rejected*" in cells["poll-spawn"][1]
    assert "* The patch has no form for this base: that for netqmail-1.06 was tried." in ran.stdout
    assert "do not apply" in ran.stderr


def test_markdown_is_two_tables(library: Path) -> None:
    lines = bases(library, "--format", "markdown").stdout.splitlines()
    assert lines[0] == "| patch | minispawn | mini2 |"
    assert lines[1] == "| --- | --- | --- |"
    assert lines[2].startswith("| big-concurrency | clean | ")
    assert "\\*" in lines[2]
    assert "| ordered pairs | minispawn | mini2 |" in lines


def test_json_counts_the_pairs_of_each_base(library: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    ran = bases(library, "--format", "json", "--output", str(report))
    assert ran.stdout == ""
    found = json.loads(report.read_text())
    assert found["schema_version"] == 1
    assert [sum(base["pairs"].values()) for base in found["bases"]] == [6, 6]
    assert len(found["cells"]) == 6
    cell = found["cells"][1]
    assert (cell["patch"], cell["base"], cell["form"], cell["built"]) == (
        "big-concurrency",
        "mini2",
        "netqmail-1.06",
        None,
    )


@pytest.mark.native
@pytest.mark.slow
def test_compile_says_what_builds_and_why_not(library: Path) -> None:
    lines = bases(library, "--compile").stdout.splitlines()
    assert [word.strip() for word in lines[1].split("  ") if word.strip()] == [
        "(none)",
        "builds",
        "does not build",
    ]
    assert lines[2].split("  ")[0] == "big-concurrency"
    assert "clean, builds" in lines[2]
    assert "mini2 does not build:" in lines


def test_formats_of_one_base_are_refused(library: Path) -> None:
    ran = bases(library, "--format", "sarif")
    assert ran.code == 2
    assert "text, markdown, json" in ran.stderr
