"""The most deliveries at once that a patched source can hold, why, and which patch lifts it: said in one place only."""

from __future__ import annotations

from dataclasses import dataclass

from builder.recipes.model import Limits

ONE_BYTE = 255
"""What qmail's delivery numbers of one byte can hold."""
TWO_BYTES = 65000
"""What those of big-concurrency are trusted with."""
SELECT = (1024 - 5) // 2
"""What chkspawn allows where the C library's fd_set has 1024 bits, as on every Linux: 509."""


@dataclass(frozen=True, slots=True)
class SpawnCeiling:
    """The highest conf-spawn of a source, what it comes from, and the patch that lifts it ("" if there is none)."""

    most: int
    why: str
    patch: str

    @property
    def advice(self) -> str:
        return f"add the patch {self.patch} to the recipe" if self.patch else "ask for less"


def spawn_ceiling(limits: Limits) -> SpawnCeiling:
    """What bounds conf-spawn in a tree with these limits."""
    numbers = limits.spawn or ONE_BYTE
    if limits.select and numbers > SELECT:
        return SpawnCeiling(SELECT, "select's fd_set of 1024 bits can watch", "poll-spawn")
    if numbers <= ONE_BYTE:
        return SpawnCeiling(numbers, "one-byte delivery numbers can hold", "big-concurrency")
    return SpawnCeiling(numbers, "two-byte delivery numbers are trusted with", "")
