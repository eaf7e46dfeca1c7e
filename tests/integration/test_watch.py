"""`conflicts --watch` really running: files are saved, what it says is read, and Ctrl-C ends it."""

from __future__ import annotations

import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder.patching.write import write_diff
from builder.recipes.library import shipped
from builder.sources.tree import File, Tree
from tests.command import TOP

SPAWN = Tree({"spawn.c": File((shipped() / "bases/minispawn/spawn.c").read_bytes())})
PATIENCE = 60.0


def adding(after: bytes, line: bytes) -> bytes:
    """A patch of spawn.c that adds a line behind another one."""
    data = SPAWN["spawn.c"].data
    assert data.count(after) == 1
    return write_diff(SPAWN, SPAWN.changed({"spawn.c": File(data.replace(after, after + line))}))


class Watch:
    """The command, watching, and the lines that it prints."""

    def __init__(self, *patches: Path) -> None:
        words = [word for patch in patches for word in ("--patch", str(patch))]
        self.process = subprocess.Popen(
            [sys.executable, TOP / "tasks.py", "conflicts", "--base", "minispawn", "--watch", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def line(self) -> str:
        """The next line; queue.Empty if none comes."""
        return self._lines.get(timeout=PATIENCE)

    def silent(self) -> bool:
        """Whether it has said nothing that was not read yet."""
        return self._lines.empty()

    def until(self, text: str) -> list[str]:
        """The lines up to the first that has `text`."""
        lines = [self.line()]
        while text not in lines[-1]:
            lines.append(self.line())
        return lines


@pytest.fixture
def patches(tmp_path: Path) -> tuple[Path, Path]:
    """Two patches that leave each other alone."""
    one, other = tmp_path / "one.patch", tmp_path / "other.patch"
    one.write_bytes(adding(b"#include <errno.h>\n", b'#include "one.h"\n'))
    other.write_bytes(adding(b'#include "auto_uids.h"\n', b'#include "other.h"\n'))
    return one, other


@pytest.fixture
def watch(patches: tuple[Path, Path]) -> Iterator[Watch]:
    running = Watch(*patches)
    try:
        assert "watching 2 patches on minispawn, 2 ordered pairs" in running.line()
        yield running
    finally:
        running.process.kill()
        running.process.communicate()


def test_a_save_that_makes_a_conflict_is_told_with_advice_and_one_that_ends_it_too(
    watch: Watch, patches: tuple[Path, Path]
) -> None:
    one, other = patches
    harmless = one.read_bytes()
    one.write_bytes(adding(b'#include "auto_uids.h"\n', b'#include "one.h"\n'))
    said = "".join(watch.until("other, then one"))
    assert "one saved: 2 of 2 pairs changed" in said
    assert "one, then other: " in said
    assert " -> resolved" in said
    assert "spawn.c:" in said
    assert "both add lines here" in said
    while not watch.silent():
        watch.line()
    other.write_bytes(other.read_bytes())  # no other bytes: nothing to be told
    one.write_bytes(harmless)
    said = "".join(watch.until("other, then one"))
    assert "one saved: 2 of 2 pairs changed" in said
    assert "resolved -> " in said


def test_a_broken_patch_is_one_message_and_the_next_save_counts(
    watch: Watch, patches: tuple[Path, Path]
) -> None:
    one, _ = patches
    whole = one.read_bytes()
    one.write_bytes(whole[: whole.rindex(b"\n+") + 1])
    assert "one" in watch.until("What it was before counts until it is saved again.")[0]
    one.unlink()
    one.write_bytes(b"a word before it\n" + whole)
    assert watch.line().startswith("one saved: 2 pairs as before")
    assert watch.silent()


def test_an_editor_that_saves_by_renaming_is_noticed(watch: Watch, patches: tuple[Path, Path]) -> None:
    one, _ = patches
    fresh = one.with_suffix(".new")
    fresh.write_bytes(adding(b'#include "auto_uids.h"\n', b'#include "one.h"\n'))
    fresh.rename(one)
    assert "one saved: 2 of 2 pairs changed" in watch.line()


def test_ctrl_c_ends_it_with_the_documented_exit_code(watch: Watch) -> None:
    watch.process.send_signal(signal.SIGINT)
    assert watch.process.wait(PATIENCE) == 130
    assert watch.process.stderr is not None
    assert watch.process.stderr.read().strip() == "interrupted"
