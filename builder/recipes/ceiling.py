"""The most deliveries at once that a patched source can hold, why, and which patch lifts it: said in one place only."""

from __future__ import annotations

from dataclasses import dataclass

from builder.recipes.model import Limits

ONE_BYTE = 255
"""What qmail's delivery numbers of one byte can hold."""
TWO_BYTES = 65000
"""What those of big-concurrency are trusted with."""
FD_SET = 1024
"""The bits of the C library's fd_set: always on Linux, and on FreeBSD unless FD_SETSIZE is defined."""


def select_ceiling(bits: int = FD_SET) -> int:
    """What chkspawn allows where an fd_set has so many bits: 509 of 1024."""
    return (bits - 5) // 2


@dataclass(frozen=True, slots=True)
class SpawnCeiling:
    """The highest conf-spawn of a source, what it comes from, and the patch that lifts it ("" if there is none)."""

    most: int
    why: str
    patch: str

    @property
    def advice(self) -> str:
        return f"add the patch {self.patch} to the recipe" if self.patch else "ask for less"


def spawn_ceiling(limits: Limits, fd_set: int = FD_SET) -> SpawnCeiling:
    """What bounds conf-spawn in a tree with these limits, where the C library's fd_set has so many bits."""
    numbers = limits.spawn or ONE_BYTE
    if limits.select and numbers > select_ceiling(fd_set):
        return SpawnCeiling(
            select_ceiling(fd_set), f"select's fd_set of {fd_set} bits can watch", "poll-spawn"
        )
    if numbers <= ONE_BYTE:
        return SpawnCeiling(numbers, "one-byte delivery numbers can hold", "big-concurrency")
    return SpawnCeiling(numbers, "two-byte delivery numbers are trusted with", "")
