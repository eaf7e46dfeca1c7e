"""The log of qmail-send, line by line, as numbers (its lines are specified in qmail-log(5))."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

_STARTING = re.compile(r"starting delivery (\d+): msg \d+ to remote (.*)")
_ENDED = re.compile(r"delivery (\d+): (success|deferral|failure|report mangled, will defer)(?:: (.*))?")
_OTHER_LINES = ("new msg ", "info msg ", "status: ", "starting delivery ", "bounce msg ")
_REMOTE = re.compile(r"status: .*? remote (\d+)/(\d+)")


@dataclass(slots=True)
class SendLog:
    """What qmail-send has said so far. Only remote deliveries count: the checks have no others."""

    started: int = 0
    under_way: dict[str, str] = field(default_factory=dict)
    """The recipients of the deliveries that have not ended, by qmail-send's number of the delivery."""
    succeeded: list[str] = field(default_factory=list)
    """Recipients, in the order of their success."""
    deferrals: Counter[str] = field(default_factory=Counter)
    """How often deliveries were put off, by the reason given."""
    failures: Counter[str] = field(default_factory=Counter)
    ended_messages: int = 0
    concurrency: int | None = None
    """How many remote deliveries it allows at once: control/concurrencyremote, cut to what the spawner announced."""
    alarms: list[str] = field(default_factory=list)
    """Its alerts and warnings, and whatever it says that is no line of its log."""
    _partial: str = ""

    def feed(self, data: bytes) -> None:
        """Take in more of the log, in pieces of any size."""
        *lines, self._partial = (self._partial + data.decode("utf-8", "backslashreplace")).split("\n")
        for line in lines:
            self._take(line)

    def _take(self, line: str) -> None:
        if found := _STARTING.match(line):
            self.started += 1
            self.under_way[found[1]] = found[2]
        elif found := _ENDED.match(line):
            self._end(found[1], found[2], found[3] or "")
        elif found := _REMOTE.match(line):
            self.concurrency = int(found[2])
        elif line.startswith("end msg "):
            self.ended_messages += 1
        elif not line.startswith(_OTHER_LINES):
            self.alarms.append(line)

    def _end(self, number: str, how: str, text: str) -> None:
        recipient = self.under_way.pop(number, "")
        # The log has "_" for every space and "/" for the end of a line.
        text = text.replace("_", " ").removesuffix("/")
        if how == "success":
            self.succeeded.append(recipient)
        elif how == "failure":
            self.failures[text] += 1
        else:
            self.deferrals[text or how] += 1
