"""The direct spawn check, from its facts to its result. They are the same facts wherever qmail-rspawn has run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from builder.checks import limits as machine
from builder.checks import procfs
from builder.checks.mail import Mail, mails
from builder.checks.protocol import Outcome, Report
from builder.checks.report import CheckResult
from builder.checks.sink import Seen
from builder.checks.spawner import understand
from builder.checks.verdict import SpawnAsk, conf_spawn_limit, deferral_reasons, judged, receipt_problems
from builder.process import how_it_ended

ENDING = 5.0
"""Seconds that qmail-rspawn has for ending after the end of input."""
_MESSAGES = 4
"""Different messages; more would only cost time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What this machine's /proc has told of a qmail-rspawn that ran beside us."""

    idle_descriptors: Sequence[int] = ()
    peak_descriptors: Sequence[int] = ()
    left_descriptors: Sequence[int] = ()
    memory_at_peak: int = 0
    cpu: procfs.CpuTime = field(default_factory=procfs.CpuTime)


@dataclass(frozen=True, kw_only=True)
class DirectFacts:
    """What was asked of a qmail-rspawn, and all that was seen of it."""

    ask: SpawnAsk
    conf_spawn: int
    limits: machine.Limits
    """Those that it ran under."""
    greeting: bytes
    reports: Sequence[Report]
    seen: Seen
    seconds: float
    """From the first delivery to the last report."""
    returncode: int | None
    """None: it did not end."""
    left_over: str
    """How many processes had to be killed in the end: "3 processes", "Some processes"; empty if none had to."""
    stderr: str
    usage: Usage | None = None
    """None where nobody can tell."""
    where: str = ""
    """Such as "in the container"; empty for right here."""

    @cached_property
    def understood(self) -> tuple[int, str]:
        """The deliveries that were announced, and what is wrong with the greeting."""
        return understand(self.greeting, self.ask.width, self.conf_spawn)

    @property
    def announced(self) -> int:
        return self.understood[0]

    @property
    def mistake(self) -> str:
        """What was wrong with the greeting; nothing was asked for then."""
        return self.understood[1]

    @cached_property
    def asked(self) -> Sequence[Mail]:
        """The mail of each delivery number."""
        return () if self.mistake else mails_asked(self.ask, self.announced)

    @property
    def descriptors_allowed(self) -> int:
        return machine.descriptors_for(self.ask.deliveries)

    def reported(self, *outcomes: Outcome) -> list[Report]:
        return [report for report in self.reports if report.outcome in outcomes]


def mails_asked(ask: SpawnAsk, announced: int) -> Sequence[Mail]:
    """The mails to ask for: as many as are wanted, and no more than were announced, as qmail-send keeps to that, too."""
    return mails(min(ask.deliveries, announced), messages=_MESSAGES)


def judge_direct(name: str, facts: DirectFacts) -> CheckResult:
    """The result of a direct spawn check."""
    said = (
        [facts.mistake, *_crash(facts)]
        if facts.mistake
        else [*_reasons(facts), *_process_problems(facts), *_delivery_problems(facts)]
    )
    return judged(
        name,
        said,
        wanted=facts.ask.deliveries,
        seen=facts.seen,
        seconds=facts.seconds,
        figures={**_figures(facts), **_usage_figures(facts)},
        where=facts.where,
    )


def _crash(facts: DirectFacts) -> Iterator[str]:
    if facts.returncode is not None and facts.returncode < 0:
        yield f"qmail-rspawn was {how_it_ended(facts.returncode)}."


def _figures(facts: DirectFacts) -> dict[str, int | float | str]:
    return {
        "wanted": facts.ask.deliveries,
        "announced": facts.announced,
        "peak": facts.seen.peak,
        "delivered": len(facts.reported(Outcome.SUCCESS)),
        "deferred": len(facts.reported(Outcome.DEFERRAL)),
        "failed": len(facts.reported(Outcome.FAILURE, Outcome.MANGLED)),
        "received": facts.seen.receipts.total(),
        "dropped_connections": facts.seen.dropped,
        "seconds_to_peak": round(facts.seen.seconds_to_peak, 3),
        "seconds": round(facts.seconds, 3),
    }


def _usage_figures(facts: DirectFacts) -> dict[str, int | float | str]:
    if facts.usage is None:
        return {}
    return {
        "highest_descriptor": max(facts.usage.peak_descriptors, default=-1),
        "descriptors_allowed": facts.descriptors_allowed,
        "cpu_spawner_seconds": round(facts.usage.cpu.own, 2),
        "cpu_deliveries_seconds": round(facts.usage.cpu.children, 2),
        "memory_mb": round(facts.usage.memory_at_peak / 1e6, 1),
    }


def _reasons(facts: DirectFacts) -> Iterator[str]:
    """What has kept the peak down."""
    if limit := conf_spawn_limit(facts.ask, facts.announced):
        yield limit
    deferrals = Counter(report.text for report in facts.reported(Outcome.DEFERRAL))
    yield from deferral_reasons(deferrals, facts.ask.deliveries, facts.limits)


def _process_problems(facts: DirectFacts) -> Iterator[str]:
    """What qmail-rspawn did wrong as a process."""
    if facts.stderr:
        lines = facts.stderr.splitlines()
        # AddressSanitizer begins with a line of "=".
        yield f"qmail-rspawn said on stderr: {next((line for line in lines if line.strip('= ')), lines[0])}"
    if facts.returncode is None:
        used = f"; it had used {facts.usage.cpu.own:.1f} s of processor time itself" if facts.usage else ""
        yield f"qmail-rspawn did not end within {ENDING:.0f} s of the end of its input{used}."
    elif facts.returncode != 0:
        yield f"qmail-rspawn did not end with exit 0, but: {how_it_ended(facts.returncode)}."
    if facts.usage is not None:
        yield from _descriptor_problems(facts.usage, facts.descriptors_allowed)
    if facts.left_over:
        yield f"{facts.left_over} were left over and had to be killed."


def _descriptor_problems(usage: Usage, allowed: int) -> Iterator[str]:
    if (highest := max(usage.peak_descriptors, default=0)) >= allowed:
        yield f"qmail-rspawn had descriptor {highest} open; below {allowed} is enough."
    if extra := set(usage.left_descriptors) - set(usage.idle_descriptors):
        yield f"qmail-rspawn did not close {len(extra)} descriptors of deliveries that had ended."


def _delivery_problems(facts: DirectFacts) -> Iterator[str]:
    """What is wrong with the reports, and between them and the sink."""
    times = Counter(report.number for report in facts.reports)
    numbers = range(len(facts.asked))
    if silent := [number for number in numbers if number not in times]:
        yield f"{len(silent)} deliveries were never reported, the first of them number {silent[0]}."
    if repeated := [number for number in times if times[number] > 1]:
        yield f"{len(repeated)} deliveries were reported more than once, for example number {repeated[0]}."
    if strange := [number for number in times if number not in numbers]:
        yield f"{len(strange)} reports are about deliveries that nobody asked for, for example number {strange[0]}."
    failures = Counter(report.text for report in facts.reported(Outcome.FAILURE, Outcome.MANGLED))
    for text, count in failures.most_common():
        yield f"{count} deliveries failed: “{' '.join(text.split())}”."
    succeeded = [report.number for report in facts.reported(Outcome.SUCCESS) if report.number in numbers]
    receipts = [mail.receipt for mail in facts.asked]
    yield from receipt_problems(facts.seen.receipts, [receipts[number] for number in succeeded], receipts)
