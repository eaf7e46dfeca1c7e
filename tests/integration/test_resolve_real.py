"""`resolve` and `conflicts --compile` on netqmail: with real patches, brought in from outside, and with our own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from builder.sources.tree import Tree
from tests.command import command
from tests.resolving import Edits, diff, edited, write_patch

pytestmark = [pytest.mark.netqmail, pytest.mark.native, pytest.mark.slow]

PAIRS = (
    ("netqmail-smtp-tls", "patches_netqmail_qmail-spp-0.42"),
    ("netqmail-smtpd-spf", "netqmail-smtp-auth"),
    ("netqmail-smtpd-logging", "netqmail-smtp-tls"),
)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_real_pair_is_resolved_compiles_and_applies_again(
    tmp_path: Path, netqmail: Tree, real_patch_files: tuple[Path, ...], first: str, second: str
) -> None:
    paths = {path.stem: path for path in real_patch_files}
    series = ("--base", "netqmail-1.06", "--patch", paths[first], "--patch", paths[second])
    ran = command("resolve", *series, "--compile", cwd=tmp_path)
    assert ran.code == 0, ran.stdout + ran.stderr
    fixup = tmp_path / "patches" / second / f"after-{first}.patch"
    header = fixup.read_text("latin-1").partition("\n--- ")[0]
    assert "Compiled: make it, native (" in header
    assert "Proof: no token that either side added is missing, none that it removed is back" in header
    assert command("apply", *series, "--out", "ours", cwd=tmp_path).code == 0
    # GNU patch makes the same tree, without fuzz.
    netqmail.write(tmp_path / "theirs")
    for patch in (paths[first], fixup):
        done = subprocess.run(
            ["patch", "-p1", "-F0", "-i", patch],
            cwd=tmp_path / "theirs",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        assert "fuzz" not in done.stdout
    assert Tree.read(tmp_path / "theirs").digest == Tree.read(tmp_path / "ours").digest


def test_a_real_conflict_is_left_to_a_person(
    tmp_path: Path, netqmail: Tree, real_patch_files: tuple[Path, ...]
) -> None:
    paths = {path.stem: path for path in real_patch_files}
    named = ("netqmail-smtp-tls", "netqmail-smtp-auth")
    series = ("--base", "netqmail-1.06", *(word for name in named for word in ("--patch", paths[name])))
    ran = command("resolve", *series, "--out", "tree", cwd=tmp_path)
    assert ran.code == 1
    assert "qmail-smtpd.c:232 in smtp_ehlo()" in ran.stdout
    assert not (tmp_path / "patches").exists()
    assert b"<<<<<<< netqmail-smtp-tls\n" in (tmp_path / "tree" / "qmail-smtpd.c").read_bytes()
    assert len(list((tmp_path / "tree").iterdir())) >= len(netqmail)


def test_a_symbol_that_an_archive_has_twice_is_found(tmp_path: Path, netqmail: Tree) -> None:
    """The linker says nothing of it: of str.a's two it would take the one that comes first."""
    twin = "int str_twin()\n{\n  return 1;\n}\n"
    length = netqmail["str_len.c"].data.decode()
    first: Edits = {"str_len.c": ((length, f"{length}\n{twin}"),)}
    members = "makelib str_len.o str_diff.o str_diffn.o str_cpy.o str_chr.o \\\nstr_rchr.o str_start.o"
    makefile = netqmail["Makefile"].data.decode()
    assert members in makefile
    second: Edits = {
        "str_twin.c": (("", twin),),
        "Makefile": (
            (members, members.replace("makelib ", "makelib str_twin.o ")),
            ("./makelib str.a ", "./makelib str.a str_twin.o "),
            (
                "str_len.o: \\\n",
                "str_twin.o: \\\ncompile str_twin.c\n\t./compile str_twin.c\n\nstr_len.o: \\\n",
            ),
        ),
    }
    assert "str_twin.c" in edited(netqmail, second)
    for name, edits in (("one", first), ("two", second)):
        write_patch(tmp_path, name, diff(netqmail, edits), base="netqmail-1.06")
    ran = command(
        "conflicts",
        "--base",
        "netqmail-1.06",
        "--patch",
        "one",
        "--patch",
        "two",
        "--compile",
        "--format",
        "json",
        cwd=tmp_path,
    )
    pairs = json.loads(ran.stdout)["pairs"]
    assert ran.code == 1
    assert {pair["outcome"] for pair in pairs} == {"semantic"}
    assert all("str_twin is defined more than once: str_" in pair["note"] for pair in pairs)
