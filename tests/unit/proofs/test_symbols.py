"""The symbols in objects and archives, held against nm; and programs that get one twice."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from builder.proofs.duplicates import Duplicate, duplicates
from builder.proofs.makefile import read_makefile
from builder.proofs.symbols import defined, members

pytestmark = [
    pytest.mark.native,
    pytest.mark.skipif(not (shutil.which("gcc") and shutil.which("nm")), reason="needs gcc and nm"),
]
LONG = "a_name_of_more_than_15_letters"
SOURCES = {
    "main": "int shared(void); int main(void) { return shared(); }",
    "one": "int shared(void) { return 1; } int data = 1; int zero; static int own; int used(void) { return own; }",
    LONG: "int lonely(void) { return 2; } __attribute__((weak)) int weak(void) { return 3; } const int c = 1;",
    "two": "int lonely(void) { return 4; } extern int gone; int used2(void) { return gone; }",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in SOURCES.items():
        (tmp_path / f"{name}.c").write_text(text)
        subprocess.run(["gcc", "-c", f"{name}.c"], cwd=tmp_path, check=True)
    subprocess.run(["ar", "cr", "both.a", f"{LONG}.o", "two.o"], cwd=tmp_path, check=True)
    return tmp_path


@pytest.mark.parametrize("name", SOURCES)
def test_an_object_defines_what_nm_says(folder: Path, name: str) -> None:
    said = subprocess.run(["nm", f"{name}.o"], cwd=folder, capture_output=True, text=True, check=True).stdout
    wanted = {words[2] for words in map(str.split, said.splitlines()) if words[-2] in "TDBR"}
    assert defined((folder / f"{name}.o").read_bytes()) == wanted


def test_an_archive_has_its_members_with_their_whole_names(folder: Path) -> None:
    found = dict(members((folder / "both.a").read_bytes()))
    assert list(found) == [f"{LONG}.o", "two.o"]
    assert all(data == (folder / name).read_bytes() for name, data in found.items())


def test_what_is_no_object_defines_nothing() -> None:
    assert defined(b"#!/bin/sh\n") == defined(b"") == defined(b"\x7fELF\x02\x01cut") == frozenset()
    assert list(members(b"no archive")) == []


def test_two_members_of_archives_that_the_linker_says_nothing_of_are_found(folder: Path) -> None:
    makefile = b"main: load main.o one.o both.a\n\t./load main one.o both.a\n"
    subprocess.run(["gcc", "-o", "main", "main.o", "one.o", "both.a"], cwd=folder, check=True)
    found = duplicates(folder, read_makefile(makefile).rules)
    assert found == (Duplicate("main", "lonely", (f"{LONG}.o in both.a", "two.o in both.a")),)
