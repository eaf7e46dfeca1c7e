"""What a check found, as plain data for the report."""

from __future__ import annotations

import msgspec

from builder.debugging.crash import Crash


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one check. One that could not run is `skipped`: it neither passed nor failed."""

    name: str
    passed: bool
    skipped: bool = False
    summary: str
    """One sentence."""
    reasons: tuple[str, ...] = ()
    """What limited or spoilt the result, and where to change it."""
    figures: dict[str, int | float | str] = {}
    curve: tuple[tuple[float, int], ...] = ()
    """Seconds since the start, and the deliveries under way then."""
    crashes: tuple[Crash, ...] = ()
    """The programs that crashed meanwhile."""

    @property
    def failed(self) -> bool:
        return not (self.passed or self.skipped)


def skipped(name: str, why: str) -> CheckResult:
    """The result of a check that cannot run here."""
    return CheckResult(name=name, passed=False, skipped=True, summary=f"Not run: {why}")
