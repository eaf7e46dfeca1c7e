"""The spawn checks on real builds: what a good one gives, what a limited one says, and that faults are found.

The checks run real programs against a real sink. Figures of time are never asserted, only what is counted.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from builder.checks.ground import Ground, own_ids
from builder.checks.limits import raise_limits
from builder.checks.report import CheckResult
from builder.checks.run import chosen_checks, run_checks
from builder.checks.spawn_direct import check_direct
from builder.checks.spawn_replies import check_replies
from builder.checks.spawn_whole import check_whole
from builder.checks.verdict import SpawnAsk
from builder.compiling.build import Build
from builder.console import Quiet
from builder.errors import UsageError
from builder.packaging.payload import Entry, payload_of
from builder.recipes import model
from builder.recipes.library import Library
from builder.recipes.model import Recipe, SpawnSpec
from builder.recipes.plan import make_plan
from tests.building import built, recipe_plan

STOCK = model.Limits(spawn=255, select=True)
WITH_POLL = model.Limits(spawn=65000, select=False)
THOUSAND = SpawnAsk(deliveries=1000, source=WITH_POLL)
FEW = SpawnAsk(deliveries=5, source=WITH_POLL)


@pytest.fixture(scope="module", autouse=True)
def _limits() -> None:
    if raise_limits().nofile < 2005:
        pytest.skip("ulimit -n cannot be raised to 2005")


@pytest.fixture(scope="module")
def ground(quickstart_build: Build, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return Ground.prepare(quickstart_build, tmp_path_factory.mktemp("ground"))


def processes_of(folder: Path) -> list[str]:
    """The running programs whose file is below `folder`, or was until it was removed."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and str((entry / "exe").readlink()).startswith(f"{folder}/"):
                found.append(entry.name)
    return found


def assert_all_delivered(result: CheckResult, deliveries: int) -> None:
    assert result.passed, result.reasons
    assert result.reasons == ()
    figures = result.figures
    assert [figures[name] for name in ("wanted", "peak", "delivered", "received")] == [deliveries] * 4
    assert figures["deferred"] == figures["failed"] == 0
    assert max(level for _, level in result.curve) == deliveries
    assert result.curve[-1][1] == 0


# Direct


def test_a_thousand_at_once(ground: Ground) -> None:
    result = check_direct(ground, THOUSAND, Quiet())
    assert_all_delivered(result, 1000)
    assert result.figures["announced"] == 1000
    assert isinstance(highest := result.figures["highest_descriptor"], int)
    assert 2000 <= highest < 2005
    assert processes_of(ground.programs) == []


@pytest.mark.parametrize(
    ("patches", "conf_spawn", "words"),
    [
        ((), 255, ["conf-spawn is 255", "255 is the most", "big-concurrency"]),
        (("big-concurrency",), 509, ["conf-spawn is 509", "509 is the most", "fd_set", "poll-spawn"]),
    ],
)
def test_an_unpatched_base_says_what_it_lacks(
    store: Path, patches: tuple[str, ...], conf_spawn: int, words: list[str]
) -> None:
    recipe = Recipe(
        name="limited",
        summary="-",
        base="minispawn",
        patches=patches,
        conf={"conf-spawn": conf_spawn},
        spawn=SpawnSpec(deliveries=1000),
    )
    plan = make_plan(Library.of(), recipe)
    (result,) = run_checks(built(plan, store), plan, progress=Quiet(), names=["spawn-direct"])
    assert result.failed
    assert result.summary == f"{conf_spawn} of 1000 deliveries at once."
    assert result.figures["peak"] == result.figures["delivered"] == conf_spawn
    (reason,) = result.reasons
    for word in words:
        assert word in reason


