"""The spawn check, direct: the built qmail-rspawn, spoken to in qmail-send's place, delivers to our sink.

Needs no root and no queue to speak of: qmail-rspawn runs the built qmail-remote for each delivery, and all deliveries
stand at the sink's gate at the same time before the first may go on.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from builder.checks import limits as machine
from builder.checks import procfs
from builder.checks.ground import Ground
from builder.checks.mail import SENDER, Mail, mails
from builder.checks.protocol import Outcome, Report, encode_command
from builder.checks.report import CheckResult
from builder.checks.sink import Sink
from builder.checks.spawner import Spawner, spawner, understand
from builder.checks.verdict import (
    STALL,
    SpawnAsk,
    conf_spawn_limit,
    deferral_reasons,
    judged,
    receipt_problems,
    too_little_memory,
)
from builder.console import Progress
from builder.process import how_it_ended

_MESSAGES = 4
"""Different messages; more would only cost time."""
_GREETING = 5.0
"""Seconds for the first word."""
_ENDING = 5.0
"""Seconds for ending after the end of input."""
_TICK = 0.02
"""Seconds between two looks at the gate."""


@dataclass(slots=True, kw_only=True)
class _Run:
    """One run: what it was asked for, and what came out of it."""

    ask: SpawnAsk
    limits: machine.Limits
    sink: Sink
    announced: int = 0
    mistake: str = ""
    """What was wrong with the greeting; nothing was asked for then."""
    asked: Sequence[Mail] = ()
    """The mail of each delivery number."""
    reports: list[Report] = field(default_factory=list)
    began: float = 0.0
    seconds: float = 0.0
    idle_descriptors: Sequence[int] = ()
    peak_descriptors: Sequence[int] = ()
    left_descriptors: Sequence[int] = ()
    memory_at_peak: int = 0
    cpu: procfs.CpuTime = field(default_factory=procfs.CpuTime)
    returncode: int | None = None
    survivors: int = 0
    stderr: str = ""

    @property
    def descriptors_allowed(self) -> int:
        return machine.descriptors_for(self.ask.deliveries)

    def reported(self, *outcomes: Outcome) -> list[Report]:
        return [report for report in self.reports if report.outcome in outcomes]


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
    run = _Run(ask=ask, limits=limits, sink=Sink())
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
        run.announced, run.mistake = understand(greeting, ask.width, ground.conf_spawn)
        if not run.mistake:
            # qmail-send, too, uses no more numbers than were announced.
            run.asked = mails(min(ask.deliveries, run.announced), messages=_MESSAGES)
            _deliver(rspawn, ground.put_messages(run.asked), run, progress)
        rspawn.end_of_input()
        run.returncode = rspawn.running.wait(_ENDING)
        run.survivors = len(rspawn.running.session())
    run.stderr = stderr.read_text(errors="replace").strip()
    return _judge(name, run)


def _deliver(rspawn: Spawner, files: Sequence[str], run: _Run, progress: Progress) -> None:
    """Ask for all deliveries, hold them at the gate, measure, let them go, and take the reports."""
    pid = rspawn.running.pid
    run.idle_descriptors = procfs.open_descriptors(pid)
    run.began = time.monotonic()
    run.sink.expect(len(run.asked), quiet=STALL, patience=run.ask.patience)
    for number, (mail, file) in enumerate(zip(run.asked, files, strict=True)):
        rspawn.ask(encode_command(number, file, SENDER, mail.recipient, run.ask.width))
    # Whoever has been reported already will not come to the gate any more.
    while run.sink.connected + len(run.reports) < len(run.asked) and not (run.sink.due() or rspawn.hung_up):
        run.reports += rspawn.exchange(_TICK)
        progress.advance("deliveries at once", run.sink.connected, run.ask.deliveries)
    run.peak_descriptors = procfs.open_descriptors(pid)
    run.memory_at_peak = procfs.private_memory(rspawn.running.session())
    run.sink.open_gate()
    _collect(rspawn, run, progress)
    run.seconds = time.monotonic() - run.began
    run.left_descriptors = _settled_descriptors(pid, run.idle_descriptors)
    run.cpu = procfs.cpu_time(pid)


def _collect(rspawn: Spawner, run: _Run, progress: Progress) -> None:
    """Take reports until all are there, nothing moves any more, or the time is over."""
    last_news, moved = time.monotonic(), -1
    while len(run.reports) < len(run.asked) and not rspawn.hung_up:
        run.reports += rspawn.exchange(_TICK)
        progress.advance("deliveries reported", len(run.reports), len(run.asked))
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


def _judge(name: str, run: _Run) -> CheckResult:
    said = (
        [run.mistake, *_crash(run)]
        if run.mistake
        else [*_reasons(run), *_process_problems(run), *_delivery_problems(run)]
    )
    return judged(
        name,
        said,
        wanted=run.ask.deliveries,
        sink=run.sink,
        began=run.began,
        seconds=run.seconds,
        figures=_figures(run),
    )


def _crash(run: _Run) -> Iterator[str]:
    if run.returncode is not None and run.returncode < 0:
        yield f"qmail-rspawn was {how_it_ended(run.returncode)}."


def _figures(run: _Run) -> dict[str, int | float | str]:
    return {
        "wanted": run.ask.deliveries,
        "announced": run.announced,
        "peak": run.sink.peak,
        "delivered": len(run.reported(Outcome.SUCCESS)),
        "deferred": len(run.reported(Outcome.DEFERRAL)),
        "failed": len(run.reported(Outcome.FAILURE, Outcome.MANGLED)),
        "received": run.sink.receipts.total(),
        "dropped_connections": run.sink.dropped,
        "highest_descriptor": max(run.peak_descriptors, default=-1),
        "descriptors_allowed": run.descriptors_allowed,
        "seconds_to_peak": round(max(run.sink.peak_at - run.began, 0), 3),
        "seconds": round(run.seconds, 3),
        "cpu_spawner_seconds": round(run.cpu.own, 2),
        "cpu_deliveries_seconds": round(run.cpu.children, 2),
        "memory_mb": round(run.memory_at_peak / 1e6, 1),
    }


def _reasons(run: _Run) -> Iterator[str]:
    """What has kept the peak down."""
    if limit := conf_spawn_limit(run.ask, run.announced):
        yield limit
    deferrals = Counter(report.text for report in run.reported(Outcome.DEFERRAL))
    yield from deferral_reasons(deferrals, run.ask.deliveries, run.limits)


def _process_problems(run: _Run) -> Iterator[str]:
    """What qmail-rspawn did wrong as a process."""
    if run.stderr:
        lines = run.stderr.splitlines()
        # AddressSanitizer begins with a line of "=".
        yield f"qmail-rspawn said on stderr: {next((line for line in lines if line.strip('= ')), lines[0])}"
    if run.returncode is None:
        yield (
            f"qmail-rspawn did not end within {_ENDING:.0f} s of the end of its input; "
            f"it had used {run.cpu.own:.1f} s of processor time itself."
        )
    elif run.returncode != 0:
        yield f"qmail-rspawn did not end with exit 0, but: {how_it_ended(run.returncode)}."
    if (highest := max(run.peak_descriptors, default=0)) >= run.descriptors_allowed:
        yield f"qmail-rspawn had descriptor {highest} open; below {run.descriptors_allowed} is enough."
    if extra := set(run.left_descriptors) - set(run.idle_descriptors):
        yield f"qmail-rspawn did not close {len(extra)} descriptors of deliveries that had ended."
    if run.survivors:
        yield f"{run.survivors} processes were left over and had to be killed."


def _delivery_problems(run: _Run) -> Iterator[str]:
    """What is wrong with the reports, and between them and the sink."""
    times = Counter(report.number for report in run.reports)
    numbers = range(len(run.asked))
    if silent := [number for number in numbers if number not in times]:
        yield f"{len(silent)} deliveries were never reported, the first of them number {silent[0]}."
    if repeated := [number for number in times if times[number] > 1]:
        yield f"{len(repeated)} deliveries were reported more than once, for example number {repeated[0]}."
    if strange := [number for number in times if number not in numbers]:
        yield f"{len(strange)} reports are about deliveries that nobody asked for, for example number {strange[0]}."
    failures = Counter(report.text for report in run.reported(Outcome.FAILURE, Outcome.MANGLED))
    for text, count in failures.most_common():
        yield f"{count} deliveries failed: “{' '.join(text.split())}”."
    succeeded = [report.number for report in run.reported(Outcome.SUCCESS) if report.number in numbers]
    receipts = [mail.receipt for mail in run.asked]
    yield from receipt_problems(run.sink.receipts, [receipts[number] for number in succeeded], receipts)
