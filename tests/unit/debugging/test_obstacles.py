"""The reasons why no core appears: what we say is compared with what the kernel does."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import pytest

from builder import process
from builder.debugging.core_file import cores_in, read_core
from builder.debugging.obstacles import (
    CoreSettings,
    Suspect,
    core_settings,
    general_obstacles,
    obstacles,
)

NOBODY = 65534
ROOM = resource.RLIM_INFINITY
RELATIVE = CoreSettings(limit=ROOM, pattern="core", uses_pid=False, suid_dumpable=0)

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="not root: cannot run a program as another user")
needs_compiler = pytest.mark.skipif(process.find_program("gcc") is None, reason="no gcc")
here = core_settings()
needs_files = pytest.mark.skipif(
    bool(here.folder or list(general_obstacles(here))),
    reason="this machine does not write cores where they happen",
)
needs_no_suid = pytest.mark.skipif(here.suid_dumpable == 1, reason="fs.suid_dumpable is 1 here")


@pytest.fixture
def crashing(tmp_path: Path) -> Path:
    """A program that crashes at once, in a folder that everybody may enter."""
    top = Path(tempfile.gettempdir()).resolve()
    for folder in takewhile(lambda path: path != top, (tmp_path, *tmp_path.parents)):
        folder.chmod(0o755)
    source = tmp_path / "crash.c"
    source.write_text("#include <signal.h>\nint main() { raise(SIGSEGV); return 0; }\n")
    program = tmp_path / "crash"
    subprocess.run(["gcc", "-o", program, source], check=True)
    return program


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in which everybody may write."""
    made = tmp_path / "here"
    made.mkdir()
    made.chmod(0o777)
    return made


def left_core(program: Path, *, uid: int, folder: Path) -> bool:
    """Run it to its crash; whether a core is there then."""
    before, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    try:
        done = subprocess.run(
            [program],
            cwd=folder,
            user=uid if uid != os.getuid() else None,
            group=uid or None,
            extra_groups=[],
            check=False,
        )
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (before, hard))
    assert done.returncode == -11
    return any(True for _ in cores_in(folder))


def said(program: Path, *, uid: int, folder: Path, settings: CoreSettings = here) -> Iterator[str]:
    suspect = Suspect(program=program, uid=uid, gid=uid, folder=folder)
    return (obstacle.reason for obstacle in obstacles(settings, suspect))


@needs_compiler
@needs_files
def test_where_nothing_is_in_the_way_there_is_a_core(crashing: Path, folder: Path) -> None:
    assert list(said(crashing, uid=os.getuid(), folder=folder)) == []
    assert left_core(crashing, uid=os.getuid(), folder=folder)
    (path,) = cores_in(folder)
    core = read_core(path)
    assert core is not None
    assert (core.program, core.signal, core.uid) == (crashing, "SIGSEGV", os.getuid())


@needs_root
@needs_compiler
@needs_files
def test_another_user_leaves_a_core_in_a_folder_of_all(crashing: Path, folder: Path) -> None:
    assert list(said(crashing, uid=NOBODY, folder=folder)) == []
    assert left_core(crashing, uid=NOBODY, folder=folder)
    (path,) = cores_in(folder)
    core = read_core(path)
    assert core is not None
    assert core.uid == NOBODY


@needs_root
@needs_compiler
@needs_files
def test_the_folder_belongs_to_somebody_else(crashing: Path, folder: Path) -> None:
    folder.chmod(0o755)
    assert list(said(crashing, uid=NOBODY, folder=folder)) == ["folder"]
    assert not left_core(crashing, uid=NOBODY, folder=folder)


@needs_root
@needs_compiler
@needs_files
@needs_no_suid
def test_a_program_that_its_user_cannot_read(crashing: Path, folder: Path) -> None:
    crashing.chmod(0o711)  # as hier.c installs qmail-send
    assert list(said(crashing, uid=NOBODY, folder=folder)) == ["readable"]
    assert not left_core(crashing, uid=NOBODY, folder=folder)
    crashing.chmod(0o755)
    assert left_core(crashing, uid=NOBODY, folder=folder)


@needs_root
@needs_compiler
@needs_files
@needs_no_suid
def test_a_setuid_program(crashing: Path, folder: Path) -> None:
    os.chown(crashing, NOBODY, NOBODY)
    crashing.chmod(0o4755)  # as hier.c installs qmail-queue, but readable
    assert list(said(crashing, uid=0, folder=folder)) == ["suid"]
    assert not left_core(crashing, uid=0, folder=folder)
    crashing.chmod(0o755)
    assert left_core(crashing, uid=0, folder=folder)


