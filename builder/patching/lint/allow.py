"""Rules that a patch's author has switched off, each with a reason.

A line such as `lint: allow trailing-whitespace because tests/data has it on purpose` in the text before the diff, or in
a comment of patch.toml, is for that file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from builder.patching.lint.problem import Problem, Severity

_ALLOW = re.compile(r"\W*lint: allow (\S+)(?: because\b\s*(.*?))?\s*", re.DOTALL)
_LONGEST = 1000
"""Bytes of a line that are looked at: more is no reason."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """A rule that is not to be applied to a file, from line `line` of it."""

    line: int
    rule: str
    reason: str


def allowances(lines: Sequence[bytes]) -> list[Allowance]:
    """What the lines allow."""
    found = (
        (number, _ALLOW.fullmatch(raw.decode("utf-8", "replace"))) for number, raw in enumerate(lines, 1)
    )
    return [Allowance(number, match[1], match[2] or "") for number, match in found if match]


def sift(
    path: str, problems: Sequence[Problem], allowed: Sequence[Allowance], known: Collection[str]
) -> tuple[list[Problem], int]:
    """The problems that remain, with those of the allowances themselves; and how many were allowed."""
    granted = {allowance.rule for allowance in allowed if allowance.reason}
    kept = [problem for problem in problems if problem.rule not in granted]
    used = {problem.rule for problem in problems}
    return kept + list(_bad(path, allowed, used, known)), len(problems) - len(kept)


def _bad(
    path: str, allowed: Sequence[Allowance], used: Collection[str], known: Collection[str]
) -> Iterator[Problem]:
    for allowance in allowed:
        if allowance.rule not in known:
            rule, text = "allowance-unknown", f"there is no rule {allowance.rule}"
        elif not allowance.reason:
            rule, text = "allowance-reason", f"{allowance.rule} stays on: give a reason after `because`"
        elif allowance.rule not in used:
            rule, text = "allowance-unused", f"{allowance.rule} finds nothing here: take the line out"
        else:
            continue
        yield Problem(file=path, line=allowance.line, rule=rule, severity=Severity.WARNING, text=text)
