"""Building in a sandbox: that nothing can be reached or harmed from inside of it, and that it is the default."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder.backends import sandbox
from builder.backends.sandbox import Sandbox, SandboxOpener
from builder.process import Finished
from builder.toolchains.toolchain import Toolchain
from tests.command import TOP, command


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[Sandbox]:
    why = sandbox.why_not()
    if why:
        pytest.skip(f"no sandbox: {why}")
    read, written = tmp_path / "compiler", tmp_path / "cache"
    read.mkdir()
    (read / "program").write_text("#!/bin/sh\necho compiled\n")
    toolchain = Toolchain(
        name="none",
        version="none",
        compile="",
        link="",
        programs={"cc": f'exec sh "{read}/program"'},
        environment={"CACHE": str(written)},
        reads=(read,),
        writes=(written,),
    )
    with SandboxOpener().open(toolchain) as opened:
        yield opened


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def run(backend: Sandbox, work: Path, script: str) -> Finished:
    return backend.run(["sh", "-c", script], folder=work, timeout=60)


def test_what_is_made_in_the_folder_is_there_afterwards(backend: Sandbox, work: Path) -> None:
    (work / "given").write_text("given")
    done = run(backend, work, 'cc > made; cp given copy; touch "$CACHE/kept"; pwd')
    assert (done.returncode, done.text) == (0, f"{work}\n")
    assert (work / "made").read_text() == "compiled\n"
    assert (work / "copy").read_text() == "given"
    assert (work.parent / "cache/kept").exists()


def test_no_network(backend: Sandbox, work: Path) -> None:
    assert run(backend, work, "cut -d: -f1 /proc/net/dev | tail -n +3").text.split() == ["lo"]
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        reach = f"bash -c 'echo > /dev/tcp/127.0.0.1/{port}'"
        assert subprocess.run(reach, shell=True, check=False).returncode == 0  # noqa: S602 - the very same words
        done = run(backend, work, reach)
    assert not done.ok
    assert "Connection refused" in done.text


def test_nothing_else_can_be_written(backend: Sandbox, work: Path) -> None:
    places = "/ /bin /etc /lib /usr /usr/bin /usr/local /proc/sys/kernel"
    script = (
        f'for d in {places} {work.parent}/compiler; do if touch "$d/x" 2>/dev/null; then echo "$d"; fi; done'
    )
    assert run(backend, work, script).text == ""


def test_its_tmp_is_its_own(backend: Sandbox, work: Path) -> None:
    theirs = Path("/tmp/qmail-builder-test-mine")
    theirs.write_text("mine")
    try:
        done = run(
            backend, work, f"test ! -e {theirs} && echo x > /tmp/qmail-builder-test-theirs; echo $TMPDIR"
        )
        assert (done.returncode, done.text) == (0, "/tmp\n")
        assert not Path("/tmp/qmail-builder-test-theirs").exists()
    finally:
        theirs.unlink()


def test_homes_and_other_builds_are_not_there(backend: Sandbox, work: Path) -> None:
    other = work.parent / "other"
    other.mkdir()
    hidden = (TOP, other, Path.home() / ".cache", Path.home() / ".ssh", Path("/var"), Path("/etc/passwd"))
    script = (
        f"for f in {' '.join(map(str, hidden))}; do if test -e $f; then echo $f; fi; done; ls {work.parent}"
    )
    # Of the folder above only what was asked for can be seen.
    assert run(backend, work, script).text.split() == ["cache", "compiler", "work"]


def test_other_folders_can_be_read_if_they_are_named(backend: Sandbox, work: Path) -> None:
    other = work.parent / "other"
    other.mkdir()
    (other / "file").write_text("seen")
    done = backend.run(
        ["sh", "-c", f"cat {other}/file; touch {other}/new"], folder=work, reads=(other,), timeout=60
    )
    assert done.text.startswith("seen")
    assert not (other / "new").exists()


def test_no_rights_and_no_other_processes(backend: Sandbox, work: Path) -> None:
    status = run(backend, work, "cat /proc/self/status").text
    assert re.findall(r"^Cap(?:Prm|Eff|Bnd|Amb):\s*(\w+)$", status, re.MULTILINE) == ["0" * 16] * 4
    assert "NoNewPrivs:\t1" in status
    processes = run(backend, work, "ls -d /proc/[0-9]*").text.split()
    assert len(processes) <= 4
    assert not run(backend, work, f"kill -0 {os.getpid()}").ok


def test_the_environment_is_the_same_everywhere(
    backend: Sandbox, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QMAIL_SECRET", "x")
    names = {line.partition("=")[0] for line in run(backend, work, "env").text.splitlines()}
    assert names == {"PATH", "HOME", "LC_ALL", "TZ", "SOURCE_DATE_EPOCH", "TMPDIR", "CACHE", "PWD"}


def until_none(command: str) -> bool:
    """Whether processes with this command line are gone soon: the kernel ends those of a sandbox after its first one."""
    end = time.monotonic() + 10
    while subprocess.run(["pgrep", "-f", command], capture_output=True, check=False).stdout:
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def test_a_program_that_takes_too_long_is_ended_with_all_it_started(backend: Sandbox, work: Path) -> None:
    done = backend.run(["sh", "-c", "sleep 61.7 & sleep 61.7"], folder=work, timeout=1)
    assert done.timed_out
    assert until_none("^sleep 61.7")


def test_ctrl_c_ends_everything_in_it(backend: Sandbox, work: Path) -> None:
    def stop(_line: bytes) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backend.run(["sh", "-c", "sleep 61.9 & echo x; sleep 61.9"], folder=work, on_line=stop)
    assert until_none("^sleep 61.9")


def test_what_was_killed_leaves_no_process(backend: Sandbox, work: Path) -> None:
    words = [*backend.command(work), "--", "sh", "-c", "echo begun; sleep 61.8"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        running.send_signal(signal.SIGKILL)
        # What is in it holds the pipe: this ends when all of it has ended.
        assert running.stdout.read() == b""


def test_doctor_says_which_backends_there_are(store: Path) -> None:
    done = command("doctor", env={"QMAIL_BUILDER_STORE": str(store)})
    lines = {line.split()[1]: line for line in done.stdout.splitlines()}
    assert lines["local"].startswith("ok")
    assert lines["sandbox"].startswith("no" if sandbox.why_not() else "ok")
    assert "backend" in lines["docker"]