def test_a_low_limit_of_descriptors_is_named(ground: Ground) -> None:
    result = check_direct(ground, replace(THOUSAND, nofile=1024), Quiet())
    assert result.failed
    # Two for each delivery, and three of its own.
    assert result.figures["peak"] == result.figures["delivered"] == 510
    assert result.figures["deferred"] == 490
    (reason,) = result.reasons
    assert reason.startswith("490 deliveries were deferred: “")
    assert "ulimit -n is 1024" in reason
    assert "LimitNOFILE=" in reason


def test_another_protocol_than_the_one_promised_is_said(ground: Ground) -> None:
    result = check_direct(ground, replace(FEW, source=STOCK), Quiet())
    assert result.failed
    assert result.reasons == (
        "qmail-rspawn greets with 2 byte(s), e8 03, but delivery numbers of 1 byte(s) were expected.",
    )


def test_another_conf_spawn_than_the_one_promised_is_said(ground: Ground) -> None:
    result = check_direct(replace(ground, conf_spawn=1001), FEW, Quiet())
    assert result.reasons == ("qmail-rspawn announces 1000 deliveries, but conf-spawn is 1001.",)


FAULTY_REMOTES = {
    "lost": (r"printf 'r\0Ktaken\n\0'", "5 mails were reported as delivered, but never reached the sink"),
    "twice": (
        'mail=$(/bin/cat); for time in 1 2; do echo "$mail" | "$REAL" "$@"; done',
        "5 mails reached the sink more than once",
    ),
    "denied": (
        '"$REAL" "$@" >/dev/null; printf "r\\0Zlater\\n\\0"',
        "5 mails reached the sink, but were not reported as delivered",
    ),
    "wrong": (
        '"$REAL" "$1" "$2" somebody@else.invalid',
        "mails reached the sink that nobody had sent: somebody@else.invalid.",
    ),
    "refused": (r"printf 'h\0Dno\n\0'", "5 deliveries failed: “no”."),
    "crashing": ("kill -SEGV $$", "5 deliveries were deferred: “qmail-remote crashed."),
}


@pytest.mark.parametrize("fault", FAULTY_REMOTES)
def test_a_faulty_delivery_is_found(ground: Ground, tmp_path: Path, fault: str) -> None:
    body, words = FAULTY_REMOTES[fault]
    remote = tmp_path / "qmail-remote"
    remote.write_text(f"#!/bin/sh\nREAL={ground.programs}/qmail-remote\n{body}\n")
    remote.chmod(0o755)
    faulty = replace(ground, programs=tmp_path)
    result = check_direct(faulty, FEW, Quiet(), program=ground.programs / "qmail-rspawn")
    assert result.failed
    assert any(words in reason for reason in result.reasons), result.reasons


FAULTY_SPAWNERS = {
    "dying": ("printf '\\350\\003'; exit 3", "qmail-rspawn did not end with exit 0, but: exit 3."),
    "killed": (
        "printf '\\350\\003'; kill -ABRT $$",
        "qmail-rspawn did not end with exit 0, but: killed by SIGABRT.",
    ),
    "complaining": ('echo "stack smashed" >&2; exec "$REAL"', "qmail-rspawn said on stderr: stack smashed"),
    "leaving others": (
        '/bin/sleep 100 >/dev/null & exec "$REAL"',
        "1 processes were left over and had to be killed.",
    ),
    "wasteful": ('exec 2010</dev/null "$REAL"', "qmail-rspawn had descriptor 2010 open; below 15 is enough."),
    "inventing": (
        "printf '\\350\\003'; read -r -n 1; printf '\\011\\000Kok\\n\\0'; exit 0",
        "1 reports are about deliveries that nobody asked for, for example number 9.",
    ),
    "silent": ("exec cat >/dev/null", "qmail-rspawn greets with nothing"),
}


@pytest.mark.parametrize("fault", FAULTY_SPAWNERS)
def test_a_faulty_spawner_is_found(ground: Ground, tmp_path: Path, fault: str) -> None:
    body, words = FAULTY_SPAWNERS[fault]
    program = tmp_path / "qmail-rspawn"
    program.write_text(f"#!/bin/bash\nREAL={ground.programs}/qmail-rspawn\n{body}\n")
    program.chmod(0o755)
    result = check_direct(ground, FEW, Quiet(), program=program)
    assert result.failed
    assert any(words in reason for reason in result.reasons), result.reasons


