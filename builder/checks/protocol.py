"""The wire protocol between qmail-send and its spawners, seen from qmail-send.

The spawner greets with conf-spawn, takes commands and gives back a report for each, in any order. Both name a delivery
by its number, which is one byte wide in qmail and two, low byte first, with the patch big-concurrency (specified in
that patch's README).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Literal

Width = Literal[1, 2]
"""Bytes of a delivery number."""


class Outcome(Enum):
    """What became of a delivery: the first letter of its report."""

    SUCCESS = "K"
    DEFERRAL = "Z"
    FAILURE = "D"
    MANGLED = ""
    """Any other letter or none; qmail-send defers such a delivery."""


@dataclass(frozen=True, slots=True)
class Report:
    """The spawner's word on one delivery."""

    number: int
    outcome: Outcome
    text: str


def encode_number(number: int, width: Width) -> bytes:
    """A delivery number on the wire. OverflowError if it does not fit."""
    return number.to_bytes(width, "little")


def encode_command(number: int, message: str, sender: str, recipient: str, width: Width) -> bytes:
    """The command for one delivery. `message` is the file relative to queue/mess: "17/1234"."""
    words = (message, sender, recipient)
    if any("\0" in word for word in words):
        raise ValueError("NUL ends a word of the protocol and cannot be part of one")
    return encode_number(number, width) + b"".join(word.encode() + b"\0" for word in words)


class ReportDecoder:
    """Takes the spawner's output as it comes, in pieces of any size, and gives the reports that are complete."""

    def __init__(self, width: Width) -> None:
        self._width = width
        self._pending = bytearray()

    @property
    def pending(self) -> bytes:
        """What has come of a report that is not complete yet."""
        return bytes(self._pending)

    def feed(self, data: bytes) -> Iterator[Report]:
        """The reports that `data` completes."""
        self._pending += data
        # Either byte of a number may be zero: a report ends at the first NUL after its number.
        while (end := self._pending.find(0, self._width)) >= 0:
            report = bytes(self._pending[:end])
            del self._pending[: end + 1]
            yield self._decode(report)

    def _decode(self, report: bytes) -> Report:
        number = int.from_bytes(report[: self._width], "little")
        text = report[self._width :].decode("utf-8", "backslashreplace")
        try:
            return Report(number, Outcome(text[:1]), text[1:])
        except ValueError:
            return Report(number, Outcome.MANGLED, text)
