"""`resolve` as a user types it: what it writes is what `apply` and `build` then use."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from builder.sources.tree import Tree
from tests.command import Ran, command
from tests.resolving import Edits, diff, edited, minispawn, write_patch, write_recipe

INCLUDES = '#include <errno.h>\n#include <string.h>\n#include "substdio.h"\n'
"""How substdio.c of minispawn begins."""

ONE: Edits = {"substdio.c": ((INCLUDES, INCLUDES.replace("<string.h>", "<string.h>\n#include <limits.h>")),)}
TWO: Edits = {
    "substdio.c": (
        (INCLUDES, INCLUDES.replace("<string.h>", "<string.h>\n#include <stddef.h>")),
        ("  return substdio_put(ss,s,strlen(s));\n}", "  return substdio_put(ss,s,strlen(s)); /* two */\n}"),
    )
}


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A folder with the patches one and two, which both include something at one place, and a recipe of both."""
    base = minispawn()
    write_patch(tmp_path, "one", diff(base, ONE))
    write_patch(tmp_path, "two", diff(base, TWO))
    write_recipe(tmp_path, "both", "one", "two")
    return tmp_path


def resolve(folder: Path, *arguments: str | Path, recipe: str = "both") -> Ran:
    return command("resolve", "--recipe", recipe, *arguments, cwd=folder)


def fixup(folder: Path, name: str = "two", after: str = "one") -> Path:
    return folder / "patches" / name / f"after-{after}.patch"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_fix_up_is_written_and_then_used(mine: Path) -> None:
    assert command("apply", "--recipe", "both", cwd=mine).code == 1
    ran = resolve(mine)
    assert ran.code == 0, ran.stdout + ran.stderr
    assert "wrote patches/two/after-one.patch" in ran.stdout
    header = fixup(mine).read_text().partition("\n--- ")[0]
    assert "Base: minispawn sha256:" in header
    assert "After: one sha256:" in header
    assert "Settled: substdio.c:" in header
    assert "Proof: no token that either side added is missing" in header
    assert "Compiled: not tried" in header
    applied = command("apply", "--recipe", "both", "--out", "tree", cwd=mine)
    assert applied.code == 0
    assert "with after-one.patch" in applied.stdout
    both = edited(
        edited(minispawn(), ONE),
        {"substdio.c": (TWO["substdio.c"][1], ("<limits.h>", "<limits.h>\n#include <stddef.h>"))},
    )
    assert Tree.read(mine / "tree").digest == both.digest


def test_the_reports_have_the_fix_up_s_own_digest(mine: Path) -> None:
    resolve(mine)
    said = json.loads(command("apply", "--recipe", "both", "--format", "json", cwd=mine).stdout)["patches"][1]
    assert said["sha256"] == hashlib.sha256(fixup(mine).read_bytes()).hexdigest()
    assert said["file"].endswith("patches/two/after-one.patch")
    explained = command("explain", "two", "--recipe", "both", cwd=mine)
    assert explained.stdout.startswith("two is here as its fix-up says: with after-one.patch.")


def test_gnu_patch_applies_the_fix_up_without_fuzz(mine: Path) -> None:
    resolve(mine)
    tree = edited(minispawn(), ONE)
    tree.write(mine / "tree")
    done = subprocess.run(
        ["patch", "-p1", "-F0", "-i", str(fixup(mine))],
        cwd=mine / "tree",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "patching file substdio.c\n")


def test_what_is_right_is_left_as_it_is(mine: Path) -> None:
    resolve(mine)
    before = files(mine)
    again = resolve(mine)
    assert again.code == 0
    assert "has its fix-up after one" in again.stdout
    assert files(mine) == before


def test_a_dry_run_writes_nothing(mine: Path) -> None:
    before = files(mine)
    ran = resolve(mine, "--dry-run", "--out", mine / "tree")
    assert (ran.code, files(mine)) == (0, before)
    assert "resolved after one" in ran.stdout


@pytest.mark.parametrize("changed", ["one", "two"])
def test_a_stale_fix_up_is_refused_and_made_anew(mine: Path, changed: str) -> None:
    resolve(mine)
    variant = mine / "patches" / changed / "minispawn.patch"
    variant.write_bytes(b"Another word. " + variant.read_bytes())
    for refusing in ("apply", "build"):
        ran = command(refusing, "--recipe", "both", cwd=mine)
        assert ran.code == 2
        assert "patches/two/after-one.patch is stale: " in ran.stderr
        assert f"{changed} has changed" in ran.stderr
        assert "`./inv resolve --recipe both` makes it anew" in ran.stderr
    assert resolve(mine).code == 0
    assert command("apply", "--recipe", "both", cwd=mine).code == 0


