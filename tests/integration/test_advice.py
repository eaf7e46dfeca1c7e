"""The commands that reports advise, pasted as they are: they find the same again, and take a person further."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from builder.recipes.again import Again
from tests.command import Ran, command
from tests.resolving import Edits, diff, minispawn, write_patch, write_recipe

INCLUDE = "#include <errno.h>\n"
INCLUDES: tuple[Edits, ...] = tuple(
    {"spawn.c": ((INCLUDE, f'{INCLUDE}#include "{name}.h"\n'),)} for name in ("one", "two")
)
"""Both add a line at one place: the merge takes both."""
SIZES: tuple[Edits, ...] = tuple(
    {"subfd.c": (("char outbuf[256]", f"char outbuf[{size}]"),)} for size in (512, 4096)
)
"""Both want another size: a person must decide."""
WORDS: tuple[Edits, ...] = (
    {
        "spawn.c": (
            ("return flagreading && FD_ISSET(0,rfds);", "return flagreading > 0 && FD_ISSET(0,rfds);"),
        )
    },
    {
        "spawn.c": (
            ("return flagreading && FD_ISSET(0,rfds);", "return flagreading && FD_ISSET(0,rfds) > 0;"),
        )
    },
)
"""Both rewrite a line, and other words of it: the merge takes both."""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A user's folder, with a blank in its name: patches, and a recipe of those that rewrite a line."""
    folder = tmp_path / "my folder"
    folder.mkdir()
    names = ("one", "two", "large", "huge", "left", "right")
    for name, edits in zip(names, (*INCLUDES, *SIZES, *WORDS), strict=True):
        write_patch(folder, name, diff(minispawn(), edits))
    write_recipe(folder, "both", "left", "right")
    return folder


def pasted(line: str, **more: Path | dict[str, str]) -> Ran:
    words = shlex.split(line)
    assert words[0] == "./inv"
    return command(*words[1:], **more)  # type: ignore[arg-type]


def next_commands(ran: Ran) -> list[str]:
    return re.findall(r"^  next +(.*)$", ran.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    "name", ["apply", "explain", "conflicts", "resolve", "refresh", "smoke", "lint", "list"]
)
def test_a_flag_that_is_said_again_is_one_of_its_command(name: str) -> None:
    everything = Again(paths=["p"], given="f", tree="t", fuzz=0, max_offset=9, strip=1)
    flags = {word for word in everything.inputs(name) if word.startswith("--")}
    assert flags
    assert flags <= set(re.findall(r"--[a-z-]+", command("--help", name).stdout))


def test_patches_that_want_the_same_lines_are_resolved_with_the_flags_of_the_run(mine: Path) -> None:
    flags = ("--recipe", "both", "--path", mine, "--fuzz", "1", "--max-offset", "9")
    ran = command("apply", *flags)
    assert ran.code == 1
    (line,) = next_commands(ran)
    assert line == f"./inv resolve --recipe both --path '{mine}' --fuzz 1 --max-offset 9"
    assert pasted(line).code == 0
    assert command("apply", *flags).code == 0, "the fix-up that resolve wrote is used"


def test_a_command_for_several_hunks_is_said_once_below_the_last(mine: Path) -> None:
    for name, edits in zip(("here", "there"), zip(WORDS, SIZES, strict=True), strict=True):
        write_patch(mine, name, diff(minispawn(), {**edits[0], **edits[1]}))
    ran = command("apply", "--base", "minispawn", "--patch", "here", "--patch", "there", "--path", mine)
    (line,) = next_commands(ran)
    assert line == f"./inv resolve --base minispawn --patch here --patch there --path '{mine}'"
    assert ran.stdout.count(" of there  (") == 2
    assert " of there  (" not in ran.stdout[ran.stdout.index("  next") :]


