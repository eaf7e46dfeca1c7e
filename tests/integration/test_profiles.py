"""Debug builds: with names and lines, without this machine's folders, and never mixed up with those for use."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from builder import process
from builder.backends import sandbox
from tests.command import command
from tests.unit.packaging.handmade import decompressed

pytestmark = [
    pytest.mark.native,
    pytest.mark.skipif(process.find_program("gcc") is None, reason="no gcc for the platform native"),
]


def packaged(out: Path, store: Path, *flags: str) -> Path:
    words = ("--recipe", "quickstart", "--platform", "native", "--out", out)
    done = command("package", *words, *flags, env={"QMAIL_BUILDER_STORE": str(store)})
    assert done.code == 0, done
    (folder,) = out.iterdir()
    return folder


def program(store: Path, *, debug: bool) -> list[Path]:
    """The qmail-rspawn of each compiled tree that is, or is not, a debug build."""
    found = []
    for path in store.glob("builds/*/qmail-rspawn"):
        with path.open("rb") as file:
            if (ELFFile(file).get_section_by_name(".debug_info") is not None) == debug:
                found.append(path)
    return found


def test_a_debug_build_has_a_name_a_tree_and_a_version_of_its_own(tmp_path: Path) -> None:
    store = tmp_path / "store"
    plain = packaged(tmp_path / "plain", store)
    debug = packaged(tmp_path / "debug", store, "--profile", "debug")
    assert (plain.name, debug.name) == ("quickstart@native", "quickstart@native+debug")
    (deb,) = debug.glob("*.deb")
    assert "+debug_" in deb.name
    manifest = json.loads((debug / "manifest.json").read_bytes())
    assert (manifest["build"], manifest["inputs"]["profile"]) == (debug.name, "debug")
    (stripped,), (full,) = program(store, debug=False), program(store, debug=True)
    assert stripped.parent != full.parent
    # Taken from the store again, each by its own name.
    for flags, kept in (((), stripped), (("--profile", "debug"), full)):
        words = (
            "smoke",
            "--recipe",
            "quickstart",
            "--platform",
            "native",
            "--check",
            "spawn-replies",
            *flags,
        )
        again = command(*words, env={"QMAIL_BUILDER_STORE": str(store)})
        assert "taken from the store" in again.stdout, kept
    # What is packaged is what was compiled: with its names and lines.
    (archived,) = debug.glob("*.tar.zst")
    with tarfile.open(fileobj=io.BytesIO(decompressed(archived.read_bytes()))) as archive:
        member = next(member for member in archive if member.name.endswith("bin/qmail-rspawn"))
        opened = archive.extractfile(member)
        assert opened is not None
        assert opened.read() == full.read_bytes()


def test_a_debug_build_is_the_same_in_every_folder_and_names_none_of_them(tmp_path: Path) -> None:
    programs = []
    for name, backend in (
        ("one", "local"),
        ("a much longer name", "local" if sandbox.why_not() else "sandbox"),
    ):
        store = tmp_path / name
        packaged(tmp_path / f"out-{backend}-{len(name)}", store, "--profile", "debug", "--backend", backend)
        (path,) = program(store, debug=True)
        programs.append(path.read_bytes())
    assert programs[0] == programs[1]
    assert str(tmp_path).encode() not in programs[0]
    assert b"/usr/src/qmail" in programs[0]


def test_the_sanitizers_are_in_the_programs(tmp_path: Path) -> None:
    store = tmp_path / "store"
    words = ("--recipe", "quickstart", "--platform", "native", "--profile", "sanitize")
    done = command("smoke", *words, "--check", "spawn-replies", env={"QMAIL_BUILDER_STORE": str(store)})
    assert done.code == 0, done
    assert "quickstart@native+sanitize\n" in done.stdout
    (path,) = program(store, debug=True)
    data = path.read_bytes()
    assert b"__asan_init" in data
    assert b"__ubsan_handle" in data


def test_a_recipe_may_be_for_debugging(tmp_path: Path) -> None:
    recipe = tmp_path / "mine.toml"
    recipe.write_text('name = "mine"\nsummary = "Mine"\nbase = "minispawn"\nprofile = "debug"\nchecks = []\n')
    words = ("--recipe", recipe, "--platform", "native")
    env = {"QMAIL_BUILDER_STORE": str(tmp_path / "store")}
    assert "mine@native+debug\n" in command("smoke", *words, env=env).stdout
    assert "mine@native\n" in command("smoke", *words, "--profile", "release", env=env).stdout


def test_a_profile_that_does_not_exist(tmp_path: Path) -> None:
    done = command("smoke", "--profile", "fast", env={"QMAIL_BUILDER_STORE": str(tmp_path)})
    assert done.code == 2
    assert "There is no profile 'fast'." in done.stderr
    assert "release, debug, sanitize" in done.stderr


def test_a_recipe_with_a_compiler_of_its_own_has_no_profiles(tmp_path: Path) -> None:
    words = ("--recipe", "quickstart", "--profile", "debug", "--conf", "conf-cc=gcc -O3")
    done = command("smoke", *words, env={"QMAIL_BUILDER_STORE": str(tmp_path)})
    assert done.code == 2
    assert "The profile debug is a matter of conf-cc" in done.stderr
