"""The direct spawn check done where the programs were made: the same facts, the same words as on this machine."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from builder.backends.backend import Opener
from builder.backends.local import LocalOpener
from builder.backends.sandbox import SandboxOpener, why_not
from builder.checks.ground import Ground
from builder.checks.inside import DriverError, Inside
from builder.checks.limits import raise_limits
from builder.checks.report import CheckResult
from builder.checks.spawn_direct import check_direct, check_direct_inside
from builder.checks.spawn_replies import check_replies_inside
from builder.compiling.build import Build
from builder.console import Quiet
from builder.process import find_program
from builder.toolchains.platforms import machine_arch
from builder.toolchains.toolchain import zig_program
from tests.command import TOP, Ran, command
from tests.engine import keeping_image
from tests.integration.test_spawn_check import (
    FAULTY_REMOTES,
    FAULTY_SPAWNERS,
    FEW,
    STOCK,
    THOUSAND,
    assert_all_delivered,
    processes_of,
    trap,
    trapped,
)

SAME = ("wanted", "announced", "peak", "delivered", "deferred", "failed", "received", "dropped_connections")
"""Figures that do not depend on how fast a machine is."""
HERE = [
    LocalOpener(),
    pytest.param(
        SandboxOpener(), marks=pytest.mark.skipif(bool(why_not()), reason="there can be no sandbox here")
    ),
]


@pytest.fixture(scope="module", autouse=True)
def _limits() -> None:
    if raise_limits().nofile < 2005:
        pytest.skip("ulimit -n cannot be raised to 2005")


@pytest.fixture
def inside(quickstart_build: Build, tmp_path: Path) -> Iterator[Inside]:
    with prepared(quickstart_build, tmp_path / "inside", LocalOpener()) as made:
        yield made


@contextmanager
def prepared(build: Build, scratch: Path, where: Opener) -> Iterator[Inside]:
    scratch.mkdir()
    with where.open(build.toolchain) as backend:
        yield Inside.prepare(replace(build, where=where), backend, scratch)


@pytest.fixture
def ground(quickstart_build: Build, tmp_path: Path) -> Ground:
    """The same programs for the checks beside us."""
    return Ground.prepare(quickstart_build, tmp_path)


def figures(result: CheckResult) -> list[int | float | str]:
    return [result.figures[name] for name in SAME]


@pytest.mark.parametrize("where", HERE)
def test_both_ways_find_the_same(
    quickstart_build: Build, ground: Ground, tmp_path: Path, where: Opener
) -> None:
    with prepared(quickstart_build, tmp_path / "inside", where) as inside:
        result = check_direct_inside(inside, THOUSAND, Quiet())
        replies = check_replies_inside(inside, THOUSAND.width, Quiet())
    assert_all_delivered(result, 1000)
    beside = check_direct(ground, THOUSAND, Quiet())
    assert figures(result) == figures(beside)
    assert set(result.figures) < set(beside.figures)
    words = " in the sandbox" if where.name == "sandbox" else ""
    assert result.summary.startswith(f"1000 deliveries at once{words}, every mail received exactly once, in ")
    assert processes_of(tmp_path) == []
    assert replies.passed, replies.reasons
    assert replies.summary == (
        f"10 commands that cannot be obeyed were refused{words} as qmail-send expects; exit 0 at the end of input."
    )


def test_a_low_limit_of_descriptors_is_named(inside: Inside, ground: Ground) -> None:
    ask = replace(THOUSAND, nofile=1024)
    result = check_direct_inside(inside, ask, Quiet())
    beside = check_direct(ground, ask, Quiet())
    assert result.failed
    assert figures(result) == figures(beside)
    assert result.figures["peak"] == 510
    assert result.reasons == beside.reasons
    assert "ulimit -n is 1024" in result.reasons[0]


def test_another_protocol_than_the_one_promised_is_said(inside: Inside) -> None:
    words = "qmail-rspawn greets with 2 byte(s), e8 03, but delivery numbers of 1 byte(s) were expected."
    result = check_direct_inside(inside, replace(FEW, source=STOCK), Quiet())
    assert result.reasons == (words,)


def test_another_conf_spawn_than_the_one_promised_is_said(inside: Inside) -> None:
    other = replace(inside, ground=replace(inside.ground, conf_spawn=1001))
    words = "qmail-rspawn announces 1000 deliveries, but conf-spawn is 1001."
    assert check_direct_inside(other, FEW, Quiet()).reasons == (words,)
    assert check_replies_inside(other, 2, Quiet()).reasons == (words,)


def test_too_little_memory_is_said_before_anything_runs(inside: Inside) -> None:
    small = replace(inside, group=replace(inside.group, memory=64 << 20))
    result = check_direct_inside(small, THOUSAND, Quiet())
    assert result.failed
    assert "67 MB of memory" in result.reasons[0]


def put_script(inside: Inside, name: str, body: str) -> None:
    """Put a script into the place of a program; it finds that as $REAL."""
    program = inside.ground.programs / name
    real = program.rename(program.with_name(f"real-{name}"))
    program.write_text(f"#!/bin/bash\nREAL={real}\n{body}\n")
    program.chmod(0o755)


@pytest.mark.parametrize("fault", FAULTY_REMOTES)
def test_a_faulty_delivery_is_found(inside: Inside, fault: str) -> None:
    body, words = FAULTY_REMOTES[fault]
    put_script(inside, "qmail-remote", body)
    result = check_direct_inside(inside, FEW, Quiet())
    assert result.failed
    assert any(words in reason for reason in result.reasons), result.reasons


@pytest.mark.parametrize("fault", sorted(FAULTY_SPAWNERS.keys() - {"wasteful"}))  # that is seen in /proc
def test_a_faulty_spawner_is_found(inside: Inside, fault: str) -> None:
    body, words = FAULTY_SPAWNERS[fault]
    put_script(inside, "qmail-rspawn", body)
    result = check_direct_inside(inside, FEW, Quiet())
    assert result.failed
    words = words.replace("1 processes", "Some processes")
    assert any(words in reason for reason in result.reasons), result.reasons
    assert processes_of(inside.ground.programs) == []


@pytest.mark.native
def test_an_fd_set_that_is_too_small_is_found(store: Path, tmp_path: Path) -> None:
    build = trapped(store)
    with prepared(build, tmp_path / "inside", LocalOpener()) as inside:
        program = trap(build, inside.ground.home, tmp_path / "trap")
        shutil.copy(program, inside.ground.programs)
        promised = replace(inside, ground=replace(inside.ground, conf_spawn=1000))
        result = check_direct_inside(promised, replace(THOUSAND, deliveries=600), Quiet())
    beside = replace(Ground.prepare(build, tmp_path), conf_spawn=1000)
    program = trap(build, beside.home, tmp_path / "beside")
    other = check_direct(beside, replace(THOUSAND, deliveries=600), Quiet(), program=program)
    assert result.failed
    for words in ("killed by SIGABRT", "qmail-rspawn said on stderr", "deliveries were never reported"):
        (reason,) = (reason for reason in result.reasons if words in reason)
        (same,) = (reason for reason in other.reasons if words in reason)
        assert re.sub(r"[0-9]+", "N", reason) == re.sub(r"[0-9]+", "N", same)


def test_wrong_replies_are_found(inside: Inside) -> None:
    """A spawner that calls the first command a success, and leaves it at that."""
    put_script(inside, "qmail-rspawn", r"printf '\350\003'; read -r -n 1; printf '\350\003Kok\n\0'")
    result = check_replies_inside(inside, 2, Quiet())
    assert result.failed
    assert len(result.reasons) == result.figures["commands"] == 10
    assert (
        result.reasons[0]
        == "delivery number 1000: the report must be Z for number 1000, but was K for number 1000: “ok”."
    )
    assert result.reasons[1].endswith("the report must be Z for number 32773, but there was none.")


def test_a_place_that_cannot_do_it_is_skipped(inside: Inside) -> None:
    put_script(inside, "load", "echo 'no linker here'; exit 1")
    with pytest.raises(DriverError) as error:
        check_direct_inside(inside, FEW, Quiet())
    result = error.value.result("spawn-direct")
    assert result.skipped
    assert result.summary.endswith(
        "the place where the programs were made does not allow it: no linker here."
    )


def test_a_check_that_breaks_off_has_failed(inside: Inside) -> None:
    crashing = r"printf '#!/bin/sh\nkill -SEGV $$\n' > inside"
    put_script(inside, "load", f'$REAL "$@"; rm inside; {crashing}; chmod +x inside')
    with pytest.raises(DriverError) as error:
        check_direct_inside(inside, FEW, Quiet())
    result = error.value.result("spawn-direct")
    assert result.failed
    assert result.summary == "The check broke off (killed by SIGSEGV)."


@pytest.mark.parametrize(
    "target", ["x86_64-freebsd.14.0", "aarch64-freebsd.14.0", "x86_64-linux-musl", "x86_64-linux-gnu.2.17"]
)
def test_the_driver_is_for_every_system(target: str, tmp_path: Path) -> None:
    words = f"cc -target {target} -std=gnu17 -Wall -Wextra -Werror -c -o".split()
    source = TOP / "builder/checks/inside.c"
    done = subprocess.run(
        [zig_program(), *words, tmp_path / "inside.o", source], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


# In a container

RECIPE = """
name = "mine"
summary = "programs that need a library which is hidden on this machine"
base = "minispawn"
patches = [{patches}]
checks = ["spawn-direct", "spawn-replies", "spawn-whole"]