def test_in_a_folder_of_sources_it_is_explained_there(mine: Path, tmp_path: Path) -> None:
    """A fix-up is for a base, so resolve is not for --tree."""
    tree = tmp_path / "tree"
    minispawn().write(tree)
    ran = command("apply", "--recipe", "both", "--path", mine, "--tree", tree)
    (line,) = next_commands(ran)
    assert line == f"./inv explain right --hunk 1 --recipe both --path '{mine}' --tree {tree}"
    again = pasted(line)
    assert (again.code, "hunk 1 of left" in again.stdout) == (0, True), again.stderr
    (tree / "spawn.c").write_text("nothing\n")
    assert "hunk 1 of left" not in pasted(line).stdout, "what is in the folder counts"


def test_what_a_base_was_brought_from_and_where_it_is_defined_is_said_again(tmp_path: Path) -> None:
    """The pasted command has neither in its store."""
    base = minispawn()
    base.write(tmp_path / "sources")
    (tmp_path / "bases").mkdir()
    (tmp_path / "bases/own.toml").write_text(
        f'name = "own"\nsummary = "s"\nversion = "1"\nlicense = "0BSD"\ntree = "{base.digest}"\n'
    )
    moved = diff(base, INCLUDES[0]).replace(b"@@ -", b"@@ -1")
    (tmp_path / "far.patch").write_bytes(moved)
    flags = ("--base", "own", "--patch", "far.patch", "--path", ".", "--from", "sources", "--max-offset", "5")
    ran = command("apply", *flags, cwd=tmp_path, env={"QMAIL_BUILDER_STORE": str(tmp_path / "store")})
    (line,) = next_commands(ran)
    assert " --path . --from sources " in line
    assert line.count("--max-offset") == 1
    again = pasted(line, cwd=tmp_path, env={"QMAIL_BUILDER_STORE": str(tmp_path / "other")})
    assert again.code == 0, again.stdout + again.stderr


def test_the_patch_that_is_missing_is_found_in_the_same_folder(mine: Path) -> None:
    needy = mine / "needy.patch"
    shout: Edits = {"conf-spawn": (("120", "120 and a word of its own"),)}
    write_patch(mine, "shout", diff(minispawn(), shout))
    first = minispawn()["conf-spawn"].data.decode().splitlines()[0].replace("120", shout["conf-spawn"][0][1])
    needy.write_text(f"--- a/conf-spawn\n+++ b/conf-spawn\n@@ -1 +1 @@\n-{first}\n+something else\n")
    ran = command("apply", "--base", "minispawn", "--patch", needy, "--path", mine)
    (line,) = next_commands(ran)
    assert "--patch shout" in line
    assert pasted(line).code == 0


def test_what_conflicts_advises_finds_the_patches_and_what_they_need(mine: Path) -> None:
    """`three` builds on `one`, and adds a line where `four` does."""
    for name, header, more in (("three", "limits", 'requires = ["one"]'), ("four", "stddef", "")):
        line = "#include <string.h>\n"
        edits: Edits = {"substdio.c": ((line, f"{line}#include <{header}.h>\n"),)}
        write_patch(mine, name, diff(minispawn(), edits), more=more)
    flags = ("--base", "minispawn", "--patch", "four", "--patch", "three", "--path", mine)
    pairs = json.loads(command("conflicts", *flags, "--format", "json").stdout)["pairs"]
    for pair, order in zip(pairs, (("four", "one", "three"), ("one", "three", "four")), strict=True):
        found = re.search("`(.*)`", pair["advice"])
        assert found is not None, pair
        named = " ".join(f"--patch {name}" for name in order)
        assert found[1] == f"./inv resolve --base minispawn {named} --path '{mine}'"
        again = pasted(f"{found[1]} --dry-run")
        assert (again.code, "resolved" in again.stdout) == (0, True), again.stderr


def test_a_patch_that_fails_alone_is_explained_after_what_it_requires(mine: Path) -> None:
    broken = diff(minispawn(), SIZES[0]).replace(b"outbuf[256]", b"outbuf[257]")
    write_patch(mine, "broken", broken, more='requires = ["one"]')
    flags = ("--base", "minispawn", "--patch", "broken", "--patch", "two", "--path", mine)
    ran = command("conflicts", *flags, "--format", "json")
    advice = json.loads(ran.stdout)["pairs"][0]["advice"]
    assert advice.startswith("broken does not apply to the bare minispawn: ")
    again = pasted(advice.split("`")[1])
    assert (again.code, "subfd.c: hunk 1 of 1" in again.stdout) == (0, True), again.stderr


