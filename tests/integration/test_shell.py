"""--shell: a person in the failed build's own tree and backend, spoken to through a real terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder import process
from builder.backends import sandbox
from builder.sources.tree import Tree
from tests.command import command
from tests.crashing import RSPAWN, crashing_rspawn
from tests.engine import keeping_image
from tests.pseudo import on_terminal

pytestmark = [
    pytest.mark.native,
    pytest.mark.skipif(process.find_program("gcc") is None, reason="no gcc for the platform native"),
]
MINISPAWN = ("--base", "minispawn", "--platform", "native")
NO_C = """\
--- a/coe.c
+++ b/coe.c
@@ -0,0 +1 @@
+this is no C;
"""


@pytest.fixture(params=["local", "sandbox"])
def backend(request: pytest.FixtureRequest) -> str:
    """Each backend that has a shell without an engine."""
    if request.param == "sandbox" and (why := sandbox.why_not()):
        pytest.skip(f"no sandbox here: {why}")
    return str(request.param)


def _recipe(folder: Path) -> tuple[str | Path, ...]:
    return ("--recipe", RSPAWN, "--path", folder, "--platform", "native")


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A patch that makes a file of minispawn no C."""
    patch = tmp_path / "broken.patch"
    patch.write_text(NO_C)
    return patch


def test_a_shell_where_compiling_failed(broken: Path, backend: str, store: Path) -> None:
    words = (
        "build",
        *MINISPAWN,
        "--patch",
        broken,
        "--backend",
        backend,
        "--shell",
        "--jobs",
        "1",
    )
    with on_terminal(*words, env={"QMAIL_BUILDER_STORE": str(store)}) as person:
        said = person.expect("$ ")
        assert "coe.c:1:" in said
        assert f"backend {backend}" in said
        assert " coe.o" in said.partition("again:")[2]
        # What is typed is echoed, so that an answer must not stand in the question.
        person.say("head -n 1 coe.c; ls make.log; test -t 0 && echo terminal-$((6 * 7))")
        said = person.expect("terminal-42")
        assert "this is no C;" in said
        person.say("stty size")
        person.expect("37 101")
        person.say("make -o auto_uids.c coe.o; echo made-$?")
        assert "coe.c:1:" in person.expect("made-2\r")
        person.say('echo "at=$(pwd -P)="')
        person.expect("at=/")
        folder = Path("/" + person.expect("="))
        assert folder.name.startswith(".making-")
        assert folder.is_dir()
        person.say("sleep 60")
        person.expect("sleep 60")
        person.say("\x03")
        person.expect("$ ")
        person.say("exit 3")
        person.expect("ended with exit 3")
        assert person.end() == 5
    assert not folder.exists()


def test_the_sandbox_of_the_shell_is_the_sandbox_of_the_build(broken: Path, store: Path) -> None:
    if why := sandbox.why_not():
        pytest.skip(f"no sandbox here: {why}")
    words = ("build", *MINISPAWN, "--patch", broken, "--backend", "sandbox", "--shell")
    with on_terminal(*words, env={"QMAIL_BUILDER_STORE": str(store)}) as person:
        person.expect("$ ")
        person.say(
            f"ls -d {Path(__file__).parent}; echo seen-$?; touch /usr/x; echo written-$?; ls /proc | grep -c '^[0-9]'"
        )
        person.expect("seen-2")
        person.expect("written-1")
        person.say("exit")
        assert person.end() == 5


def test_a_shell_where_a_check_failed(tmp_path: Path, backend: str, minispawn: Tree, store: Path) -> None:
    crashing_rspawn(tmp_path, minispawn)
    words = ("smoke", *_recipe(tmp_path), "--backend", backend, "--shell")
    with on_terminal(*words, env={"QMAIL_BUILDER_STORE": str(store)}) as person:
        said = person.expect("$ ")
        again = next(line.partition("again:")[2].strip() for line in said.splitlines() if "again:" in line)
        person.say(f"{again} | tail -n 1")
        person.expect("qmail-rspawn ended with status 139.\r\n")
        person.say("rm -f spawn.c; exit")
        assert person.end() == 6
    # That was a copy: the tree in the store is whole.
    done = command("smoke", *_recipe(tmp_path), env={"QMAIL_BUILDER_STORE": str(store)})
    assert "taken from the store" in done.stdout
    assert "status 139" in done.stdout


@pytest.mark.parametrize("task", ["build", "smoke", "package"])
def test_without_a_terminal_there_is_no_shell(task: str, tmp_path: Path) -> None:
    done = command(task, "--shell", env={"QMAIL_BUILDER_STORE": str(tmp_path)})
    assert done.code == 2
    assert "--shell opens a shell for a person, but standard input is not a terminal." in done.stderr
    assert not (tmp_path / "builds").exists()


@pytest.mark.slow
def test_a_shell_in_the_container_of_the_build(broken: Path, engine: str, image_store: Path) -> None:
    keeping_image("zig", image_store)
    words = ("build", "--base", "minispawn", "--patch", broken, "--engine", engine, "--shell")
    with on_terminal(*words, env={"QMAIL_BUILDER_STORE": str(image_store)}) as person:
        person.expect("backend docker")
        person.expect("$ ")
        person.say("echo user-$(id -u); stty size; make -o auto_uids.c coe.o; echo made-$?")
        said = person.expect("made-2\r")
        assert "user-10001" in said
        assert "37 101" in said
        assert "coe.c:1:" in said
        person.say("exit 3")
        person.expect("ended with exit 3")
        assert person.end() == 5
