"""From what was counted to what is said: whether every delivery happened exactly once, and what limited their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from builder.checks import limits as machine
from builder.checks.limits import Limits
from builder.checks.protocol import Width
from builder.checks.report import CheckResult
from builder.checks.sink import Receipt, Seen
from builder.recipes import model
from builder.recipes.ceiling import ONE_BYTE, spawn_ceiling

STALL = 10.0
"""Seconds without any news after which nothing more is expected of a spawner."""
_CURVE_POINTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SpawnAsk:
    """What a spawn check asks of the programs."""

    deliveries: int
    """How many must be under way at the same time."""
    source: model.Limits
    """What bounds conf-spawn in the source of the programs."""
    nofile: int | None = None
    """Run the spawner with this limit of descriptors; our own limit if None."""

    @property
    def width(self) -> Width:
        """Bytes of a delivery number: 2 if the tree has the protocol of big-concurrency."""
        return 2 if (self.source.spawn or ONE_BYTE) > ONE_BYTE else 1

    @property
    def time_limit(self) -> float:
        """Seconds that the check may take, from the first delivery to the last: many times what slow machines need."""
        return 60 + self.deliveries / 40

    @property
    def patience(self) -> float:
        """Seconds of that in which all deliveries must be under way."""
        return self.time_limit / 2

    def at_most(self, deliveries: int) -> SpawnAsk:
        """The same with no more than so many deliveries."""
        return replace(self, deliveries=min(self.deliveries, deliveries))


def too_little_memory(name: str, memory: machine.Ceiling) -> CheckResult:
    """The result of a check that was not begun, because running out of memory would hit other programs as well."""
    return CheckResult(
        name=name, passed=False, summary="Not tried: too little memory.", reasons=(str(memory),)
    )


def summary_of(peak: int, wanted: int, seconds: float, *, passed: bool, where: str = "") -> str:
    """The sentence about a spawn check; why it failed stands in its reasons."""
    at_once = f"deliveries at once {where}".rstrip()
    if passed:
        return f"{peak} {at_once}, every mail received exactly once, in {seconds:.1f} s."
    if peak < wanted:
        return f"{peak} of {wanted} {at_once}."
    return f"{peak} {at_once}, but not everything went as it must."


def judged(
    name: str,
    said: Sequence[str],
    *,
    wanted: int,
    seen: Seen,
    seconds: float,
    figures: dict[str, int | float | str],
    where: str = "",
) -> CheckResult:
    """The result of a spawn check: passed if nothing was `said` against it and the sink has `seen` `wanted` at once.

    `seconds` is what all deliveries took; `where` says where they happened if that was not right here.
    """
    reasons = tuple(said)
    if seen.peak < wanted and not reasons:
        reasons = ("The other deliveries never came to the sink.",)
    return CheckResult(
        name=name,
        passed=not reasons,
        summary=summary_of(seen.peak, wanted, seconds, passed=not reasons, where=where),
        reasons=reasons,
        figures=figures,
        curve=curve(seen.changes),
    )


def receipt_problems(
    receipts: Counter[Receipt], succeeded: Iterable[Receipt], expected: Iterable[Receipt]
) -> Iterator[str]:
    """What is wrong between the mails the sink took and the deliveries that were reported as successes."""
    promised, possible = set(succeeded), set(expected)
    if lost := promised - receipts.keys():
        yield f"{len(lost)} mails were reported as delivered, but never reached the sink: {_some(lost)}."
    if twice := {receipt for receipt, times in receipts.items() if times > 1}:
        yield f"{len(twice)} mails reached the sink more than once: {_some(twice)}."
    if denied := (receipts.keys() & possible) - promised:
        yield f"{len(denied)} mails reached the sink, but were not reported as delivered: {_some(denied)}."
    if strange := receipts.keys() - possible:
        yield f"{len(strange)} mails reached the sink that nobody had sent: {_some(strange)}."


def some(recipients: Iterable[str]) -> str:
    """The first of them, as examples."""
    ordered = sorted(set(recipients))
    return ", ".join(ordered[:3]) + (", …" if len(ordered) > 3 else "")


def _some(receipts: Iterable[Receipt]) -> str:
    return some(recipient for recipient, _ in receipts)


def conf_spawn_limit(ask: SpawnAsk, announced: int) -> str | None:
    """Why conf-spawn keeps the deliveries below what is asked for, and what to do; None if it does not."""
    if announced >= ask.deliveries:
        return None
    ceiling = spawn_ceiling(ask.source)
    if ask.deliveries > ceiling.most:
        return (
            f"conf-spawn is {announced}, and {ceiling.most} is the most that {ceiling.why}: {ceiling.advice}."
        )
    return f"conf-spawn is {announced}: set conf-spawn = {ask.deliveries} under [conf] in the recipe."


def deferral_reasons(deferrals: Counter[str], wanted: int, limits: Limits) -> Iterator[str]:
    """Each text with which deliveries were put off, how often it came, and the limit of this machine behind it."""
    for text, times in deferrals.most_common():
        line = " ".join(text.split())
        yield f"{times} deliveries were deferred: “{line}”. {_limit_behind(text, wanted, limits)}".rstrip()


def _limit_behind(text: str, wanted: int, limits: Limits) -> str:
    if "unable to create pipe" in text or "unable to open message" in text:
        found: Sequence[machine.Ceiling] = [machine.descriptor_ceiling(limits)]
    elif "unable to fork" in text or "Unable to run qmail-remote" in text:
        found = machine.process_ceilings(limits)
    elif "establish an SMTP connection" in text:
        found = [machine.port_ceiling(limits)]
    else:
        return ""
    return " ".join(str(ceiling) for ceiling in found if ceiling.deliveries < wanted)


def curve(changes: Sequence[tuple[float, int]]) -> tuple[tuple[float, int], ...]:
    """Changes of the number of connections as at most some 200 points; the highest one always stays."""
    step = max(1, len(changes) // _CURVE_POINTS)
    # Of each run of changes its highest: what matters of the way is how high it goes.
    points = [max(changes[i : i + step], key=lambda change: change[1]) for i in range(0, len(changes), step)]
    points += changes[-1:]
    return ((0.0, 0), *((round(when, 4), level) for when, level in points))
