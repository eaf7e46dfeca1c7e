"""The kind of machine that an engine's containers run on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Machine:
    """A system, "linux" or "freebsd", on a processor in Debian's words."""

    os: str
    arch: str

    def __str__(self) -> str:
        return f"{'FreeBSD' if self.os == 'freebsd' else self.os.capitalize()} on {self.arch}"
