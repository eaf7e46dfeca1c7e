"""The output folder: all or nothing, one build at a time, and nobody else's files touched."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from builder import process
from builder.console import Quiet
from builder.errors import CheckFailedError, PackageError
from builder.packaging.output import output_folder

KILLED = """
import os, signal, sys
from pathlib import Path
from builder.console import Quiet
from builder.packaging.output import output_folder
with output_folder(Path(sys.argv[1]), progress=Quiet()) as output:
    output.add("a.deb", b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


class Told(Quiet):
    """Remembers the steps."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def step(self, text: str) -> None:
        self.steps.append(text)


def fill(folder: Path, **files: bytes) -> None:
    with output_folder(folder, progress=Quiet()) as output:
        for name, data in files.items():
            output.add(name.replace("_", "."), data)


def fill_and_fail(folder: Path, error: BaseException) -> None:
    with output_folder(folder, progress=Quiet()) as output:
        output.add("a.deb", b"new")
        raise error


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_makes_the_folder_and_leaves_nothing_hidden(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    with output_folder(out, progress=Quiet()) as output:
        output.add("a.deb", b"one")
        output.add("logs/make.log", b"two")
        assert not (out / "a.deb").exists()
    assert names(out) == ["a.deb", "logs", "logs/make.log"]
    assert (out / "a.deb").read_bytes() == b"one"


def test_replaces_its_own_and_keeps_foreign_files(tmp_path: Path) -> None:
    fill(tmp_path, manifest_json=b"old", a_deb=b"old")
    (tmp_path / "notes").write_text("mine")
    fill(tmp_path, manifest_json=b"new", a_deb=b"new")
    assert names(tmp_path) == ["a.deb", "manifest.json", "notes"]
    assert (tmp_path / "a.deb").read_bytes() == b"new"


def test_an_error_leaves_a_new_folder_unmade(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        fill_and_fail(out, KeyboardInterrupt())
    assert not out.exists()


def test_an_error_leaves_an_old_build_as_it_was(tmp_path: Path) -> None:
    fill(tmp_path, manifest_json=b"old", a_deb=b"old")
    with pytest.raises(CheckFailedError):
        fill_and_fail(tmp_path, CheckFailedError("255 and no more"))
    assert names(tmp_path) == ["a.deb", "manifest.json"]
    assert (tmp_path / "a.deb").read_bytes() == b"old"


def test_a_folder_has_no_manifest_until_it_is_complete(tmp_path: Path) -> None:
    fill(tmp_path, manifest_json=b"old")
    (tmp_path / "a.deb").mkdir()
    (tmp_path / "a.deb" / "in-the-way").touch()
    with pytest.raises(PackageError, match="cannot be written: Is a directory"):
        fill(tmp_path, manifest_json=b"new", a_deb=b"new")
    assert not (tmp_path / "manifest.json").exists()


def test_cleans_up_after_a_build_that_was_killed(tmp_path: Path) -> None:
    env = process.clean_environment({"PYTHONPATH": os.fspath(Path(__file__).parents[3])})
    killed = process.run([sys.executable, "-c", KILLED, tmp_path], env=env, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "a.deb").exists()
    fill(tmp_path, a_deb=b"whole")
    assert names(tmp_path) == ["a.deb"]


def test_a_second_build_waits_and_says_so(tmp_path: Path) -> None:
    told = Told()
    inside, leave = threading.Event(), threading.Event()

    def first() -> None:
        with output_folder(tmp_path, progress=Quiet()) as output:
            output.add("a.deb", b"first")
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait(10)
    threading.Timer(0.3, leave.set).start()
    with output_folder(tmp_path, progress=told) as output:
        output.add("a.deb", b"second")
    thread.join()
    assert told.steps == [f"waiting for another build into {tmp_path}"]
    assert (tmp_path / "a.deb").read_bytes() == b"second"
    assert names(tmp_path) == ["a.deb"]


def test_a_second_build_does_not_wait_for_ever(tmp_path: Path) -> None:
    with output_folder(tmp_path, progress=Quiet()) as output:
        began = time.monotonic()
        with (
            pytest.raises(PackageError, match="Another build has been writing into"),
            output_folder(tmp_path, progress=Quiet(), patience=0.3),
        ):
            pytest.fail("two builds in one folder")
        assert time.monotonic() - began < 5
        output.add("a.deb", b"first")
    assert names(tmp_path) == ["a.deb"]


@pytest.mark.parametrize("below", ["", "out"])
def test_a_file_in_the_way_is_one_clear_error(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").touch()
    out = tmp_path / "file" / below
    with pytest.raises(PackageError, match=f"The output folder {out} cannot be written") as error:
        fill(out, a_deb=b"x")
    assert error.value.exit_code == 7
    assert "--out" in error.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_unwritable_folder_is_one_clear_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(PackageError, match="cannot be written: Permission denied"):
        fill(tmp_path / "out", a_deb=b"x")


def test_a_disk_that_is_full_only_at_the_end_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(PackageError, match="No space left on device") as error:
            fill(out, a_deb=b"x")
    assert error.value.hint.startswith("Make room there")
    assert not out.exists()
    fill(out, a_deb=b"x")
    assert names(out) == ["a.deb"]


@pytest.mark.root
def test_a_full_disk_is_one_clear_error_and_the_next_run_works(tmp_path: Path) -> None:
    mounted = process.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path])
    if not mounted.ok:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.text.strip()}")
    try:
        fill(tmp_path, manifest_json=b"old")
        with pytest.raises(PackageError, match="No space left on device"):
            fill(tmp_path, a_deb=bytes(100_000), manifest_json=b"new")
        assert names(tmp_path) == ["manifest.json"]
        assert (tmp_path / "manifest.json").read_bytes() == b"old"
        fill(tmp_path, a_deb=b"small")
    finally:
        process.run(["umount", tmp_path])