[conf]
conf-spawn = {spawn}
conf-ld = "gcc -s -Wl,--no-as-needed -lresolv"

[spawn]
deliveries = 1000
"""
HIDDEN = Path("/lib/x86_64-linux-gnu/libresolv.so.2")

IN_CONTAINER = pytest.mark.skipif(
    machine_arch() != "amd64" or bool(why_not()),
    reason="the image of debian-12-amd64 is made on an amd64 machine, and bubblewrap is to hide a library",
)


def built_elsewhere(own: Path, *, patches: str, spawn: int, engine: str, store: Path) -> Ran:
    """What `build` says of programs that this machine lacks a library for, as one with another C library does."""
    (own / "recipes").mkdir()
    (own / "recipes/mine.toml").write_text(RECIPE.format(patches=patches, spawn=spawn))
    hidden = HIDDEN.resolve()
    bwrap = find_program("bwrap")
    return command(
        *("build", "--recipe", "mine", "--path", own, "--platform", "debian-12-amd64"),
        *("--out", own / "out"),
        env={"QMAIL_BUILDER_STORE": str(store), "DOCKER_HOST": engine},
        before=(str(bwrap), "--dev-bind", "/", "/", "--ro-bind", "/dev/null", str(hidden)),
    )


@pytest.fixture
def kept_image(image_store: Path) -> Path:
    keeping_image("debian-12", image_store)
    return image_store


@pytest.mark.slow
@pytest.mark.docker
@IN_CONTAINER
def test_programs_that_do_not_run_here_are_checked_where_they_were_built(
    engine: str, kept_image: Path, tmp_path: Path
) -> None:
    patches = '"big-concurrency", "poll-spawn"'
    done = built_elsewhere(tmp_path, patches=patches, spawn=1000, engine=engine, store=kept_image)
    assert done.code == 0, done.stderr
    assert re.search(
        r"^ +spawn-direct +passed +1000 deliveries at once in the container, every mail received exactly once, in ",
        done.stdout,
        re.MULTILINE,
    )
    assert re.search(
        r"^ +spawn-replies +passed +10 commands that cannot be obeyed were refused in the container ",
        done.stdout,
        re.MULTILINE,
    )
    # What needs more says why it did not run; the patches' own checks run in there as always.
    assert re.search(
        r"^ +spawn-whole +skipped +Not run: the programs are for debian-12-amd64: .*libresolv.so.2",
        done.stdout,
        re.MULTILINE,
    )
    assert re.search(r"^ +poll-spawn/poll +passed ", done.stdout, re.MULTILINE)
    report = json.loads((tmp_path / "out/mine@debian-12-amd64/report.json").read_text())
    (check,) = (check for check in report["checks"] if check["name"] == "spawn-direct")
    assert [check["figures"][name] for name in ("wanted", "peak", "delivered", "received")] == [1000] * 4


@pytest.mark.slow
@pytest.mark.docker
@IN_CONTAINER
def test_what_fails_there_says_why_in_the_same_words(engine: str, kept_image: Path, tmp_path: Path) -> None:
    done = built_elsewhere(tmp_path, patches='"big-concurrency"', spawn=509, engine=engine, store=kept_image)
    assert done.code == 6
    said = " ".join(f"{done.stdout} {done.stderr}".split())
    assert "509 of 1000 deliveries at once in the container." in said
    for words in ("conf-spawn is 509, and 509 is the most that", "fd_set", "poll-spawn"):
        assert words in said
