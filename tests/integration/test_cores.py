"""Programs that crash in checks: cores, backtraces with the owners of the lines, and what is in the way of cores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from builder import pipeline, process
from builder.backends.choice import Here
from builder.checks.run import spawn_ask
from builder.checks.spawn_whole import check_whole
from builder.console import Quiet
from builder.debugging.backtrace import Sources, backtrace
from builder.debugging.core_file import read_core
from builder.debugging.obstacles import core_settings, general_obstacles
from builder.packaging.payload import payload_of
from builder.patching.findings import Owner
from builder.pipeline import Settings
from builder.recipes.library import Library
from builder.recipes.plan import make_plan
from builder.sources.tree import Tree
from tests.command import TOP, Ran, command
from tests.crashing import RSPAWN, SEND, SMTPD, crashing_rspawn, crashing_send, crashing_smtpd

pytestmark = [
    pytest.mark.native,
    pytest.mark.skipif(process.find_program("gcc") is None, reason="no gcc for the platform native"),
]
_here = core_settings()
needs_cores = pytest.mark.skipif(
    bool(_here.folder or list(general_obstacles(_here))),
    reason="this machine does not write cores where they happen",
)
needs_gdb = pytest.mark.skipif(process.find_program("gdb") is None, reason="no gdb (apt-get install gdb)")


def smoke(recipe: str, folder: Path, store: Path, *flags: str, code: int = 6) -> Ran:
    words = ("--recipe", recipe, "--path", folder, "--platform", "native", "--out", folder / "out")
    done = command("smoke", *words, *flags, env={"QMAIL_BUILDER_STORE": str(store)})
    assert done.code == code, done
    return done


def crash_in(check: dict[str, Any]) -> dict[str, Any]:
    """The only crash of a check."""
    (crash,) = check["crashes"]
    return dict(crash)


@pytest.fixture
def rspawn(tmp_path: Path, minispawn: Tree) -> Path:
    """A folder for --path with a qmail-rspawn that crashes."""
    crashing_rspawn(tmp_path, minispawn)
    return tmp_path


@needs_cores
@needs_gdb
@pytest.mark.netqmail
@pytest.mark.slow
def test_a_patched_smtpd_crashes_and_the_backtrace_names_the_patch(
    tmp_path: Path, netqmail: Tree, netqmail_store: Path
) -> None:
    crashing_smtpd(tmp_path, netqmail)
    flags = ("--profile", "debug", "--cores", "--check", f"{SMTPD}/crash")
    done = smoke(SMTPD, tmp_path, netqmail_store, *flags, "--format", "json")
    found = json.loads(done.stdout)
    assert found["build"] == f"{SMTPD}@native+debug"
    crash = crash_in(found["checks"][0])
    assert (crash["program"], crash["signal"], crash["uid"]) == ("qmail-smtpd", "SIGSEGV", os.getuid())
    first, *callers = crash["frames"]
    assert first["function"] == "err_vrfy"
    assert first["path"] == "qmail-smtpd.c"
    assert first["text"].startswith("if (*user) out(")
    assert first["owner"] == {"patch": SMTPD, "hunk": 1}
    assert [(frame["function"], frame["path"]) for frame in callers] == [
        ("commands", "commands.c"),
        ("main", "qmail-smtpd.c"),
    ]
    assert all(frame["patched"] and frame["owner"] is None for frame in callers)
    kept = Path(crash["core"])
    assert kept.is_relative_to(tmp_path / "out/cores" / found["build"])
    core = read_core(kept)
    assert core is not None
    assert core.pid == crash["pid"]

    said = smoke(SMTPD, tmp_path, netqmail_store, *flags).stdout
    assert "qmail-smtpd (pid " in said
    assert f"#0 err_vrfy  qmail-smtpd.c:{first['line']}  (hunk 1 of {SMTPD})" in said
    assert f"#1 commands  commands.c:{callers[0]['line']}  (base)" in said


@needs_cores
@needs_gdb
@pytest.mark.parametrize("backend", ["local", "sandbox"])
def test_a_crash_in_a_check_of_a_patch(rspawn: Path, store: Path, backend: str) -> None:
    flags = ("--profile", "debug", "--cores", "--backend", backend)
    done = smoke(RSPAWN, rspawn, store, *flags, code=6)
    assert "#0 main  spawn.c:308  (hunk 1 of rspawn-crash)\n" in done.stdout
    assert "{ int *first = (int *) d; *first = 1; }" in done.stdout
    line = next(line for line in done.stdout.splitlines() if "core: gdb" in line)
    opened = subprocess.run(
        ["sh", "-c", line.partition("core: ")[2] + " -batch -nx -ex list"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "308\t  { int *first = (int *) d; *first = 1; }" in opened.stdout


@needs_cores
@needs_gdb
def test_a_crash_in_our_own_checks(rspawn: Path, store: Path) -> None:
    checks = ("--check", "spawn-direct", "--check", "spawn-replies")
    done = smoke(RSPAWN, rspawn, store, "--profile", "debug", "--cores", *checks, "--format", "json")
    crashes = [crash_in(check) for check in json.loads(done.stdout)["checks"]]
    assert [crash["frames"][0]["owner"] for crash in crashes] == [{"patch": RSPAWN, "hunk": 1}] * 2
    assert len({crash["core"] for crash in crashes}) == 2
    assert not list(TOP.glob("core*"))


@pytest.mark.parametrize("flags", [("--check", f"{RSPAWN}/crash"), ("--check", "spawn-direct")])
def test_without_a_core_the_crash_is_recognized_and_the_way_to_see_more_is_said(
    rspawn: Path, store: Path, flags: tuple[str, ...]
) -> None:
    done = smoke(RSPAWN, rspawn, store, *flags, "--format", "json")
    crash = crash_in(json.loads(done.stdout)["checks"][0])
    assert (crash["program"], crash["signal"], crash["frames"]) == ("qmail-rspawn", "SIGSEGV", [])
    (note,) = crash["notes"]
    wanted = f"./inv smoke --recipe {RSPAWN} --path {rspawn} --profile debug --cores --platform native"
    assert note == f"To see where: {wanted}"


@needs_cores
@needs_gdb
def test_a_release_build_has_no_lines_to_show(rspawn: Path, store: Path) -> None:
    done = smoke(RSPAWN, rspawn, store, "--cores")
    assert "qmail-rspawn (pid " in done.stdout
    assert "was killed by SIGSEGV" in done.stdout
    assert "it is not a debug build." in done.stdout
    assert "--profile debug --cores" in done.stdout


def test_the_hard_limit_is_said_before_the_checks(rspawn: Path, store: Path) -> None:
    words: list[str | Path] = [
        sys.executable,
        TOP / "tasks.py",
        "smoke",
        "--recipe",
        RSPAWN,
        "--path",
        rspawn,
        "--platform",
        "native",
    ]
    limited: list[str | Path] = [
        "sh",
        "-c",
        'ulimit -c 0; exec "$@"',
        "sh",
        *words,
        "--cores",
        "--out",
        rspawn / "out",
    ]
    env = {**os.environ, "QMAIL_BUILDER_STORE": str(store)}
    done = subprocess.run(limited, env=env, capture_output=True, text=True, check=False)
    said, _, after = done.stdout.partition("\nchecks ")
    assert "The hard limit of a core's size (RLIMIT_CORE, ulimit -Hc) is 0." in said
    assert "to lift it: prlimit --pid $$ --core=unlimited:unlimited" in said
    assert "No core: The hard limit of a core's size" in after
    assert not (rspawn / "out").exists()
    found = subprocess.run(
        [*limited, "--format", "json"], env=env, capture_output=True, text=True, check=False
    )
    (limit,) = json.loads(found.stdout)["cores"]["obstacles"]
    assert (limit["reason"], limit["programs"]) == ("limit", [])


@pytest.mark.root
@pytest.mark.netqmail
@pytest.mark.slow
@pytest.mark.skipif(
    os.geteuid() != 0, reason="not root: everything runs as one user, and nothing is in the way"
)
@pytest.mark.skipif(_here.suid_dumpable == 1, reason="fs.suid_dumpable is 1 here")
@needs_cores
def test_what_is_in_the_way_of_cores_of_a_qmail_under_its_own_users(
    tmp_path: Path, netqmail: Tree, netqmail_store: Path
) -> None:
    crashing_smtpd(tmp_path, netqmail)
    flags = ("--profile", "debug", "--cores", "--check", "spawn-whole", "--format", "json")
    done = smoke(SMTPD, tmp_path, netqmail_store, *flags, code=0)
    obstacles = json.loads(done.stdout)["cores"]["obstacles"]
    suid = [o for o in obstacles if o["reason"] == "suid"]
    readable = {name for o in obstacles if o["reason"] == "readable" for name in o["programs"]}
    assert [o["programs"] for o in suid] == [["qmail-queue"]]
    assert readable == {"qmail-clean", "qmail-remote", "qmail-rspawn", "qmail-send"}
    assert all("fs.suid_dumpable" in o["text"] and "sysctl -w" in o["lift"] for o in obstacles)


@needs_cores
@needs_gdb
@pytest.mark.netqmail
@pytest.mark.slow
def test_a_qmail_that_runs_as_one_user_leaves_the_core_of_its_send(
    tmp_path: Path, netqmail: Tree, netqmail_store: Path
) -> None:
    crashing_send(tmp_path, netqmail)
    library = Library.of((str(tmp_path),))
    recipe, _ = library.recipe(SEND)
    plan = make_plan(library, msgspec.structs.replace(recipe, profile="debug"), platform="native")
    settings = Settings(store=netqmail_store, progress=Quiet(), backends=Here(), offline=True)
    applied = pipeline.apply_patches(plan, pipeline.fetch_base(plan, settings))
    build = pipeline.compile_plan(plan, applied, settings)
    watch = pipeline.watch_for(plan, applied, build, cores=tmp_path / "cores")
    with watch.allowing():
        result = check_whole(
            build,
            spawn_ask(build, plan),
            lambda twin: payload_of(twin).entries,
            Quiet(),
            by_root=False,
            watch=watch,
        )
    assert result.failed
    (crash,) = result.crashes
    assert (crash.program, crash.signal, crash.uid) == ("qmail-send", "SIGSEGV", os.getuid())
    first, second, *_ = crash.frames
    assert (first.function, first.path, first.owner) == (
        "job_close",
        "qmail-send.c",
        Owner(patch=SEND, hunk=1),
    )
    assert (second.function, second.patched, second.owner) == ("pass_dochan", True, None)
    assert watch.obstacles == ()


@needs_cores
def test_without_gdb_it_says_how_to_get_it(
    rspawn: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = smoke(RSPAWN, rspawn, store, "--cores", "--format", "json")
    core = read_core(Path(crash_in(json.loads(done.stdout)["checks"][0])["core"]))
    assert core is not None
    monkeypatch.setattr(process, "find_program", lambda _name: None)
    sources = Sources(tree=Tree({}), folder=rspawn, owner_of=lambda _path, _line: None)
    assert backtrace(core, sources) == ((), "No backtrace without gdb: apt-get install gdb")