def test_the_command_for_a_pair_is_said_once_in_each_form(mine: Path) -> None:
    """However many places there are. Only SARIF's hosts show each finding by itself."""
    for name, edits in zip(("here", "there"), zip(INCLUDES, SIZES, strict=True), strict=True):
        write_patch(mine, name, diff(minispawn(), {**edits[0], **edits[1]}))
    flags = ("--base", "minispawn", "--patch", "here", "--patch", "there", "--path", mine)
    commands = [
        f"./inv resolve --base minispawn --patch {first} --patch {second} --path '{mine}'"
        for first, second in (("here", "there"), ("there", "here"))
    ]
    text = command("conflicts", *flags).stdout
    assert text.count("both add lines here; merged (") == 2
    assert text.count("    Decide what is meant.\n") == 2
    assert [text.count(f"`{line}`") for line in commands] == [1, 1]
    page = command("conflicts", *flags, "--format", "html").stdout
    assert [page.count(line) for line in commands] == [1, 1]
    runs = json.loads(command("conflicts", *flags, "--format", "sarif").stdout)["runs"]
    messages = [result["message"]["text"] for result in runs[0]["results"]]
    assert [sum(line in message for message in messages) for line in commands] == [2, 2]


def test_a_pair_says_what_patch_toml_has_written_of_it(mine: Path) -> None:
    for name, edits, more in (
        ("large", SIZES[0], 'excludes = ["huge"]'),
        ("two", INCLUDES[1], 'after = ["one"]'),
    ):
        write_patch(mine, name, diff(minispawn(), edits), more=more)
    names = ("one", "two", "large", "huge")
    flags = [word for name in names for word in ("--patch", name)]
    said = {
        ("two", "one"): "two comes after one, so the order is the other one",
        ("large", "huge"): "alternatives: large excludes huge",
        ("huge", "large"): "alternatives: large excludes huge",
    }
    ran = command("conflicts", "--base", "minispawn", *flags, "--path", mine, "--format", "json")
    pairs = {(pair["first"], pair["second"]): pair for pair in json.loads(ran.stdout)["pairs"]}
    assert {names: pair["note"] for names, pair in pairs.items() if pair["note"]} == said
    assert {names for names, pair in pairs.items() if pair["refused"]} == set(said)
    assert [pairs[both]["outcome"] for both in said] == ["resolved", "conflict", "conflict"]
    assert not any(pairs[both]["advice"] for both in said), "no command takes them like this"
    text = command("conflicts", "--base", "minispawn", *flags, "--path", mine).stdout
    for (first, second), note in said.items():
        assert f"{first}, then {second}: {pairs[first, second]['outcome']} ({note})\n" in text


def test_order_advises_the_command_that_looks_into_it(mine: Path) -> None:
    ran = command("order", "--base", "minispawn", "--patch", "large", "--patch", "huge", "--path", mine)
    assert ran.code == 1
    again = pasted(ran.stderr.split("`")[1])
    assert "large, then huge: conflict" in again.stdout


def test_what_resolve_advises_has_its_flags(mine: Path, tmp_path: Path) -> None:
    flags = ("--base", "minispawn", "--patch", "large", "--patch", "huge", "--path", mine, "--fuzz", "1")
    ran = command("resolve", *flags)
    assert ran.code == 1
    named = f"./inv resolve --base minispawn --patch large --patch huge --path '{mine}' --fuzz 1"
    tree = tmp_path / "tree"
    assert f"  {named} --out DIR\n" in ran.stdout
    assert f"  {named} --from DIR\n" in ran.stdout
    assert pasted(f"{named} --out {tree}").code == 1
    assert "<<<<<<< large" in (tree / "subfd.c").read_text()
