"""What programs print, live in the logs of CI, between the marks that fold it."""

from __future__ import annotations

import re

import pytest

from builder.console import progress


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    with progress() as shown, shown.output("make, docker") as show:
        show(b"one\n")
        show(b"last")
    return capsys.readouterr().err


@pytest.fixture(autouse=True)
def no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)


def test_github_folds_a_group_and_reads_no_commands_in_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    lines = printed(capsys).splitlines()
    stop = re.fullmatch(r"::stop-commands::([0-9a-f]{32})", lines[1])
    assert stop
    assert [lines[0], *lines[2:]] == [
        "::group::make, docker",
        "one",
        "last",
        f"::{stop[1]}::",
        "::endgroup::",
    ]


def test_gitlab_folds_a_section(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("GITLAB_CI", "true")
    clear = "\x1b[0K"
    pattern = (
        rf"{re.escape(clear)}section_start:\d+:(\w+)\[collapsed=true\]\r{re.escape(clear)}make, docker\n"
        rf"one\nlast\n{re.escape(clear)}section_end:\d+:\1\r{re.escape(clear)}\n"
    )
    assert re.fullmatch(pattern, printed(capsys))


def test_elsewhere_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys) == ""


def test_a_group_ends_when_the_program_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with pytest.raises(KeyboardInterrupt), progress() as shown, shown.output("x"):
        raise KeyboardInterrupt
    assert capsys.readouterr().err.endswith("::endgroup::\n")
