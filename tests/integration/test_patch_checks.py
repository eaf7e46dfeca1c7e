"""The scripts that patches bring along: how they are run and what their exit codes mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder.checks.patch_checks import run_scripts
from builder.checks.report import CheckResult
from builder.compiling.build import Build
from builder.console import Quiet


@pytest.fixture
def script(tmp_path: Path) -> Path:
    return tmp_path / "script.sh"


def _ran(build: Build, script: Path, body: str) -> CheckResult:
    script.write_text(body)
    (result,) = run_scripts(build, {"patch/script": script}, Quiet())
    assert result.name == "patch/script"
    return result


def test_a_proof_is_its_last_line(quickstart_build: Build, script: Path) -> None:
    result = _ran(quickstart_build, script, "echo working\necho 'All is well.'\n")
    assert (result.passed, result.skipped, result.summary) == (True, False, "All is well.")
    assert result.reasons == ()


def test_a_fault_shows_what_was_said_before_it(quickstart_build: Build, script: Path) -> None:
    result = _ran(quickstart_build, script, "echo looking\necho 'Slot 7 is wrong.'\nexit 1\n")
    assert result.failed
    assert result.summary == "Slot 7 is wrong. (exit 1)"
    assert result.reasons == ("looking",)


def test_what_could_not_run_is_skipped(quickstart_build: Build, script: Path) -> None:
    result = _ran(quickstart_build, script, "echo 'No compiler here.'\nexit 99\n")
    assert (result.passed, result.skipped) == (False, True)
    assert result.summary == "Not run: No compiler here."


def test_a_script_that_proves_nothing_fails(quickstart_build: Build, script: Path) -> None:
    assert _ran(quickstart_build, script, "").failed
    assert _ran(quickstart_build, script, "kill -9 $$").summary == "It said nothing. (killed by SIGKILL)"


def test_it_works_in_a_copy_of_the_tree_with_its_compiler(quickstart_build: Build, script: Path) -> None:
    body = (
        'test "$CHECK_DIR" = "$(dirname "$0")" || exit 1\n'
        "rm spawn.o && make -o auto_uids.c qmail-rspawn >/dev/null && test -f spawn.o && rm spawn.c || exit 1\n"
        "pwd\n"
    )
    result = _ran(quickstart_build, script, body)
    assert result.passed, result
    assert not Path(result.summary).exists()
    assert (quickstart_build.folder / "spawn.c").exists()
