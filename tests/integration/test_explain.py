"""`explain`: why a hunk fails in a series, as text and as JSON, and the same reasons in `apply`."""

from __future__ import annotations

import difflib
import json
from pathlib import Path

import pytest

from tests.command import TOP, Ran, command

BASE = TOP / "bases/minispawn"


def patch(folder: Path, name: str, *edits: tuple[str, str, str]) -> Path:
    """A patch of the bundled base: (file, old text, new text) for each file."""
    text = ""
    for file, old, new in edits:
        before = (BASE / file).read_text()
        assert old in before
        after = before.replace(old, new, 1)
        text += "".join(
            difflib.unified_diff(
                before.splitlines(keepends=True), after.splitlines(keepends=True), f"a/{file}", f"b/{file}"
            )
        )
    path = folder / f"{name}.patch"
    path.write_text(text)
    return path


@pytest.fixture
def series(tmp_path: Path) -> list[str | Path]:
    """Flags of two patches, the second of which fails in one of its two files."""
    first, *_, last = (BASE / "coe.h").read_text().splitlines()
    one = patch(tmp_path, "one", ("coe.h", first, f"{first} /* one */"))
    two = patch(tmp_path, "two", ("coe.h", first, f"{first} /* two */"), ("conf-spawn", "120", "121"))
    assert last
    return ["--base", "minispawn", "--patch", one, "--patch", two]


def explained(series: list[str | Path], name: str, *flags: str) -> Ran:
    return command("explain", name, *flags, *series)


def test_a_failing_hunk_is_explained_with_owner_and_next_command(series: list[str | Path]) -> None:
    ran = explained(series, "two.patch", "--file", "coe.h", "--hunk", "1")
    assert ran.code == 0, ran.stderr
    assert "coe.h: hunk 1 of 1 of two.patch" in ran.stdout
    assert "rewritten: hunk 1 of one.patch changed the lines that it wants to change too." in ran.stdout
    assert "owned by hunk 1 of one.patch" in ran.stdout
    assert "  next      ./inv resolve --base minispawn --patch " in ran.stdout
    assert "conf-spawn" not in ran.stdout


def test_without_a_number_it_explains_all_that_failed(series: list[str | Path]) -> None:
    ran = explained(series, "two.patch")
    assert "coe.h: hunk 1 of 1" in ran.stdout
    assert "conf-spawn" not in ran.stdout
    assert explained(series, "one.patch").stdout == "Every hunk of one.patch applied.\n"


def test_a_hunk_that_applied_says_how(series: list[str | Path]) -> None:
    ran = explained(series, "two.patch", "--file", "conf-spawn", "--hunk", "1")
    assert (ran.code, ran.stdout) == (0, "conf-spawn: hunk 1 applied at line 1, where it says\n")


def test_a_hunk_that_was_moved_says_by_whom(tmp_path: Path) -> None:
    lines = (BASE / "spawn.c").read_text().splitlines(keepends=True)
    one = patch(tmp_path, "one", ("spawn.c", lines[0], "/* one */\n/* two */\n" + lines[0]))
    two = patch(
        tmp_path, "two", ("spawn.c", "".join(lines[40:44]), "".join(lines[40:43]) + "/* */\n" + lines[43])
    )
    ran = explained(["--base", "minispawn", "--patch", one, "--patch", two], "two.patch", "--hunk", "1")
    assert "applied 2 lines later" in ran.stdout
    assert "above it one.patch put 2 lines in and took 0 out" in ran.stdout


def test_json_has_the_whole_diagnosis(series: list[str | Path]) -> None:
    ran = explained(series, "two.patch", "--format", "json")
    report = json.loads(ran.stdout)
    assert (report["schema_version"], report["base"], report["patch"]) == (1, "minispawn", "two.patch")
    (hunk,) = report["hunks"]
    assert hunk["path"] == "coe.h"
    assert hunk["outcome"]["status"] == "rejected"
    assert hunk["outcome"]["culprit"] == {"patch": "one.patch", "hunk": 1}
    assert hunk["diagnosis"]["verdict"] == "rewritten"
    assert hunk["diagnosis"]["owner"] == {"patch": "one.patch", "hunk": 1}
    assert hunk["diagnosis"]["difference"]["line"] == 1


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("three.patch",), "The series has no patch three.patch; it has: one.patch, two.patch."),
        (
            ("two.patch", "--hunk", "7"),
            "two.patch has no hunk 7; its files and their hunks: coe.h (1), conf-spawn (1).",
        ),
        (
            ("two.patch", "--file", "nope.c"),
            "two.patch has no hunk for nope.c; its files and their hunks: coe.h (1), conf-spawn (1).",
        ),
        (("two.patch", "--hunk", "one"), "--hunk is 'one', but must be a number of at least 0."),
    ],
)
def test_what_is_not_there_is_a_mistake(series: list[str | Path], flags: tuple[str, ...], said: str) -> None:
    ran = command("explain", *flags, *series)
    assert (ran.code, ran.stderr.splitlines()[0]) == (2, f"error: {said}")


def test_apply_gives_the_same_reason_and_the_command_that_takes_one_further(series: list[str | Path]) -> None:
    ran = command("apply", *series, "--format", "json")
    assert ran.code == 1
    (hunk,) = json.loads(ran.stdout)["patches"][1]["files"][0]["hunks"]
    assert hunk["culprit"] == {"patch": "one.patch", "hunk": 1}
    assert hunk["verdict"] == "hunk 1 of one.patch changed the lines that it wants to change too"
    words = hunk["diagnosis"]["next_command"].split()
    assert words[0] == "./inv"
    again = command(*words[1:])
    assert again.code == 1, "it is in dispute"
    assert "one, hunk 1" in again.stdout
    assert "To settle it yourself:" in again.stdout


def test_a_patch_for_a_known_patch_is_told_which_one_is_missing(tmp_path: Path) -> None:
    known = tmp_path / "patches/shout"
    known.mkdir(parents=True)
    made = patch(known, "minispawn", ("conf-spawn", "120", "120 and a word of its own"))
    (known / "patch.toml").write_text(
        'name = "shout"\nsummary = "s"\nlicense = "0BSD"\n[variants]\nminispawn = "minispawn.patch"\n'
    )
    needy = tmp_path / "needy.patch"
    first = made.read_text().splitlines()[4].removeprefix("+")
    needy.write_text(f"--- a/conf-spawn\n+++ b/conf-spawn\n@@ -1 +1 @@\n-{first}\n+something else\n")
    ran = command(
        "explain", needy, "--base", "minispawn", "--patch", needy, "--path", tmp_path, "--hunk", "1"
    )
    assert "prerequisite missing: it builds on shout" in ran.stdout
    assert f"./inv apply --base minispawn --patch shout --patch {needy}" in ran.stdout
