"""Whether programs of an image run here: told without starting them."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from builder.checks.runnable import why_never, why_not_here
from builder.compiling.build import Build
from builder.process import find_program
from builder.toolchains.platforms import platform_called
from tests.unit.packaging import canned

pytestmark = [
    pytest.mark.native,
    pytest.mark.skipif(find_program("gcc") is None, reason="needs gcc"),
]
IMAGE = platform_called("debian-12-amd64")


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """A build of one program, which leaves a file behind if it is started, with a library of its own."""
    (tmp_path / "library.c").write_text("int answer(void) { return 42; }\n")
    subprocess.run(["gcc", "-shared", "-o", "libanswer.so", "library.c"], cwd=tmp_path, check=True)
    (tmp_path / "program.c").write_text(
        "#include <stdio.h>\nint answer(void);\n"
        f'int main(void) {{ fopen("{tmp_path}/started", "w"); return answer(); }}\n'
    )
    words = ["gcc", "-o", "program", "program.c", "-L.", "-lanswer", f"-Wl,-rpath,{tmp_path}"]
    subprocess.run(words, cwd=tmp_path, check=True)
    return replace(canned.build(tmp_path / "work", (), files={}, makes={}), folder=tmp_path, platform=IMAGE)


def test_programs_that_find_everything_run(build: Build) -> None:
    assert why_not_here(build) == ""
    assert not (build.folder / "started").exists()


def test_a_library_that_is_missing_is_named(build: Build) -> None:
    (build.folder / "libanswer.so").unlink()
    why = why_not_here(build)
    assert why.startswith("the programs are for debian-12-amd64: libanswer.so => not found")


def test_a_c_library_that_is_too_old_is_named(build: Build) -> None:
    program = build.folder / "program"
    data = program.read_bytes()
    assert b"GLIBC_2.34\0" in data
    # The version that the program asks for, by name and by the hash that is looked up first.
    old, new = b"GLIBC_2.34", b"GLIBC_9.99"
    data = data.replace(old, new).replace(elf_hash(old), elf_hash(new))
    program.write_bytes(data)
    assert "version `GLIBC_9.99' not found" in why_not_here(build)


def elf_hash(name: bytes) -> bytes:
    """As the ELF specification has it, little-endian."""
    value = 0
    for byte in name:
        value = (value << 4) + byte
        high = value & 0xF0000000
        value = (value ^ (high >> 24)) & ~high
    return value.to_bytes(4, "little")


def test_another_machine_s_programs_do_not(build: Build) -> None:
    freebsd = replace(build, platform=platform_called("freebsd-14-amd64"))
    where = "the programs are for freebsd-14-amd64, and run on the FreeBSD that compiled them."
    assert (why_never(freebsd), why_not_here(freebsd)) == ("", where)
    cross = replace(freebsd, toolchain=replace(build.toolchain, cross=True))
    nowhere = "no FreeBSD here to run the programs on."
    assert (why_never(cross), why_not_here(cross)) == (nowhere, nowhere)
    assert why_not_here(replace(build, platform=platform_called("native"))) == ""
