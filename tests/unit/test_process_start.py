"""Programs that run beside us: their descriptors, their limit, their end."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from contextlib import ExitStack
from io import FileIO
from pathlib import Path

import pytest

from builder import process
from builder.checks.procfs import open_descriptors
from builder.errors import BackendError

_Pipe = tuple[FileIO, FileIO]


def _output(script: str, *, nofile: int | None = None, env: dict[str, str] | None = None) -> str:
    """What a shell script writes to descriptor 1."""
    with ExitStack() as stack:
        out, its_out = process.pipe(stack)
        started = process.start(
            ["/bin/sh", "-c", script],
            descriptors={0: _null(stack), 1: its_out.fileno()},
            nofile=nofile,
            env=env,
        )
        running = stack.enter_context(started)
        its_out.close()
        text = out.readall().decode()
        assert running.wait(10) == 0
        return text


def _null(stack: ExitStack) -> int:
    return stack.enter_context(Path(os.devnull).open("rb")).fileno()


def test_every_descriptor_gets_the_number_it_was_given() -> None:
    with ExitStack() as stack:
        pipes = [process.pipe(stack) for _ in range(7)]
        script = 'for n in 0 1 2 3 4 5 6; do eval "echo $n >&$n"; done'
        numbers = {number: write_end.fileno() for number, (_, write_end) in enumerate(pipes)}
        running = stack.enter_context(process.start(["/bin/sh", "-c", script], descriptors=numbers))
        assert running.wait(10) == 0
        for number, (read_end, write_end) in enumerate(pipes):
            write_end.close()
            assert read_end.readall() == b"%d\n" % number


def test_descriptors_may_be_exchanged() -> None:
    """Ours have the very numbers that others of them are to get."""
    with ExitStack() as stack:
        first, second = process.pipe(stack), process.pipe(stack)
        _assert_exchanged(stack, first, second, first[1].fileno(), second[1].fileno())


def test_descriptors_may_get_numbers_that_are_free_here() -> None:
    """A copy that is made on the way must not take a number that another one is to get."""
    with ExitStack() as stack:
        first, second = process.pipe(stack), process.pipe(stack)
        free = os.dup(0)
        os.close(free)
        _assert_exchanged(stack, first, second, free, free + 1)


def _assert_exchanged(stack: ExitStack, first: _Pipe, second: _Pipe, one: int, other: int) -> None:
    """A program that has `first` under the number `other` and `second` under `one` writes to these."""
    script = f"import os; os.write({other}, b'first'); os.write({one}, b'second')"
    numbers = {other: first[1].fileno(), one: second[1].fileno()}
    running = stack.enter_context(process.start([sys.executable, "-c", script], descriptors=numbers))
    assert running.wait(10) == 0
    for _, write_end in (first, second):
        write_end.close()
    assert (first[0].readall(), second[0].readall()) == (b"first", b"second")


def test_it_has_no_other_descriptors_even_inheritable_ones() -> None:
    read_end, write_end = os.pipe()
    try:
        os.set_inheritable(write_end, True)
        # The shell itself has 0 and 1, and the folder that is being listed.
        assert len(_output("for fd in /proc/$$/fd/*; do echo $fd; done").split()) <= 3
    finally:
        os.close(read_end)
        os.close(write_end)


def test_the_limit_of_descriptors_is_its_own() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert _output("ulimit -n", nofile=64).strip() == "64"
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before


def test_its_environment_is_the_clean_one_unless_given() -> None:
    assert "LC_ALL=C" in _output("env")
    assert "LC_ALL" not in _output("/usr/bin/env", env={"A": "b"})


def test_signals_that_python_ignores_have_their_meaning() -> None:
    with ExitStack() as stack:
        read_end, write_end = process.pipe(stack)
        running = stack.enter_context(
            process.start(["/bin/sh", "-c", "sleep 0.1; echo x"], descriptors={1: write_end.fileno()})
        )
        read_end.close()
        write_end.close()
        assert running.wait(10) == -signal.SIGPIPE


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", -9)])
def test_how_it_ended(script: str, code: int) -> None:
    with process.start(["/bin/sh", "-c", script], descriptors={}) as running:
        assert running.wait(10) == code


def test_waiting_has_an_end() -> None:
    with process.start(["/bin/sh", "-c", "sleep 100"], descriptors={}) as running:
        assert running.wait(0.01) is None


def test_leaving_it_ends_everything_of_its_session() -> None:
    script = "sleep 100 & (sleep 100 & sleep 100) & sleep 100"
    with process.start(["/bin/sh", "-c", script], descriptors={}) as running:
        deadline = time.monotonic() + 10
        while len(running.session()) < 5:
            assert time.monotonic() < deadline
            time.sleep(0.002)
        members = running.session()
        assert running.pid in members
    assert not [pid for pid in members if Path(f"/proc/{pid}").exists() and _alive(pid)]
    assert running.session() == ()


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


def test_survivors_are_found_when_the_program_itself_has_ended() -> None:
    with process.start(["/bin/sh", "-c", "sleep 100 & exit 0"], descriptors={}) as running:
        assert running.wait(10) == 0
        assert len(running.session()) == 1


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(BackendError, match="/no/such/program cannot be started: No such file"):
        process.start(["/no/such/program"], descriptors={})


def test_nothing_of_ours_stays_open() -> None:
    before = open_descriptors(os.getpid())
    _output("echo x")
    with pytest.raises(BackendError):
        process.start(["/no/such/program"], descriptors={0: 0})
    assert open_descriptors(os.getpid()) == before
