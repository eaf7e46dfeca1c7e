"""Mistakes: each gives one clear message, its exit code and no traceback, and leaves nothing half done."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.command import TOP, Ran, command

RECIPE = (
    'name = "mine"\nsummary = "s"\nbase = "minispawn"\npatches = {patches}\n[conf]\nconf-spawn = {spawn}\n'
)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder of the user's own, with recipes/."""
    (tmp_path / "recipes").mkdir()
    return tmp_path


def build_command(own: Path) -> list[str]:
    """The command that builds the user's own recipe, for tests that look at it while it runs."""
    script = str(TOP / "tasks.py")
    return [
        sys.executable,
        script,
        "build",
        "--recipe",
        "mine",
        "--path",
        str(own),
        "--out",
        str(own / "out"),
    ]


def build_mine(
    own: Path, store: Path, *, patches: str = '["big-concurrency", "poll-spawn"]', spawn: str = "20"
) -> Ran:
    (own / "recipes/mine.toml").write_text(RECIPE.format(patches=patches, spawn=spawn))
    out = own / "out"
    return command(
        "build", "--recipe", "mine", "--path", own, "--out", out, env={"QMAIL_BUILDER_STORE": str(store)}
    )


@pytest.mark.parametrize(
    ("spawn", "said"),
    [
        ("0", "conf-spawn is '0', but must be a number from 1 to 65000."),
        (
            "70000",
            "conf-spawn is 70000, but 65000 is the most that two-byte delivery numbers are trusted with.",
        ),
        ('"many"', "conf-spawn is 'many', but must be a number from 1 to 65000."),
    ],
)
def test_a_wrong_conf_spawn_is_refused_before_compiling(
    own: Path, store: Path, spawn: str, said: str
) -> None:
    ran = build_mine(own, store, spawn=spawn)
    assert ran.code == 2
    assert said in ran.stderr
    assert not (own / "out").exists()


def test_an_unknown_recipe_offers_the_nearest() -> None:
    ran = command("build", "--recipe", "bigcon")
    assert (ran.code, ran.stderr.splitlines()[0]) == (
        2,
        "error: There is no recipe 'bigcon'. Did you mean bigconc?",
    )


def test_an_unknown_patch_offers_the_nearest(own: Path, store: Path) -> None:
    ran = build_mine(own, store, patches='["poll-spwan"]')
    assert ran.code == 2
    assert "There is no patch 'poll-spwan'. Did you mean poll-spawn?" in ran.stderr


def test_a_missing_variant_says_what_exists_and_how_to_make_one(own: Path, store: Path) -> None:
    ran = build_mine(own, store, patches='["modern-c"]')
    assert ran.code == 2
    assert "modern-c has no variant for the base minispawn; it has: netqmail-1.06." in ran.stderr
    assert "new-patch modern-c --base minispawn --edit DIR" in ran.stderr


def test_a_reject_names_patch_hunk_and_place(own: Path, store: Path) -> None:
    patch = own / "wrong.patch"
    patch.write_text("--- a/conf-spawn\n+++ b/conf-spawn\n@@ -1 +1 @@ prose\n-nothing like it\n+1\n")
    ran = build_mine(own, store, patches=f'["{patch}"]')
    assert ran.code == 1
    assert "wrong.patch" in ran.stdout
    assert f"conf-spawn: hunk 1 of 1 of wrong.patch  ({patch}:3)" in ran.stdout
    assert "prerequisite missing: the lines that it expects are not in this base" in " ".join(
        ran.stdout.split()
    )
    assert "expected  line 1" in ran.stdout
    assert not (own / "out").exists()