@needs_compiler
@needs_files
def test_the_hard_limit(crashing: Path, folder: Path) -> None:
    script = (
        "from builder.debugging.obstacles import *\n"
        "print([o.reason for o in general_obstacles(core_settings())])\n"
        "import os, sys\nos.chdir(sys.argv[2])\nos.execv(sys.argv[1], sys.argv[1:2])\n"
    )
    words: list[str | Path] = [
        "sh",
        "-c",
        'ulimit -c 0; exec "$@"',
        "sh",
        sys.executable,
        "-u",
        "-c",
        script,
        crashing,
        folder,
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.stdout == "['limit']\n"
    assert done.returncode == -11
    assert not list(cores_in(folder))


@pytest.mark.parametrize(
    ("pattern", "reasons", "folder"),
    [
        ("core", [], None),
        ("core.%e.%p", [], None),
        ("cores/core", [], None),
        ("", ["pattern"], None),
        ("|/usr/lib/systemd/systemd-coredump %P %u %g %s %t %c %h", ["pattern"], None),
        ("|/usr/share/apport/apport -p%p", ["pattern"], None),
        ("/var/cores/core.%e.%p", [], "/var/cores"),
        ("/var/cores/%u/core", [], "/var/cores"),
        ("/core", [], "/"),
    ],
)
def test_the_pattern(tmp_path: Path, pattern: str, reasons: list[str], folder: str | None) -> None:
    for name, text in (
        ("kernel/core_pattern", pattern),
        ("kernel/core_uses_pid", "0"),
        ("fs/suid_dumpable", "2"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"{text}\n")
    settings = core_settings(tmp_path)
    assert settings.suid_dumpable == 2
    found = [obstacle.reason for obstacle in general_obstacles(settings) if obstacle.reason != "limit"]
    assert found == reasons
    assert settings.folder == (None if folder is None else Path(folder))


def test_a_handler_takes_cores_of_any_size_and_any_program(tmp_path: Path) -> None:
    piped = CoreSettings(limit=0, pattern="|/usr/sbin/handler %p", uses_pid=False, suid_dumpable=0)
    (one,) = general_obstacles(piped)
    assert one.reason == "pattern"
    assert "/usr/sbin/handler" in one.text
    unreadable = tmp_path / "program"
    unreadable.write_bytes(b"")
    unreadable.chmod(0o700)
    assert list(said(unreadable, uid=NOBODY, folder=tmp_path, settings=piped)) == []


@pytest.mark.parametrize(
    ("pattern", "dumpable", "mode", "reasons"),
    [
        ("core", 0, 0o711, ["readable"]),
        ("core", 2, 0o711, ["readable"]),
        ("core", 1, 0o711, ["folder"]),  # as user nobody, who may not write there
        ("FOLDER/core", 0, 0o711, ["readable"]),
        ("FOLDER/core", 2, 0o711, []),  # as root
        ("FOLDER/core", 1, 0o711, ["pattern"]),
        ("FOLDER/none/core", 2, 0o711, ["pattern"]),
        ("FOLDER/core", 2, 0o755, ["pattern"]),
    ],
)
def test_what_suid_dumpable_means_for_a_program_that_cannot_be_read(
    tmp_path: Path, pattern: str, dumpable: int, mode: int, reasons: list[str]
) -> None:
    program = tmp_path / "program"
    program.write_bytes(b"")
    program.chmod(mode)
    tmp_path.chmod(0o755)
    settings = CoreSettings(
        limit=ROOM, pattern=pattern.replace("FOLDER", str(tmp_path)), uses_pid=False, suid_dumpable=dumpable
    )
    other = NOBODY if os.getuid() != NOBODY else 1
    assert list(said(program, uid=other, folder=tmp_path, settings=settings)) == reasons


def test_every_obstacle_says_how_to_lift_it(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_bytes(b"")
    program.chmod(0o4711)
    suspect = Suspect(program=program, uid=NOBODY, gid=NOBODY, folder=tmp_path)
    (suid,) = obstacles(RELATIVE, suspect)
    assert suid.programs == ("program",)
    assert "fs.suid_dumpable is 0" in suid.text
    assert "sysctl -w kernel.core_pattern=/var/tmp/cores/core.%e.%p fs.suid_dumpable=2" in suid.lift
