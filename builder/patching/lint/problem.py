"""What a rule finds, and what a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from msgspec import Struct

Subject = TypeVar("Subject")


class Severity(StrEnum):
    """How bad it is: errors make `lint` fail."""

    ERROR = "error"
    """It applies wrongly, in part, or not at all, here or with other tools."""
    WARNING = "warning"
    """It applies, and will give somebody trouble later."""


class Problem(Struct, frozen=True, kw_only=True):
    """One finding. `line` counts from 1 in `file`."""

    file: str
    line: int
    rule: str
    severity: Severity
    text: str


@dataclass(frozen=True, slots=True)
class Rule(Generic[Subject]):
    """A rule with its stable id. `check` yields the lines where something is wrong, and what."""

    id: str
    severity: Severity
    about: str
    """What it is good for, in a line."""
    check: Callable[[Subject], Iterator[tuple[int, str]]]