def test_an_error_of_the_compiler_names_the_patch_that_owns_the_line(own: Path, store: Path) -> None:
    patch = own / "broken.patch"
    patch.write_text("--- /dev/null\n+++ b/coe.h\n@@ -0,0 +1 @@\n+not C at all\n")
    (own / "recipes").mkdir(exist_ok=True)
    base = (TOP / "bases/minispawn/coe.h").read_text().splitlines(keepends=True)
    old = "".join(f"-{line}" for line in base)
    patch.write_text(f"--- a/coe.h\n+++ b/coe.h\n@@ -1,{len(base)} +1 @@\n{old}+not C at all\n")
    ran = build_mine(own, store, patches=f'["{patch}"]')
    assert ran.code == 5
    assert "coe.h:1:" in ran.stderr
    assert "(the line is from hunk 1 of broken.patch)" in ran.stderr
    assert ">    1  not C at all" in ran.stderr
    assert not (own / "out").exists()


def test_a_base_that_cannot_be_had_says_what_was_tried(tmp_path: Path) -> None:
    ran = command("fetch", "netqmail-1.06", "--offline", env={"QMAIL_BUILDER_STORE": str(tmp_path)})
    assert ran.code == 4
    assert "--from PATH|URL" in ran.stderr


def test_a_wrong_archive_is_kept_aside_and_both_hashes_are_said(tmp_path: Path) -> None:
    archive = tmp_path / "netqmail-1.06.tar.gz"
    archive.write_bytes(b"no archive")
    ran = command(
        "fetch", "netqmail-1.06", "--from", archive, env={"QMAIL_BUILDER_STORE": str(tmp_path / "store")}
    )
    assert ran.code == 4
    assert "8e7d98d15211fc9f9c28109e942e2268f42a6672d68df92a42f2afa90ff00532" in ran.stderr
    assert hashlib.sha256(b"no archive").hexdigest() in ran.stderr
    assert archive.exists()


def test_all_bases_are_fetched_at_once_and_one_that_fails_does_not_keep_the_others(tmp_path: Path) -> None:
    ran = command("fetch", "all", "--offline", env={"QMAIL_BUILDER_STORE": str(tmp_path)})
    assert ran.code == 4
    assert ran.stdout.startswith("minispawn ")
    assert all(f"notqmail-1.0{minor}" in ran.stderr for minor in (7, 8, 9))


def test_an_output_folder_that_cannot_be_written_is_an_error_of_packaging(own: Path, store: Path) -> None:
    (own / "out").write_text("a file, not a folder")
    ran = build_mine(own, store)
    assert ran.code == 7
    assert "cannot be written" in ran.stderr
    assert (own / "out").read_text() == "a file, not a folder"


@pytest.mark.parametrize("arguments", [("build", "--nonsense"), ("bild",), ("build", "--jobs", "no")])
def test_bad_usage_has_exit_code_2(arguments: tuple[str, ...]) -> None:
    assert command(*arguments).code == 2


def test_ctrl_c_ends_everything_and_the_next_build_works(own: Path, tmp_path: Path) -> None:
    (own / "recipes/mine.toml").write_text(RECIPE.format(patches='["big-concurrency"]', spawn=20))
    env = {**os.environ, "QMAIL_BUILDER_STORE": str(tmp_path / "fresh")}
    process = subprocess.Popen(build_command(own), env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    builds = tmp_path / "fresh/builds"
    deadline = time.monotonic() + 60
    while not list(builds.glob(".making-*/*.o")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert (process.returncode, stderr.decode().strip()) == (130, "interrupted")
    assert not list(builds.glob(".making-*"))
    assert not (own / "out").exists()
    assert build_mine(own, tmp_path / "fresh").code == 0


def test_two_builds_at_once_into_one_folder_both_succeed(own: Path, store: Path) -> None:
    (own / "recipes/mine.toml").write_text(
        RECIPE.format(patches='["big-concurrency", "poll-spawn"]', spawn=21)
    )
    env = {**os.environ, "QMAIL_BUILDER_STORE": str(store)}
    both = [subprocess.Popen(build_command(own), env=env, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(timeout=300) for process in both] == [0, 0]
    (folder,) = (own / "out").iterdir()
    assert sorted(path.suffix for path in folder.iterdir()) == [".deb", ".json", ".json", ".log", ".zst"]