def test_a_fix_up_for_another_base_tree_is_refused(mine: Path) -> None:
    resolve(mine)
    # The user's own minispawn comes before ours, and differs.
    minispawn().changed({"README": None}).write(mine / "bases" / "minispawn")
    shutil.copy(Path(__file__).parents[2] / "bases" / "minispawn.toml", mine / "bases")
    ran = command("apply", "--recipe", "both", cwd=mine)
    assert ran.code == 2
    assert "was made for another minispawn" in ran.stderr


def test_a_fix_up_is_not_used_where_its_patch_is_not_before(mine: Path) -> None:
    resolve(mine)
    for series in (("two",), ("two", "one")):
        write_recipe(mine, "other", *series)
        ran = command("apply", "--recipe", "other", cwd=mine)
        assert "after-one.patch" not in ran.stdout


def test_an_edited_fix_up_is_kept_and_used(mine: Path) -> None:
    resolve(mine)
    data = fixup(mine).read_bytes().replace(b"/* two */", b"/* by hand */")
    fixup(mine).write_bytes(data)
    assert resolve(mine).code == 0
    assert fixup(mine).read_bytes() == data
    assert command("apply", "--recipe", "both", cwd=mine).code == 0
    variant = mine / "patches" / "one" / "minispawn.patch"
    variant.write_bytes(b"Another word. " + variant.read_bytes())
    ran = resolve(mine)
    assert ran.code == 1
    assert "STALE, made by hand" in ran.stdout
    assert fixup(mine).read_bytes() == data
    assert resolve(mine, "--force").code == 0
    assert b"/* two */" in fixup(mine).read_bytes()


@pytest.fixture
def disputed(tmp_path: Path) -> Path:
    """A folder with two patches that make another size of one buffer, and one that disputes nothing."""
    base = minispawn()
    for name, size in (("large", 512), ("huge", 4096)):
        edits: Edits = {"subfd.c": (("char outbuf[256]", f"char outbuf[{size}]"),)}
        write_patch(tmp_path, name, diff(base, edits))
    write_patch(tmp_path, "one", diff(base, ONE))
    write_patch(tmp_path, "two", diff(base, TWO))
    write_recipe(tmp_path, "both", "large", "one", "huge", "two")
    return tmp_path


def test_a_conflict_is_shown_with_its_hunks_and_nothing_is_written_for_it(disputed: Path) -> None:
    ran = resolve(disputed)
    assert ran.code == 1
    assert "huge                     CONFLICT after large" in ran.stdout
    shown = ran.stdout[ran.stdout.index("subfd.c:") :]
    lines = [
        "    <<<<<<< large, hunk 1",
        "    static char outbuf[512];",
        "    ||||||| base",
        "    static char outbuf[256];",
        "    =======",
        "    static char outbuf[4096];",
        "    >>>>>>> huge, hunk 1",
    ]
    assert "\n".join(lines) in shown
    assert "./inv resolve --recipe both --from DIR" in shown
    assert "1 of 4 patches need a person: huge." in ran.stderr
    assert not list((disputed / "patches" / "huge").glob("after-*"))
    # What could be resolved was: a person need not settle all at once.
    assert fixup(disputed).is_file()


def test_a_person_settles_a_conflict_in_the_tree_that_was_written(disputed: Path) -> None:
    tree = disputed / "tree"
    assert resolve(disputed, "--out", tree).code == 1
    text = (tree / "subfd.c").read_text()
    assert "<<<<<<< large\nstatic char outbuf[512];\n||||||| base\n" in text
    refused = resolve(disputed, "--from", tree)
    assert refused.code == 2
    assert "subfd.c in the edited tree still has the markers of a conflict" in refused.stderr
    head, _, tail = text.partition("<<<<<<< large\n")
    (tree / "subfd.c").write_text(head + "static char outbuf[8192];\n" + tail.partition(">>>>>>> huge\n")[2])
    ran = resolve(disputed, "--from", tree)
    assert ran.code == 0, ran.stdout + ran.stderr
    header = fixup(disputed, "huge", "large").read_text()
    assert "Made by: hand" in header
    assert "hand: a person settled it" in header
    assert command("apply", "--recipe", "both", "--out", "done", cwd=disputed).code == 0
    assert "outbuf[8192]" in (disputed / "done" / "subfd.c").read_text()


def test_from_without_a_conflict_says_so(mine: Path) -> None:
    minispawn().write(mine / "tree")
    ran = resolve(mine, "--from", mine / "tree")
    assert ran.code == 2
    assert "--from has nothing to settle" in ran.stderr


def test_json_has_the_regions_and_is_all_of_stdout(disputed: Path) -> None:
    ran = resolve(disputed, "--format", "json")
    said = json.loads(ran.stdout)
    assert (ran.code, said["schema_version"], said["base"]) == (1, 1, "minispawn")
    assert [patch["state"] for patch in said["patches"]] == ["applies", "applies", "conflict", "resolved"]
    (region,) = said["patches"][2]["disputed"]
    assert (region["path"], region["ours"], region["theirs_by"]) == (
        "subfd.c",
        "static char outbuf[512];\n",
        [{"patch": "huge", "hunk": 1}],
    )
    assert said["patches"][3]["settled"][0]["path"] == "substdio.c"