class _CtrlC(Quiet):
    """Interrupts as soon as a part of the work with this name has got somewhere."""

    def __init__(self, part: str) -> None:
        self.part = part

    def advance(self, text: str, done: int, total: int | None) -> None:  # noqa: ARG002 - the protocol's signature
        if text == self.part and done:
            raise KeyboardInterrupt


@pytest.mark.parametrize("part", ["deliveries at once", "deliveries reported"])
def test_ctrl_c_leaves_no_process(ground: Ground, part: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        check_direct(ground, replace(FEW, deliveries=100), _CtrlC(part))
    assert processes_of(ground.programs) == []


# Fortified and sanitized


@pytest.mark.native
def test_the_native_build_holds_under_fortify_and_asan(store: Path) -> None:
    plan = recipe_plan("quickstart", "native")
    names = ["spawn-fortify", "spawn-asan"]
    fortify, asan = run_checks(built(plan, store), plan, progress=Quiet(), names=names)
    if not fortify.skipped:
        assert_all_delivered(fortify, 1000)
    if not asan.skipped:
        assert_all_delivered(asan, 600)


def trapped(store: Path) -> Build:
    """A native build that can hold 509 deliveries."""
    recipe = Recipe(
        name="trap", summary="-", base="minispawn", patches=("big-concurrency",), conf={"conf-spawn": 509}
    )
    return built(make_plan(Library.of(), recipe, platform="native"), store)


def trap(build: Build, home: Path, folder: Path) -> Path:
    """A qmail-rspawn that chkspawn refuses to build: more deliveries than the fd_set, which is watched, has bits for."""
    twin = build.twin(
        folder,
        home=str(home),
        ids=own_ids(),
        targets=["qmail-rspawn"],
        flags=("-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2"),
    )
    (twin.folder / "auto_spawn.c").write_text("int auto_spawn = 1000;\n")
    twin.make(["-o", "chkspawn", "-o", "spawn.o", "qmail-rspawn"])
    program = twin.folder / "qmail-rspawn"
    if b"__fdelt_chk" not in program.read_bytes():
        pytest.skip("this C library does not look at fd_sets")
    return program


@pytest.mark.native
def test_fortify_catches_an_fd_set_that_is_too_small(store: Path, tmp_path: Path) -> None:
    build = trapped(store)
    ground = replace(Ground.prepare(build, tmp_path), conf_spawn=1000)
    program = trap(build, ground.home, tmp_path / "trap")
    result = check_direct(ground, replace(THOUSAND, deliveries=600), Quiet(), program=program)
    assert result.failed
    assert any("killed by SIGABRT" in reason for reason in result.reasons), result.reasons
    assert any("qmail-rspawn said on stderr" in reason for reason in result.reasons), result.reasons


def test_fortify_and_asan_are_skipped_for_static_programs(quickstart_build: Build) -> None:
    plan = recipe_plan("quickstart")
    names = ["spawn-fortify", "spawn-asan"]
    results = run_checks(quickstart_build, plan, progress=Quiet(), names=names)
    assert [result.skipped for result in results] == [True, True]
    assert not any(result.failed for result in results)


# Replies


def test_impossible_commands_are_refused(ground: Ground) -> None:
    result = check_replies(ground, 2, Quiet())
    assert result.passed, result.reasons
    assert isinstance(commands := result.figures["commands"], int)
    assert commands >= 10


def test_wrong_replies_are_found(ground: Ground, tmp_path: Path) -> None:
    """A spawner that calls everything a success."""
    (tmp_path / "qmail-rspawn").write_text(
        f"#!{sys.executable}\n"
        "import os\n"
        r"os.write(1, b'\xe8\x03')" + "\n"
        "while command := os.read(0, 4096):\n"
        r"    os.write(1, command[:2] + b'Kok\n\0')" + "\n"
    )
    (tmp_path / "qmail-rspawn").chmod(0o755)
    result = check_replies(replace(ground, programs=tmp_path), 2, Quiet())
    assert result.failed
    assert len(result.reasons) == result.figures["commands"]
    assert any("a recipient without a host: the report must be D" in reason for reason in result.reasons)


# Which checks are run


def test_a_check_that_does_not_exist() -> None:
    with pytest.raises(UsageError, match=r"no check 'spawn-drect'\. Did you mean spawn-direct\?"):
        chosen_checks(recipe_plan("quickstart"), ["spawn-drect"])


def test_the_checks_of_patches_always_run() -> None:
    assert chosen_checks(recipe_plan("quickstart")) == (
        "big-concurrency/wire",
        "poll-spawn/poll",
        "spawn-direct",
    )


# Whole


@dataclass
class _Installed:
    """What a twin installs, remembering where that is."""

    homes: list[Path] = field(default_factory=list)

    def __call__(self, twin: Build) -> Iterable[Entry]:
        home = Path(twin.conf["conf-qmail"])
        self.homes += [home, (home / "queue").resolve()]
        return payload_of(twin).entries

    def nothing_left(self) -> bool:
        return not any(home.exists() or processes_of(home) for home in self.homes)


@pytest.mark.netqmail
@pytest.mark.parametrize("by_root", [pytest.param(True, marks=pytest.mark.root), False])
def test_a_whole_qmail_with_a_thousand_deliveries(bigconc_build: Build, by_root: bool) -> None:
    installed = _Installed()
    result = check_whole(bigconc_build, THOUSAND, installed, Quiet(), by_root=by_root)
    assert_all_delivered(result, 1000)
    assert result.figures["concurrency"] == 1000
    assert result.figures["left_in_queue"] == 0
    assert result.figures["users"] == ("the compiled ones" if by_root else "one")
    assert installed.nothing_left()


@pytest.mark.netqmail
@pytest.mark.native
def test_a_whole_unpatched_qmail_delivers_all_but_not_at_once(vanilla_build: Build) -> None:
    ask = SpawnAsk(deliveries=300, source=STOCK)
    result = check_whole(vanilla_build, ask, _Installed(), Quiet())
    assert result.failed
    assert result.figures["peak"] == 255
    assert result.figures["delivered"] == result.figures["received"] == 300
    (reason,) = result.reasons
    assert "conf-spawn is 255, and 255 is the most that one-byte delivery numbers can hold" in reason


@pytest.mark.netqmail
def test_a_whole_qmail_with_too_few_descriptors_delivers_the_rest_later(bigconc_build: Build) -> None:
    installed = _Installed()
    ask = SpawnAsk(deliveries=200, source=WITH_POLL, nofile=200)
    result = check_whole(bigconc_build, ask, installed, Quiet())
    assert result.failed
    assert isinstance(peak := result.figures["peak"], int)
    assert 90 < peak < 100
    assert result.figures["delivered"] == result.figures["received"] == 200
    assert result.figures["left_in_queue"] == 0
    assert all("ulimit -n is 200" in reason for reason in result.reasons)
    assert installed.nothing_left()


@pytest.mark.netqmail
@pytest.mark.parametrize("part", ["mails injected", "deliveries at once", "mails delivered"])
def test_ctrl_c_leaves_nothing_of_a_whole_qmail(bigconc_build: Build, part: str) -> None:
    installed = _Installed()
    with pytest.raises(KeyboardInterrupt):
        check_whole(bigconc_build, replace(FEW, deliveries=50), installed, _CtrlC(part))
    assert installed.homes
    assert installed.nothing_left()


def test_a_base_without_a_whole_qmail_is_skipped(quickstart_build: Build) -> None:
    result = check_whole(quickstart_build, FEW, _Installed(), Quiet())
    assert result.skipped
    assert "qmail-clean" in result.summary
