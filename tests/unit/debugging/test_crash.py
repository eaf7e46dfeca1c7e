"""What checks and shells say of a crash, recognized."""

from __future__ import annotations

import pytest

from builder.debugging.crash import Crash, Frame, crash_said, signal_of
from builder.patching.findings import Owner
from builder.reporting.text import crashed


@pytest.mark.parametrize(
    ("said", "program", "signal"),
    [
        (["Segmentation fault (core dumped)"], "", "SIGSEGV"),
        (["./x.sh: line 3: 1234 Segmentation fault      ./qmail-smtpd < in"], "qmail-smtpd", "SIGSEGV"),
        (["Segmentation fault", "qmail-qmtpd ended with status 139, not 100."], "qmail-qmtpd", "SIGSEGV"),
        (["At the end of its input it must exit 0, but: killed by SIGABRT."], "", "SIGABRT"),
        (["3 deliveries were deferred: “qmail-remote crashed.”. "], "qmail-remote", ""),
        (["Aborted"], "", "SIGABRT"),
        (["exit code 132"], "", "SIGILL"),
    ],
)
def test_a_crash_is_recognized(said: list[str], program: str, signal: str) -> None:
    assert crash_said(["something else", *said]) == Crash(program=program, signal=signal)


@pytest.mark.parametrize(
    "said",
    ["status 100", "aborted by the peer", "killed by SIGKILL", "status 1390", "message-139", "crashed"],
)
def test_other_ends_are_no_crashes(said: str) -> None:
    assert crash_said([said]) is None


@pytest.mark.parametrize(
    ("returncode", "signal"),
    [
        (-11, "SIGSEGV"),
        (139, "SIGSEGV"),
        (134, "SIGABRT"),
        (-9, ""),
        (137, ""),
        (0, ""),
        (1, ""),
        (99, ""),
        (255, ""),
    ],
)
def test_the_signal_of_an_exit_code(returncode: int, signal: str) -> None:
    assert signal_of(returncode) == signal


def test_a_crash_as_text() -> None:
    frames = (
        Frame(
            function="f", path="a.c", line=3, text="*p = 1;", patched=True, owner=Owner(patch="mine", hunk=2)
        ),
        Frame(function="main", path="a.c", line=9, text="f(0);", patched=True),
        Frame(function="start", path="/lib/start.c", line=1),
    )
    crash = Crash(program="a", signal="SIGSEGV", pid=5, uid=0, frames=frames, notes=("A note.",))
    assert list(crashed(crash)) == [
        "a (pid 5, uid 0) was killed by SIGSEGV",
        "  #0 f  a.c:3  (hunk 2 of mine)",
        "       *p = 1;",
        "  #1 main  a.c:9  (base)",
        "       f(0);",
        "  #2 start  /lib/start.c:1",
        "  A note.",
    ]


def test_calls_without_any_lines_are_not_worth_a_line() -> None:
    crash = Crash(program="a", signal="", frames=(Frame(function="??"),) * 3)
    assert list(crashed(crash)) == ["a crashed"]