def test_patches_given_as_files_have_their_fix_ups_in_the_current_folder(mine: Path, tmp_path: Path) -> None:
    base = minispawn()
    for name, edits in (("first", ONE), ("second", TWO)):
        (tmp_path / f"{name}.diff").write_bytes(diff(base, edits))
    series = ("--base", "minispawn", "--patch", "./first.diff", "--patch", "./second.diff")
    assert command("resolve", *series, cwd=mine).code == 0
    assert fixup(mine, "second", "first").is_file()
    applied = command("apply", *series, cwd=mine)
    assert applied.code == 0
    assert "with after-first.patch" in applied.stdout


def test_a_patch_that_fits_nowhere_is_told_from_a_conflict(mine: Path) -> None:
    foreign = b"--- a/spawn.c\n+++ b/spawn.c\n@@ -1,3 +1,4 @@\n no\n such\n+new\n lines\n"
    write_patch(mine, "foreign", foreign)
    write_recipe(mine, "both", "one", "foreign")
    ran = resolve(mine)
    assert ran.code == 1
    assert "FAILS" in ran.stdout
    assert "./inv explain foreign --recipe both" in ran.stdout


def test_a_patch_that_another_one_has_in_it_is_to_be_taken_out(mine: Path) -> None:
    write_patch(mine, "same", diff(minispawn(), ONE))
    write_recipe(mine, "both", "one", "same")
    ran = resolve(mine)
    assert ran.code == 1
    assert "is there already" in ran.stdout


def test_three_patches_at_one_place_are_resolved_one_after_the_other(mine: Path) -> None:
    three: Edits = {
        "substdio.c": ((INCLUDES, INCLUDES.replace("<string.h>", "<string.h>\n#include <unistd.h>")),)
    }
    write_patch(mine, "three", diff(minispawn(), three))
    write_recipe(mine, "both", "one", "two", "three")
    assert resolve(mine).code == 0
    assert fixup(mine, "three", "one+two").is_file()
    applied = command("apply", "--recipe", "both", "--out", "tree", cwd=mine)
    assert applied.code == 0
    text = (mine / "tree" / "substdio.c").read_text()
    assert "<limits.h>\n#include <stddef.h>\n#include <unistd.h>\n" in text
    # The first two by themselves still have their own.
    write_recipe(mine, "both", "one", "three")
    assert resolve(mine).code == 0
    assert fixup(mine, "three", "one").is_file()


def test_lint_and_list_know_fix_ups(mine: Path) -> None:
    resolve(mine)
    linted = command("lint", "two", cwd=mine)
    assert "after-one.patch" not in linted.stdout
    assert "after-one" in command("list", cwd=mine).stdout


@pytest.mark.native
def test_compiling_is_said_in_the_header(mine: Path) -> None:
    ran = resolve(mine, "--compile")
    assert ran.code == 0, ran.stdout + ran.stderr
    assert "compiled: make it, native (" in ran.stdout
    assert "\nCompiled: make it, native (" in fixup(mine).read_text()


@pytest.mark.native
def test_compiling_later_completes_the_fix_up(mine: Path) -> None:
    resolve(mine)
    before = fixup(mine).read_text()
    assert resolve(mine, "--compile").code == 0
    after = fixup(mine).read_text()
    assert "Compiled: not tried" in before
    assert after == before.replace(
        "Compiled: not tried", after[after.index("Compiled: ") :].partition("\n")[0]
    )


@pytest.mark.native
def test_what_merges_but_does_not_compile_is_found(mine: Path) -> None:
    """Both define a function of one name, in files that one program is linked of."""
    base = minispawn()
    for name, path, edits in (("one", "fd.c", ONE), ("two", "sig.c", TWO)):
        text = base[path].data.decode()
        both: Edits = {**edits, path: ((text, f"{text}\nint twin(void)\n{{\n  return 1;\n}}\n"),)}
        write_patch(mine, name, diff(base, both))
    assert resolve(mine, "--dry-run").code == 0
    ran = resolve(mine, "--compile")
    assert ran.code == 1
    assert "two                      DOES NOT WORK after one" in ran.stdout
    assert "multiple definition of `twin'" in ran.stdout
    assert not fixup(mine).exists()


@pytest.mark.native
def test_the_patches_own_checks_are_run_on_what_was_compiled(mine: Path) -> None:
    checks = mine / "patches" / "two" / "checks"
    checks.mkdir()
    (checks / "there.sh").write_text("test -f qmail-rspawn && test -f substdio.o && echo It is there.\n")
    assert resolve(mine, "--compile").code == 0
    (checks / "there.sh").write_text("echo It is not as it should be.\nexit 1\n")
    ran = resolve(mine, "--compile", "--force")
    assert ran.code == 1
    assert "two/there: It is not as it should be." in ran.stdout
