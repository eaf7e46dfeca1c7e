"""The spawn check, whole: a private qmail with a queue full of mail sends all of it to our sink.

As root it runs as it would on a mail server, started by qmail-start under the users that are compiled in; otherwise
everything runs as this user. The mail is in the queue before qmail-send starts, so that nothing but the spawning
decides how soon all deliveries are under way.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import msgspec

from builder.checks import limits as machine
from builder.checks import private_qmail, procfs
from builder.checks.ground import own_ids
from builder.checks.mail import Mail, mails
from builder.checks.private_qmail import Qmail
from builder.checks.report import CheckResult, skipped
from builder.checks.scratch import (
    honours_setuid,
    lay_out,
    may_be_entered_by_all,
    private_home,
    scratch_folder,
)
from builder.checks.send_log import SendLog
from builder.checks.sink import Seen, Sink
from builder.checks.verdict import (
    STALL,
    SpawnAsk,
    conf_spawn_limit,
    deferral_reasons,
    judged,
    receipt_problems,
    some,
    too_little_memory,
)
from builder.compiling.build import Build
from builder.console import Progress
from builder.debugging.watch import Watch
from builder.packaging.payload import Entry
from builder.process import how_it_ended

Installed = Callable[[Build], Iterable[Entry]]
"""What a compiled tree installs, by its own hier()."""

_STOPPING = 15.0
"""Seconds for stopping."""
_TICK = 0.02
_RETRY = 0.5
"""Seconds between two tries of what was deferred."""
_QUEUE = ("mess", "info", "local", "remote", "todo", "intd", "bounce", "pid")
"""The folders below queue/ that have a file while a mail is in the queue."""


@dataclass(kw_only=True)
class _Run:
    """One run: what it was asked for, and what came out of it."""

    ask: SpawnAsk
    conf_spawn: int
    limits: machine.Limits
    mails: Sequence[Mail]
    sink: Sink
    log: SendLog = field(default_factory=SendLog)
    by_root: bool = False
    began: float = 0.0
    injecting_seconds: float = 0.0
    seconds: float = 0.0
    peak_descriptors: Sequence[int] = ()
    memory_at_peak: int = 0
    cpu: Mapping[str, procfs.CpuTime] = field(default_factory=dict)
    returncode: int | None = None
    survivors: int = 0
    left_in_queue: int = 0

    @cached_property
    def seen(self) -> Seen:
        """What the sink has seen; to be asked once everything has ended."""
        return self.sink.seen(self.began)

    @property
    def descriptors_allowed(self) -> int:
        return machine.descriptors_for(self.ask.deliveries)


def check_whole(
    build: Build,
    ask: SpawnAsk,
    installed: Installed,
    progress: Progress,
    *,
    name: str = "spawn-whole",
    by_root: bool | None = None,
    watch: Watch | None = None,
) -> CheckResult:
    """Inject as many mails as deliveries are asked for, start, and follow them to the sink.

    `by_root` says whether to run it under the users that are compiled in; None: if that is possible.
    """
    if missing := [program for program in private_qmail.PROGRAMS if not (build.folder / program).exists()]:
        return skipped(name, f"the base has no {missing[0]}.")
    progress.step(f"{name}: {ask.deliveries} mails")
    limits = machine.limited_to(machine.read_limits(), ask.nofile)
    if (memory := machine.memory_ceiling(limits)).deliveries < ask.deliveries:
        return too_little_memory(name, memory)
    conf_spawn = int(build.conf["conf-spawn"])
    run = _Run(ask=ask, conf_spawn=conf_spawn, limits=limits, mails=mails(ask.deliveries), sink=Sink())
    with scratch_folder() as scratch, private_home(scratch) as home:
        run.by_root = _can_be_root(home) if by_root is None else by_root
        ids = build.ids if run.by_root else own_ids()
        twin = build.twin(scratch / "twin", home=os.fspath(home), ids=ids, targets=private_qmail.PROGRAMS)
        lay_out(installed(twin))
        with run.sink:
            if watch is not None:
                watch.expect(private_qmail.suspects(home, ids))
            private_qmail.write_control(home, concurrency=ask.deliveries, sink=run.sink)
            _inject(home, run, progress)
            with private_qmail.started(
                home,
                run.log,
                by_root=run.by_root,
                nofile=ask.nofile,
                environment=build.toolchain.runtime,
            ) as qmail:
                _deliver(qmail, run, progress)
                run.returncode, run.survivors = qmail.stop(_STOPPING)
        run.left_in_queue = sum(_files(home / "queue" / folder) for folder in _QUEUE)
        result = _judge(name, run)
        crashes = () if watch is None else watch.look(scratch, said=result.reasons)
    return msgspec.structs.replace(result, crashes=crashes)


def _can_be_root(home: Path) -> bool:
    return os.geteuid() == 0 and honours_setuid(home) and may_be_entered_by_all(home)


def _inject(home: Path, run: _Run, progress: Progress) -> None:
    began = time.monotonic()
    total = len(run.mails)
    private_qmail.inject(home, run.mails, lambda done: progress.advance("mails injected", done, total))
    run.injecting_seconds = time.monotonic() - began


def _deliver(qmail: Qmail, run: _Run, progress: Progress) -> None:
    """Wait until no more deliveries come to the gate, measure, let them go, and wait until the queue is done with."""
    run.began = time.monotonic()
    run.sink.expect(run.ask.deliveries, quiet=STALL, patience=run.ask.patience)
    while qmail.running and not _all_there(run) and not run.sink.due():
        time.sleep(_TICK)
        qmail.read_log()
        progress.advance("deliveries at once", run.sink.connected, run.ask.deliveries)
    everyone = qmail.processes()
    spawners = [pid for pid in everyone if procfs.program_of(pid) == "qmail-rspawn"]
    run.peak_descriptors = [number for pid in spawners for number in procfs.open_descriptors(pid)]
    run.memory_at_peak = procfs.private_memory(everyone)
    run.sink.open_gate()
    _drain(qmail, run, progress)
    run.seconds = time.monotonic() - run.began
    run.cpu = {procfs.program_of(pid): procfs.cpu_time(pid) for pid in qmail.processes()}


def _all_there(run: _Run) -> bool:
    """Whether every delivery that could be started stands at the gate, or has come back already."""
    under_way = len(run.log.under_way)
    no_more_to_start = run.log.started >= run.ask.deliveries or under_way == run.log.concurrency
    return no_more_to_start and run.sink.connected >= under_way


def _drain(qmail: Qmail, run: _Run, progress: Progress) -> None:
    """Follow the log until every message has ended, nothing moves any more, or the time is over."""
    log = run.log
    last_news = last_try = time.monotonic()
    moved = -1
    while log.ended_messages < run.ask.deliveries and qmail.running:
        now = time.monotonic()
        if qmail.read_log() or len(run.sink.changes) != moved:
            last_news, moved = now, len(run.sink.changes)
        if now - last_news > STALL or now - run.began > run.ask.time_limit:
            break
        if log.deferrals and not log.under_way and now - last_try > _RETRY:
            # By itself qmail-send would try again only after some minutes.
            qmail.try_again()
            last_try = now
        progress.advance("mails delivered", len(log.succeeded), run.ask.deliveries)
        time.sleep(_TICK)


def _files(folder: Path) -> int:
    return sum(len(files) for _, _, files in os.walk(folder))


def _judge(name: str, run: _Run) -> CheckResult:
    said = [*_reasons(run), *_problems(run)]
    return judged(
        name,
        said,
        wanted=run.ask.deliveries,
        seen=run.seen,
        seconds=run.seconds,
        figures=_figures(run),
    )


def _figures(run: _Run) -> dict[str, int | float | str]:
    cpu = sum(run.cpu.values(), procfs.CpuTime())
    return {
        "wanted": run.ask.deliveries,
        "concurrency": run.log.concurrency or 0,
        "peak": run.seen.peak,
        "delivered": len(run.log.succeeded),
        "deferred": run.log.deferrals.total(),
        "failed": run.log.failures.total(),
        "received": run.seen.receipts.total(),
        "dropped_connections": run.seen.dropped,
        "left_in_queue": run.left_in_queue,
        "highest_descriptor": max(run.peak_descriptors, default=-1),
        "descriptors_allowed": run.descriptors_allowed,
        "seconds_to_inject": round(run.injecting_seconds, 3),
        "seconds_to_peak": round(run.seen.seconds_to_peak, 3),
        "seconds": round(run.seconds, 3),
        "cpu_send_seconds": round(run.cpu.get("qmail-send", procfs.CpuTime()).own, 2),
        "cpu_seconds": round(cpu.own + cpu.children, 2),
        "memory_mb": round(run.memory_at_peak / 1e6, 1),
        "users": "the compiled ones" if run.by_root else "one",
    }


def _reasons(run: _Run) -> Iterator[str]:
    """What has kept the peak down."""
    log, wanted = run.log, run.ask.deliveries
    if log.concurrency is None:
        yield f"qmail-send never came up: {log.alarms[0] if log.alarms else 'it said nothing.'}"
    elif log.concurrency < min(wanted, run.conf_spawn):
        yield (
            f"qmail-send allows {log.concurrency} remote deliveries at once, though control/concurrencyremote is "
            f"{wanted} and conf-spawn {run.conf_spawn}."
        )
    elif limit := conf_spawn_limit(run.ask, run.conf_spawn):
        yield limit
    yield from deferral_reasons(log.deferrals, wanted, run.limits)


def _problems(run: _Run) -> Iterator[str]:
    """Everything else that went wrong."""
    log = run.log
    for text, count in log.failures.most_common():
        yield f"{count} deliveries failed: “{text}”."
    if log.under_way:
        yield f"{len(log.under_way)} deliveries never ended, for example to {some(log.under_way.values())}."
    receipts = {mail.recipient: mail.receipt for mail in run.mails}
    succeeded = [receipts[recipient] for recipient in log.succeeded if recipient in receipts]
    yield from receipt_problems(run.seen.receipts, succeeded, receipts.values())
    if run.left_in_queue:
        yield f"{run.left_in_queue} files were left in the queue."
    if (highest := max(run.peak_descriptors, default=0)) >= run.descriptors_allowed:
        yield f"qmail-rspawn had descriptor {highest} open; below {run.descriptors_allowed} is enough."
    if run.returncode is None:
        yield f"qmail-send did not stop within {_STOPPING:.0f} s of SIGTERM."
    elif run.returncode != 0:
        yield f"qmail-send did not stop with exit 0, but: {how_it_ended(run.returncode)}."
    if run.survivors:
        yield f"{run.survivors} processes were left over and had to be killed."
    if log.alarms and log.concurrency is not None:
        yield f"qmail-send said: {log.alarms[0]}"
