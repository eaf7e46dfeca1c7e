"""What the machine allows, read on this machine and worked out from made-up numbers."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from builder.checks.limits import (
    UNLIMITED,
    Limits,
    ceilings,
    descriptor_ceiling,
    descriptors_for,
    limited_to,
    memory_ceiling,
    read_limits,
)

TOP = Path(__file__).resolve().parents[3]
ROOMY = Limits(
    nofile=100_000,
    nofile_hard=100_000,
    nproc=UNLIMITED,
    pid_max=4_000_000,
    cgroup_pids=UNLIMITED,
    ports=28_232,
    memory=64 << 30,
)


def test_the_limits_of_this_machine() -> None:
    limits = read_limits()
    assert limits.nofile == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert 0 < limits.nofile <= limits.nofile_hard
    assert limits.pid_max == int(Path("/proc/sys/kernel/pid_max").read_text())
    assert 0 < limits.ports < 65536
    assert 1 << 20 < limits.memory < UNLIMITED


def test_raising_goes_up_to_the_hard_limits() -> None:
    script = (
        "import json, resource\n"
        "from builder.checks.limits import raise_limits\n"
        "_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))\n"
        "raised = raise_limits()\n"
        "print(json.dumps([hard, raised.nofile, resource.getrlimit(resource.RLIMIT_NOFILE)[0]]))\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], cwd=TOP, capture_output=True, check=True)
    hard, raised, now = json.loads(ran.stdout)
    assert raised == now == hard


@pytest.mark.parametrize("deliveries", [1, 255, 509, 1000, 9997])
def test_descriptors_and_deliveries_agree(deliveries: int) -> None:
    nofile = descriptors_for(deliveries)
    assert descriptor_ceiling(limited_to(ROOMY, nofile)).deliveries == deliveries
    assert descriptor_ceiling(limited_to(ROOMY, nofile - 1)).deliveries == deliveries - 1


def test_a_ceiling_says_what_it_is_and_where_to_change_it() -> None:
    said = str(descriptor_ceiling(limited_to(ROOMY, 1024)))
    assert "ulimit -n is 1024 (hard limit 100000)" in said
    assert "enough for 509 deliveries" in said
    assert "/etc/security/limits.conf" in said
    assert "LimitNOFILE=" in said


def test_the_tightest_ceiling_comes_first_and_what_is_unlimited_is_left_out() -> None:
    found = ceilings(limited_to(ROOMY, 1024))
    numbers = [ceiling.deliveries for ceiling in found]
    assert numbers == sorted(numbers)
    assert numbers[0] == 509
    said = " ".join(str(ceiling) for ceiling in found)
    assert "ulimit -u" not in said
    assert "control group" not in said


def test_no_limit_given_changes_nothing() -> None:
    assert limited_to(ROOMY, None) is ROOMY


@pytest.mark.parametrize(("megabytes", "deliveries"), [(72, 1000), (3600, 10_000)])
def test_memory_for_what_was_measured(megabytes: int, deliveries: int) -> None:
    limits = Limits(
        nofile=1024,
        nofile_hard=1024,
        nproc=1,
        pid_max=1,
        cgroup_pids=1,
        ports=1,
        memory=megabytes * 1_000_000,
    )
    assert memory_ceiling(limits).deliveries == deliveries
