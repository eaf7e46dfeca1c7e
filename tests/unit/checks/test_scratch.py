"""The places of a check: what is put there, and that nothing stays."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from builder.checks.scratch import lay_out, may_be_entered_by_all, private_home, scratch_folder
from builder.packaging.payload import Entry


def _entry(path: Path, kind: str, mode: int, data: bytes | None = None) -> Entry:
    return Entry(
        path=os.fspath(path),
        kind=kind,  # type: ignore[arg-type]
        mode=mode,
        uid=os.getuid(),
        gid=os.getgid(),
        user="u",
        group="g",
        data=data,
    )


def test_a_payload_is_laid_out_with_its_modes() -> None:
    with scratch_folder() as scratch, private_home(scratch) as home:
        lay_out(
            [
                _entry(home, "dir", 0o755),
                _entry(home / "queue", "dir", 0o750),
                _entry(home / "queue/lock", "dir", 0o700),
                _entry(home / "queue/lock/trigger", "fifo", 0o622),
                _entry(home / "bin", "dir", 0o755),
                _entry(home / "bin/qmail-queue", "file", 0o4711, b"program"),
            ]
        )
        assert stat.S_ISFIFO((home / "queue/lock/trigger").stat().st_mode)
        assert stat.S_IMODE((home / "queue/lock/trigger").stat().st_mode) == 0o622
        assert stat.S_IMODE((home / "queue").stat().st_mode) == 0o750
        assert stat.S_IMODE((home / "bin/qmail-queue").stat().st_mode) == 0o4711
        assert (home / "bin/qmail-queue").read_bytes() == b"program"


def test_nothing_stays_even_after_ctrl_c() -> None:
    places: list[Path] = []

    def interrupted() -> None:
        with scratch_folder() as scratch, private_home(scratch) as home:
            (home / "queue").mkdir(exist_ok=True)
            (home / "queue/mess").mkdir()
            places.extend([scratch, (home / "queue").resolve()])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(places) == 2
    assert not [place for place in places if place.exists()]


def test_every_user_may_enter_a_scratch_folder(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert not may_be_entered_by_all(closed)
    with scratch_folder() as scratch:
        assert stat.S_IMODE(scratch.stat().st_mode) == 0o755
