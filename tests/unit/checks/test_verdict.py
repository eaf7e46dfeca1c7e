"""What is said about numbers that a run could have."""

from __future__ import annotations

from collections import Counter

import pytest

from builder.checks.limits import UNLIMITED, Limits
from builder.checks.verdict import (
    SpawnAsk,
    conf_spawn_limit,
    curve,
    deferral_reasons,
    receipt_problems,
    summary_of,
)
from builder.recipes import model

STOCK = model.Limits(spawn=255, select=True)
BIG = model.Limits(spawn=65000, select=True)
WITH_POLL = model.Limits(spawn=65000, select=False)
ONE = SpawnAsk(deliveries=1000, source=STOCK)
TWO = SpawnAsk(deliveries=1000, source=BIG)
POLL = SpawnAsk(deliveries=1000, source=WITH_POLL)
LIMITS = Limits(
    nofile=1024,
    nofile_hard=4096,
    nproc=600,
    pid_max=32768,
    cgroup_pids=UNLIMITED,
    ports=28_232,
    memory=8 << 30,
)
A, B, C = (("a@1", "m"), ("b@2", "m"), ("c@3", "m"))


@pytest.mark.parametrize(
    ("ask", "conf_spawn", "words"),
    [
        (ONE, 255, ["conf-spawn is 255", "255 is the most", "one-byte", "big-concurrency"]),
        (ONE, 120, ["conf-spawn is 120", "255 is the most", "one-byte", "big-concurrency"]),
        (TWO, 509, ["conf-spawn is 509", "509 is the most", "fd_set", "poll-spawn"]),
        (POLL, 120, ["conf-spawn is 120", "conf-spawn = 1000"]),
    ],
)
def test_conf_spawn_keeps_the_deliveries_down(ask: SpawnAsk, conf_spawn: int, words: list[str]) -> None:
    said = conf_spawn_limit(ask, conf_spawn)
    assert said is not None
    for word in words:
        assert word in said


def test_a_higher_conf_spawn_is_all_it_takes_where_the_code_can_hold_it() -> None:
    said = conf_spawn_limit(SpawnAsk(deliveries=200, source=STOCK), 120)
    assert said == "conf-spawn is 120: set conf-spawn = 200 under [conf] in the recipe."


def test_conf_spawn_is_no_limit_when_it_is_enough() -> None:
    assert conf_spawn_limit(POLL, 1000) is None


def test_deferrals_name_the_limit_behind_them() -> None:
    deferrals = Counter(
        {
            "qmail-spawn unable to create pipe. (#4.3.0)\n": 490,
            "qmail-spawn unable to fork. (#4.3.0)\n": 3,
            "Connected to 127.0.0.1 but connection died. (#4.4.2)\n": 1,
        }
    )
    pipe, fork, died = deferral_reasons(deferrals, 1000, LIMITS)
    assert pipe.startswith("490 deliveries were deferred: “qmail-spawn unable to create pipe. (#4.3.0)”.")
    assert "ulimit -n is 1024 (hard limit 4096)" in pipe
    assert "LimitNOFILE=" in pipe
    assert "ulimit -u is 600" in fork
    assert "pid_max" not in fork
    assert died == "1 deliveries were deferred: “Connected to 127.0.0.1 but connection died. (#4.4.2)”."


def test_exactly_once_is_no_problem() -> None:
    assert list(receipt_problems(Counter([A, B]), [A, B], [A, B, C])) == []


@pytest.mark.parametrize(
    ("receipts", "succeeded", "words"),
    [
        ([A], [A, B], "1 mails were reported as delivered, but never reached the sink: b@2."),
        ([A, A, B], [A, B], "1 mails reached the sink more than once: a@1."),
        ([A, B], [A], "1 mails reached the sink, but were not reported as delivered: b@2."),
        ([A, ("x@9", "m")], [A], "1 mails reached the sink that nobody had sent: x@9."),
        ([("a@1", "other")], [A], "1 mails were reported as delivered, but never reached the sink: a@1."),
    ],
)
def test_everything_else_is(
    receipts: list[tuple[str, str]], succeeded: list[tuple[str, str]], words: str
) -> None:
    assert words in list(receipt_problems(Counter(receipts), succeeded, [A, B, C]))


def test_a_curve_keeps_its_peak_and_its_end() -> None:
    changes = [(i / 1000, min(i, 2001 - i) + 1) for i in range(2002)]
    points = curve(changes)
    assert len(points) < 250
    assert points[0] == (0.0, 0)
    assert max(level for _, level in points) == max(level for _, level in changes)
    assert points[-1] == (2.001, 1)
    assert [when for when, _ in points] == sorted(when for when, _ in points)


def test_a_curve_of_nothing() -> None:
    assert curve([]) == ((0.0, 0),)


@pytest.mark.parametrize(
    ("peak", "passed", "sentence"),
    [
        (1000, True, "1000 deliveries at once, every mail received exactly once, in 1.5 s."),
        (255, False, "255 of 1000 deliveries at once."),
        (1000, False, "1000 deliveries at once, but not everything went as it must."),
    ],
)
def test_the_sentence_about_a_run(peak: int, passed: bool, sentence: str) -> None:
    assert summary_of(peak, 1000, 1.51, passed=passed) == sentence
