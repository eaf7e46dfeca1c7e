"""The spawn check, direct: the built qmail-rspawn, spoken to in qmail-send's place, delivers to our sink.

Needs no root and no queue to speak of: qmail-rspawn runs the built qmail-remote for each delivery, and all deliveries
stand at the sink's gate at the same time before the first may go on. What is said of it is in direct_verdict.py.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from builder.checks import limits as machine
from builder.checks import procfs
from builder.checks.direct_verdict import ENDING, DirectFacts, Usage, judge_direct, mails_asked
from builder.checks.ground import Ground
from builder.checks.inside import Inside
from builder.checks.protocol import Report
from builder.checks.report import CheckResult
from builder.checks.sink import Sink
from builder.checks.spawner import Spawner, spawner, understand
from builder.checks.verdict import STALL, SpawnAsk, too_little_memory
from builder.console import Progress

_GREETING = 5.0
"""Seconds for the first word."""
_TICK = 0.02
"""Seconds between two looks at the gate."""


@dataclass(slots=True, kw_only=True)
class _Run:
    """A run while it lasts."""

    ask: SpawnAsk
    sink: Sink
    asked: int = 0
    """Deliveries."""
    reports: list[Report] = field(default_factory=list)
    began: float = 0.0
    seconds: float = 0.0
    usage: Usage = field(default_factory=Usage)


def check_direct(
    ground: Ground,
    ask: SpawnAsk,
    progress: Progress,
    *,
    name: str = "spawn-direct",
    program: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> CheckResult:
    """Ask for all deliveries at once and see what comes of it.

    `program` is another qmail-rspawn than the ground's own, for example one with AddressSanitizer, and `environment`
    what it needs besides PATH.
    """
    progress.step(f"{name}: {ask.deliveries} deliveries at once")
    limits = machine.limited_to(machine.read_limits(), ask.nofile)
    if (memory := machine.memory_ceiling(limits)).deliveries < ask.deliveries:
        return too_little_memory(name, memory)
    run = _Run(ask=ask, sink=Sink())
    stderr = ground.home / f"{name}.stderr"
    with (
        run.sink,
        spawner(
            program or ground.programs / "qmail-rspawn",
            width=ask.width,
            path=ground.programs,
            stderr=stderr,
            nofile=ask.nofile,
            environment={**ground.environment, **(environment or {})},
        ) as rspawn,
    ):
        ground.route_to(run.sink)
        greeting = rspawn.greeting(_GREETING)
        announced, mistake = understand(greeting, ask.width, ground.conf_spawn)
        if not mistake:
            _deliver(rspawn, ground.commands(mails_asked(ask, announced), ask.width), run, progress)
        rspawn.end_of_input()
        returncode = rspawn.running.wait(ENDING)
        survivors = len(rspawn.running.session())
    facts = DirectFacts(
        ask=ask,
        conf_spawn=ground.conf_spawn,
        limits=limits,
        greeting=greeting,
        reports=run.reports,
        seen=run.sink.seen(run.began),
        seconds=run.seconds,
        returncode=returncode,
        left_over=f"{survivors} processes" if survivors else "",
        stderr=stderr.read_text(errors="replace").strip(),
        usage=run.usage,
    )
    return judge_direct(name, facts)


def check_direct_inside(
    inside: Inside, ask: SpawnAsk, progress: Progress, *, name: str = "spawn-direct"
) -> CheckResult:
    """The same in the backend that made the programs, where no /proc is looked at."""
    progress.step(f"{name}: {ask.deliveries} deliveries at once {inside.where}".rstrip())
    if (memory := machine.memory_ceiling(inside.group)).deliveries < ask.deliveries:
        return too_little_memory(name, memory)
    ground = inside.ground
    said = inside.converse(
        ground.commands(mails_asked(ask, ground.conf_spawn), ask.width),
        ask.width,
        patience=ask.patience,
        time_limit=ask.time_limit,
        nofile=ask.nofile,
    )
    facts = DirectFacts(
        ask=ask,
        conf_spawn=ground.conf_spawn,
        limits=machine.limited_to(said.limits, ask.nofile),
        greeting=said.greeting,
        reports=said.reports,
        seen=said.seen,
        seconds=said.seconds,
        returncode=said.returncode,
        left_over="Some processes" if said.left_over else "",
        stderr=said.stderr,
        where=inside.where,
    )
    return judge_direct(name, facts)


def _deliver(rspawn: Spawner, commands: Sequence[bytes], run: _Run, progress: Progress) -> None:
    """Ask for all deliveries, hold them at the gate, measure, let them go, and take the reports."""
    pid = rspawn.running.pid
    idle = procfs.open_descriptors(pid)
    run.began, run.asked = time.monotonic(), len(commands)
    run.sink.expect(run.asked, quiet=STALL, patience=run.ask.patience)
    for command in commands:
        rspawn.ask(command)
    # Whoever has been reported already will not come to the gate any more.
    while run.sink.connected + len(run.reports) < run.asked and not (run.sink.due() or rspawn.hung_up):
        run.reports += rspawn.exchange(_TICK)
        progress.advance("deliveries at once", run.sink.connected, run.ask.deliveries)
    peak = procfs.open_descriptors(pid)
    memory = procfs.private_memory(rspawn.running.session())
    run.sink.open_gate()
    _collect(rspawn, run, progress)
    run.seconds = time.monotonic() - run.began
    run.usage = Usage(
        idle_descriptors=idle,
        peak_descriptors=peak,
        left_descriptors=_settled_descriptors(pid, idle),
        memory_at_peak=memory,
        cpu=procfs.cpu_time(pid),
    )


def _collect(rspawn: Spawner, run: _Run, progress: Progress) -> None:
    """Take reports until all are there, nothing moves any more, or the time is over."""
    last_news, moved = time.monotonic(), -1
    while len(run.reports) < run.asked and not rspawn.hung_up:
        run.reports += rspawn.exchange(_TICK)
        progress.advance("deliveries reported", len(run.reports), run.asked)
        now = time.monotonic()
        if (moving := len(run.reports) + len(run.sink.changes)) != moved:
            last_news, moved = now, moving
        if now - last_news > STALL or now - run.began > run.ask.time_limit:
            break


def _settled_descriptors(pid: int, idle: Sequence[int]) -> Sequence[int]:
    """The descriptors after the last delivery; qmail-rspawn writes a report just before it closes the delivery's."""
    deadline = time.monotonic() + 1.0
    while (left := procfs.open_descriptors(pid)) != idle and time.monotonic() < deadline:
        time.sleep(0.005)
    return left
