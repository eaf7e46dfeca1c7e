"""The commands for patch authors, as an author uses them; series also with the programs that they are for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from builder.patching.apply import apply
from builder.patching.parse import parse
from builder.sources.tree import Tree
from tests.building import recipe_plan
from tests.command import TOP, Ran, command

MINISPAWN = Tree.read(TOP / "bases/minispawn")
SERIES = ("--base", "minispawn", "--patch", "big-concurrency", "--patch", "poll-spawn")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder of the author's own."""
    folder = tmp_path / "own"
    folder.mkdir()
    return folder


def ran(own: Path, *arguments: str | Path) -> Ran:
    """A command run in the author's folder, which must succeed."""
    done = command(*arguments, cwd=own)
    assert done.code == 0, done.stdout + done.stderr
    return done


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def applied_tree(own: Path, *selection: str) -> Tree:
    ran(own, "apply", *selection, "--out", "applied")
    return Tree.read(own / "applied")


def run_in(folder: Path, *argv: str | Path, env: dict[str, str] | None = None) -> None:
    """A program of somebody else; the test is skipped where it is not installed."""
    if shutil.which(str(argv[0])) is None:
        pytest.skip(f"{argv[0]} is not installed")
    done = subprocess.run(
        argv, cwd=folder, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


# new-patch


def test_an_edited_copy_becomes_a_patch(own: Path) -> None:
    ran(own, "new-patch", "louder", "--base", "minispawn", "--edit", "work")
    edit(own / "work/coe.c", "FD_CLOEXEC", "FD_CLOEXEC | 0")
    (own / "work/coe.c.orig").write_text("backup")
    done = ran(
        own,
        *("new-patch", "louder", "--base", "minispawn", "--from", "work"),
        *("--summary", "Says it louder.", "--license", "0BSD"),
    )
    assert "left out  coe.c.orig" in done.stdout
    names = sorted(path.name for path in (own / "patches/louder").iterdir())
    assert names == ["README.md", "minispawn.patch", "patch.toml"]
    (own / "work/coe.c.orig").unlink()
    assert applied_tree(own, "--base", "minispawn", "--patch", "louder") == Tree.read(own / "work")
    assert "no-checks" in ran(own, "lint", "louder").stdout


def test_a_binary_file_goes_into_a_patch(own: Path) -> None:
    ran(own, "new-patch", "logo", "--base", "minispawn", "--edit", "work")
    (own / "work/logo.bin").write_bytes(bytes(range(256)))
    edit(own / "work/coe.c", "FD_CLOEXEC", "FD_CLOEXEC | 0")
    done = ran(own, *("new-patch", "logo", "--base", "minispawn", "--from", "work", "--summary", "A logo."))
    assert "logo.bin: binary\n" in done.stdout
    assert "* `logo.bin`: binary, a new file\n" in (own / "patches/logo/README.md").read_text()
    assert applied_tree(own, "--base", "minispawn", "--patch", "logo") == Tree.read(own / "work")
    assert "0 error(s)" in ran(own, "lint", "logo").stdout
    MINISPAWN.write(own / "git")
    run_in(own / "git", "git", "apply", own / "patches/logo/minispawn.patch")
    assert Tree.read(own / "git") == Tree.read(own / "work")
    back = ran(
        own, "apply", "--base", "minispawn", "--patch", "logo", "--tree", "work", "--reverse", "--out", "back"
    )
    assert "1 clean" in back.stdout
    assert Tree.read(own / "back") == MINISPAWN


def test_a_patch_gets_its_missing_variant(own: Path) -> None:
    shutil.copytree(TOP / "patches/modern-c", own / "patches/modern-c")
    assert "new-patch modern-c" in command("apply", *SERIES[:2], "--patch", "modern-c", cwd=own).stderr
    ran(own, "new-patch", "modern-c", "--base", "minispawn", "--edit", "work")
    edit(own / "work/coe.c", "FD_CLOEXEC", "FD_CLOEXEC | 0")
    before = (own / "patches/modern-c/patch.toml").read_text()
    ran(own, "new-patch", "modern-c", "--base", "minispawn", "--from", "work")
    added = (own / "patches/modern-c/patch.toml").read_text()
    assert added.replace('minispawn = "minispawn.patch"\n', "") == before
    assert applied_tree(own, "--base", "minispawn", "--patch", "modern-c") == Tree.read(own / "work")


def test_a_patch_on_top_of_a_recipe_names_what_it_needs(own: Path) -> None:
    ran(own, "new-patch", "mine", "--recipe", "quickstart", "--edit", "work")
    edit(own / "work/spawn.c", "return poll(watch,", "return  poll(watch,")
    ran(own, "new-patch", "mine", "--recipe", "quickstart", "--from", "work", "--summary", "A remark.")
    assert 'requires = ["poll-spawn"]' in (own / "patches/mine/patch.toml").read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("mine", "--base", "minispawn"), 2, "new-patch has two steps"),
        (("mine", "--edit", "work"), 2, "Say what the patch is for"),
        (("mine", "--base", "minispawn", "--from", "nowhere"), 2, "--from nowhere is no folder."),
        (
            ("Mine!", "--base", "minispawn", "--from", "same", "--summary", "s"),
            2,
            "A name that can be: mine.",
        ),
        (("mine", "--base", "minispawn", "--from", "same"), 2, "A new patch needs a summary."),
        (("mine", "--base", "minispawn", "--from", "same", "--summary", "s"), 3, "the same as the tree"),
        (("poll-spawn", "--base", "minispawn", "--from", "same"), 2, "has a variant for minispawn already"),
    ],
)
def test_what_new_patch_refuses(own: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    MINISPAWN.write(own / "same")
    done = command("new-patch", *arguments, cwd=own)
    assert (done.code, done.stdout) == (code, "")
    assert said in done.stderr
    assert not (own / "patches").exists()


# refresh


def shifted(own: Path) -> Path:
    """poll-spawn as a patch of the author's own, with line numbers and a line of context that are not true any more."""
    folder = own / "patches/poll-spawn"
    shutil.copytree(TOP / "patches/poll-spawn", folder)
    path = folder / "minispawn.patch"
    data = path.read_bytes()
    line = next(line for line in data.split(b"\n") if line.startswith(b"@@ -") and b",7 +" in line)
    start = int(line[4:].split(b",")[0])
    path.write_bytes(data.replace(b"@@ -%d," % start, b"@@ -%d," % (start + 7), 1))
    return path


def test_a_refreshed_patch_is_exact_again(own: Path) -> None:
    path = shifted(own)
    before = command("apply", *SERIES, cwd=own).stdout
    assert "offset" in before
    ran(own, "refresh", "poll-spawn", "--recipe", "quickstart")
    recipe = recipe_plan("quickstart")
    patches = [parse(patch.name, patch.data) for patch in recipe.patches[:-1]]
    policy = recipe.recipe.apply
    assert recipe.recipe.patches[-1] == "poll-spawn"
    exact = apply(apply(MINISPAWN, patches, policy).tree, [parse("poll-spawn", path.read_bytes())])
    assert {hunk.offset for file in exact.patches[0].files for hunk in file.hunks} == {0}
    assert "exact already" in ran(own, "refresh", "poll-spawn", "--recipe", "quickstart").stdout


def test_refresh_writes_elsewhere_if_asked_and_overwrites_nothing(own: Path) -> None:
    path = shifted(own)
    before = path.read_bytes()
    (own / "there.patch").write_text("mine")
    refused = command("refresh", "poll-spawn", "--recipe", "quickstart", "--out", "there.patch", cwd=own)
    assert refused.code == 2
    assert "there.patch is there already" in refused.stderr
    ran(own, "refresh", "poll-spawn", "--recipe", "quickstart", "--out", "new.patch")
    assert path.read_bytes() == before
    assert (own / "there.patch").read_text() == "mine"
    assert (own / "new.patch").read_bytes() != before


def test_what_does_not_apply_is_not_refreshed(own: Path) -> None:
    (own / "bad.patch").write_text("--- a/coe.c\n+++ b/coe.c\n@@ -1 +1 @@\n-nothing like it\n+x\n")
    done = command("refresh", "./bad.patch", "--base", "minispawn", cwd=own)
    assert done.code == 1
    assert "bad.patch" in done.stdout
    assert "there is nothing to refresh" in done.stderr
    missing = command("refresh", "security", "--recipe", "quickstart", cwd=own)
    assert missing.code == 2
    assert "The recipe quickstart has no patch security." in missing.stderr


# apply --reverse


def test_patches_are_taken_back_from_a_patched_tree(own: Path) -> None:
    applied_tree(own, *SERIES)
    ran(own, "apply", *SERIES, "--reverse", "--tree", "applied", "--out", "back")
    assert Tree.read(own / "back") == MINISPAWN


def test_what_is_not_there_cannot_be_taken_back(own: Path) -> None:
    done = command("apply", *SERIES, "--reverse", "--out", "back", cwd=own)
    assert done.code == 1
    assert not (own / "back").exists()
    assert command("apply", *SERIES, "--tree", "nowhere", cwd=own).code == 2


# lint


def test_lint_takes_any_number_of_patches_and_fails_only_on_errors(own: Path) -> None:
    assert ran(own, "lint", "big-concurrency", "security").stdout.endswith(
        "5 file(s): 0 error(s), 0 warning(s), 6 allowed\n"
    )
    (own / "bad.patch").write_text("--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-a\n+b \n")
    done = command("lint", "security", "bad.patch", cwd=own)
    assert done.code == 1
    assert "bad.patch:1: unsafe-path: 'a/../x' leads out of the tree (error)\n" in done.stdout
    assert "bad.patch:5: trailing-whitespace: adds a line with blanks at its end (warning)\n" in done.stdout


def test_lint_as_json(own: Path) -> None:
    (own / "bad.patch").write_text("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b \n")
    report = json.loads(ran(own, "lint", "bad.patch", "--format", "json").stdout)
    assert report["schema_version"] == 1
    assert {finding["rule"] for finding in report["findings"]} == {"no-prose", "trailing-whitespace"}


def test_lint_names_its_rules(own: Path) -> None:
    assert "trailing-whitespace" in ran(own, "lint", "--rules").stdout
    unknown = command("lint", "poll-spwan", cwd=own)
    assert (unknown.code, "Did you mean poll-spawn?" in unknown.stderr) == (2, True)


# import-series and export-series


@pytest.mark.parametrize("form", ["quilt", "dpkg", "git"])
def test_a_series_that_goes_out_and_comes_back_gives_the_same_tree(own: Path, form: str) -> None:
    expected = applied_tree(own, *SERIES)
    ran(own, "export-series", *SERIES, "--format", form, "--out", "there")
    ran(own, "import-series", "there", "--base", "minispawn", "--name", "back", "--out", "mine")
    shutil.rmtree(own / "applied")
    assert applied_tree(own, "--recipe", "back", "--path", "mine") == expected


def test_a_second_import_or_export_overwrites_nothing(own: Path) -> None:
    ran(own, "export-series", *SERIES, "--out", "there")
    again = command("export-series", *SERIES, "--out", "there", cwd=own)
    assert again.code == 2
    assert "is there already (and 2 more); nothing was written." in again.stderr
    ran(own, "import-series", "there", "--base", "minispawn")
    assert command("import-series", "there", "--base", "minispawn", cwd=own).code == 2


def test_an_import_that_does_not_apply_says_so(own: Path) -> None:
    ran(own, "export-series", *SERIES, "--out", "there")
    edit(own / "there/patches/series", "poll-spawn.patch", "bad.patch -p1\npoll-spawn.patch")
    (own / "there/patches/bad.patch").write_text("--- a/coe.c\n+++ b/coe.c\n@@ -1 +1 @@\n-other\n+x\n")
    done = command("import-series", "there", "--base", "minispawn", "--out", "mine", cwd=own)
    assert done.code == 1
    assert "The series is imported, but 1 hunk(s) do not apply on minispawn." in done.stderr
    assert (own / "mine/recipes/there.toml").exists()


def test_quilt_takes_our_series(own: Path) -> None:
    expected = applied_tree(own, *SERIES)
    MINISPAWN.write(own / "work")
    ran(own, "export-series", *SERIES, "--format", "quilt", "--out", "work")
    run_in(own / "work", "quilt", "--quiltrc=-", "push", "-a", "--fuzz=0")
    assert Tree.read(own / "work").without((".pc", "patches")) == expected


def test_dpkg_source_takes_our_series(own: Path) -> None:
    expected = applied_tree(own, *SERIES)
    MINISPAWN.write(own / "q-1")
    run_in(own, "tar", "czf", "q_1.orig.tar.gz", "q-1")
    ran(own, "export-series", *SERIES, "--format", "dpkg", "--out", "q-1")
    debian = own / "q-1/debian"
    (debian / "source").mkdir()
    (debian / "source/format").write_text("3.0 (quilt)\n")
    (debian / "control").write_text(
        "Source: q\nMaintainer: n <n@localhost>\n\nPackage: q\nArchitecture: any\n"
    )
    (debian / "changelog").write_text(
        "q (1-1) x; urgency=low\n\n  * x\n\n -- n <n@localhost>  Fri, 30 Nov 2007 00:00:00 +0000\n"
    )
    run_in(own, "dpkg-source", "--build", "q-1")
    run_in(own, "dpkg-source", "--extract", "q_1-1.dsc", "unpacked")
    assert Tree.read(own / "unpacked").without((".pc", "debian")) == expected


def test_git_am_takes_our_series(own: Path) -> None:
    expected = applied_tree(own, *SERIES)
    MINISPAWN.write(own / "work")
    ran(own, "export-series", *SERIES, "--format", "git", "--out", "mails")
    who = {"GIT_CONFIG_NOSYSTEM": "1", "HOME": str(own), "EMAIL": "n@localhost"}
    run_in(own / "work", "git", "init", "-q", ".", env=who)
    run_in(own / "work", "git", "add", "-A", "-f", env=who)
    run_in(own / "work", "git", "commit", "-q", "-m", "base", env=who)
    run_in(own / "work", "git", "am", "-q", *sorted((own / "mails").iterdir()), env=who)
    assert Tree.read(own / "work") == expected
    ran(own, "import-series", "work", "--range", "HEAD~2..HEAD", "--base", "minispawn", "--out", "mine")
    (toml, _) = sorted((own / "mine/patches").glob("*/patch.toml"))
    assert 'origin = "commit ' in toml.read_text()


WHO = {"GIT_CONFIG_NOSYSTEM": "1", "HOME": "/nonexistent", "EMAIL": "n@localhost"}


def with_binary_commits(folder: Path) -> Tree:
    """A git repository whose last two commits make and change a binary file; the tree of the last."""
    MINISPAWN.write(folder)
    run_in(folder, "git", "init", "-q", ".", env=WHO)
    data = bytes(range(256)) * 8
    for number, now in enumerate((None, data, data + b"more")):
        if now is not None:
            (folder / "logo.bin").write_bytes(now)
        run_in(folder, "git", "add", "-A", "-f", env=WHO)
        run_in(folder, "git", "commit", "-q", "-m", f"Step {number}", env=WHO)
    return Tree.read(folder).without((".git",))


def test_binary_patches_come_in_and_go_out_as_they_are(own: Path) -> None:
    tree = with_binary_commits(own / "repo")
    ran(own, "import-series", "repo", "--range", "HEAD~2..HEAD", "--base", "minispawn", "--out", "mine")
    assert applied_tree(own, "--recipe", "repo", "--path", "mine") == tree
    (second,) = (own / "mine/patches/step-2").glob("*.patch")
    whole = second.read_bytes()
    assert b"\ndelta " in whole  # git's choice, which ours would not be
    payload = whole[whole.index(b"diff --git ") : whole.rindex(b"\n\n") + 2]
    ran(own, "export-series", "--recipe", "repo", "--path", "mine", "--format", "git", "--out", "mails")
    assert payload in (own / "mails/0002-step-2.patch").read_bytes()
    MINISPAWN.write(own / "work")
    run_in(own / "work", "git", "init", "-q", ".", env=WHO)
    run_in(own / "work", "git", "add", "-A", "-f", env=WHO)
    run_in(own / "work", "git", "commit", "-q", "-m", "base", env=WHO)
    run_in(own / "work", "git", "am", "-q", *sorted((own / "mails").iterdir()), env=WHO)
    assert Tree.read(own / "work").without((".git",)) == tree


@pytest.mark.parametrize("form", ["quilt", "dpkg"])
def test_what_gnu_patch_cannot_read_does_not_go_out_for_it(own: Path, form: str) -> None:
    with_binary_commits(own / "repo")
    ran(own, "import-series", "repo", "--range", "HEAD~2..HEAD", "--base", "minispawn", "--out", "mine")
    done = command(
        *("export-series", "--recipe", "repo", "--path", "mine", "--format", form, "--out", "there"), cwd=own
    )
    assert done.code == 2
    assert "step-1.patch changes logo.bin, a binary file, and GNU patch cannot do that." in done.stderr
    assert "--format git can hold it." in done.stderr
    assert not (own / "there").exists()
