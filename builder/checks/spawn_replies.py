"""What qmail-rspawn answers to commands that it must refuse: qmail-send decides by these replies what to try again."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from builder.checks.ground import Ground
from builder.checks.inside import NO_PROGRAMS, Inside
from builder.checks.mail import SENDER, mails
from builder.checks.protocol import Outcome, Report, Width, encode_command
from builder.checks.report import CheckResult
from builder.checks.spawner import Spawner, spawner, understand
from builder.console import Progress
from builder.process import how_it_ended

_PATIENCE = 10.0
"""Seconds for each answer, the greeting and the end."""


@dataclass(frozen=True, slots=True)
class _Case:
    """A command, and the outcome that its report must have."""

    what: str
    outcome: Outcome
    number: int
    file: str
    recipient: str


def check_replies(
    ground: Ground, width: Width, progress: Progress, *, name: str = "spawn-replies"
) -> CheckResult:
    """Send commands that cannot be obeyed, one after the other, and compare the reports; then end the input."""
    progress.step(f"{name}: commands that must be refused")
    stderr = ground.home / f"{name}.stderr"
    problems: list[str] = []
    asked = 0
    with spawner(
        ground.programs / "qmail-rspawn",
        width=width,
        path=ground.home / NO_PROGRAMS,
        stderr=stderr,
        environment=ground.environment,
    ) as rspawn:
        announced, mistake = understand(rspawn.greeting(_PATIENCE), width, ground.conf_spawn)
        if mistake:
            problems.append(mistake)
        for case in () if mistake else (*_foreign(ground), *_cases(ground, width)):
            problems += _difference(case, _answers(rspawn, case, width))
            asked += 1
        rspawn.end_of_input()
        returncode = rspawn.running.wait(_PATIENCE)
    return _result(name, [*problems, *_end(returncode)], asked, announced)


def check_replies_inside(
    inside: Inside, width: Width, progress: Progress, *, name: str = "spawn-replies"
) -> CheckResult:
    """The same in the backend that made the programs, which gets all commands at once: refusals come in their order."""
    progress.step(f"{name}: commands that must be refused {inside.where}".rstrip())
    cases = list(_cases(inside.ground, width))
    commands = [_command(case, width) for case in cases]
    said = inside.converse(commands, width, path=NO_PROGRAMS)
    announced, mistake = understand(said.greeting, width, inside.ground.conf_spawn)
    if mistake:
        return _result(name, [mistake, *_end(said.returncode)], 0, announced)
    # What comes beyond the last case is too much for it.
    reports = [said.reports[i : i + 1] for i in range(len(cases) - 1)]
    reports.append(said.reports[len(cases) - 1 :])
    problems = [
        problem for case, found in zip(cases, reports, strict=True) for problem in _difference(case, found)
    ]
    return _result(name, [*problems, *_end(said.returncode)], len(cases), announced, inside.where)


def _end(returncode: int | None) -> Iterator[str]:
    """What is wrong with how it ended."""
    if returncode != 0:
        how = "did not end" if returncode is None else how_it_ended(returncode)
        yield f"At the end of its input it must exit 0, but: {how}."


def _result(name: str, problems: Sequence[str], asked: int, announced: int, where: str = "") -> CheckResult:
    refused = f"were refused {where}".rstrip()
    summary = (
        f"{asked} commands that cannot be obeyed {refused} as qmail-send expects; exit 0 at the end of input."
    )
    if problems:
        summary = f"{len(problems)} answers were not as qmail-send expects them."
    return CheckResult(
        name=name,
        passed=not problems,
        summary=summary,
        reasons=tuple(problems),
        figures={"commands": asked, "announced": announced},
    )


def _cases(ground: Ground, width: Width) -> Iterator[_Case]:
    delayed, refused = Outcome.DEFERRAL, Outcome.FAILURE
    (mail,) = mails(1)
    (good,) = ground.put_messages([mail])
    recipient, announced = mail.recipient, ground.conf_spawn
    # Numbers with a high byte of 128 and more show whether the bytes are taken as unsigned.
    for number in sorted({announced, 0x8005, 0xFFFF} if width == 2 else {announced, 0xFF}):
        if announced <= number < 1 << 8 * width:
            yield _Case(f"delivery number {number}", delayed, number, good, recipient)
    yield _Case("a message that is not there", delayed, 0, "0/999999", recipient)
    yield _Case("a message that is a folder", delayed, 0, "0", recipient)
    yield _Case("a message id with letters", refused, 0, "0/abc", recipient)
    yield _Case("an empty message id", refused, 0, "", recipient)
    yield _Case("a message id of 101 digits", refused, 0, "1" * 101, recipient)
    yield _Case("a recipient without a host", refused, 0, good, "postmaster")
    # The last one: its report takes its time.
    yield _Case("a delivery without a qmail-remote to run", refused, announced - 1, good, recipient)


def _foreign(ground: Ground) -> Iterator[_Case]:
    """A case that only root can prepare, since it takes a file of somebody else."""
    if os.geteuid() == 0:
        (ground.home / "queue/mess/0/99").write_bytes(b"")
        os.chown(ground.home / "queue/mess/0/99", 1, 1)
        yield _Case("a message of another owner", Outcome.DEFERRAL, 0, "0/99", "recipient@host.invalid")


def _command(case: _Case, width: Width) -> bytes:
    return encode_command(case.number, case.file, SENDER, case.recipient, width)


def _answers(rspawn: Spawner, case: _Case, width: Width) -> Sequence[Report]:
    """The reports after one command: one, or none if it does not come in time."""
    rspawn.ask(_command(case, width))
    deadline = time.monotonic() + _PATIENCE
    reports: list[Report] = []
    while not reports and time.monotonic() < deadline:
        reports += rspawn.exchange(0.1)
    return reports


def _difference(case: _Case, reports: Sequence[Report]) -> Iterator[str]:
    wanted = f"{case.what}: the report must be {case.outcome.value} for number {case.number}"
    if not reports:
        yield f"{wanted}, but there was none."
    for report in reports:
        if (report.number, report.outcome) != (case.number, case.outcome):
            text = " ".join(report.text.split())
            yield f"{wanted}, but was {report.outcome.value or '?'} for number {report.number}: “{text}”."
