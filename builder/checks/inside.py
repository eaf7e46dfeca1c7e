"""Where a qmail-rspawn is run that does not run on this machine: in the backend that made it, with no Python there.

A small program of ours, inside.c, is compiled by the build's own ./compile and ./load. It plays qmail-send and the mail
server, as spawner.py and sink.py do on this machine, and prints what it sees.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from builder.backends.backend import Backend
from builder.checks.ground import Ground
from builder.checks.limits import UNLIMITED, Limits
from builder.checks.protocol import Report, ReportDecoder, Width
from builder.checks.report import CheckResult, skipped
from builder.checks.sink import Receipt, Seen, message_id_of, recipients_in
from builder.checks.verdict import STALL
from builder.compiling.build import Build
from builder.configure.ids import Ids
from builder.errors import BackendError
from builder.process import Finished

NO_PROGRAMS = "nowhere"
"""A folder of the home that there is not, for a PATH on which nothing is found."""
_DRIVER = Path(__file__).with_name("inside.c")
_COULD_NOT_RUN = 99
_SPARE = 90.0
"""Seconds besides those for the deliveries: the driver ends by itself before that."""
_WHERE = {"docker": "in the container", "sandbox": "in the sandbox"}
_MICROSECONDS = 1e-6
_PLACE = """
echo "folder $(pwd)"
echo "uid $(id -u)"
echo "gid $(id -g)"
of_group() {
  if test -r "/sys/fs/cgroup/$2"; then echo "$1 $(cat "/sys/fs/cgroup/$2")"; fi
}
of_group processes pids.max
of_group processes pids/pids.max
of_group memory memory.max
of_group memory memory/memory.limit_in_bytes
"""
"""What is to be known of a place before anything is made for it. Control groups are Linux's, of version 2 or 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the driver has seen of a qmail-rspawn."""

    limits: Limits
    """Those that both ran under."""
    greeting: bytes
    reports: Sequence[Report]
    seen: Seen
    seconds: float
    """From the first command to the last report."""
    returncode: int | None
    """None: it did not end."""
    left_over: bool
    """Whether processes had to be killed in the end."""
    stderr: str


class DriverError(Exception):
    """The driver could not be made or did not get to its end."""

    def __init__(self, ran: Finished) -> None:
        super().__init__(ran.how)
        self._how, self._code = ran.how, ran.returncode
        self._last = next(reversed(ran.text.strip().splitlines()), ran.how)

    def result(self, name: str) -> CheckResult:
        """What that means for a check: it has failed if it had begun."""
        if self._code == _COULD_NOT_RUN:
            return skipped(name, f"the place where the programs were made does not allow it: {self._last}.")
        summary = f"The check broke off ({self._how})."
        return CheckResult(name=name, passed=False, summary=summary, reasons=(self._last,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """Twins of the programs with their home, in a folder that an open backend works in."""

    backend: Backend
    ground: Ground
    folder: str
    """What the backend calls the folder of the programs; the home is in it."""
    group: Limits
    """The limits there, as far as they can be told before anything has run."""

    @classmethod
    def prepare(cls, build: Build, backend: Backend, scratch: Path) -> Inside:
        """Make it all in `scratch`, a folder of ours; `backend` is that of `build`. BackendError if it does not answer."""
        asked = backend.run(["sh", "-c", _PLACE], folder=scratch)
        if not asked.ok:
            raise BackendError(f"sh does not run with the backend {backend.name}: {asked.how}.")
        said = dict(_pairs(asked))
        folder, ids = said["folder"], Ids.same(int(said["uid"]), int(said["gid"]))
        return cls(
            backend=backend,
            ground=Ground.of_twin(build, scratch / "home", scratch, called=f"{folder}/home", ids=ids),
            folder=folder,
            group=Limits(
                nofile=UNLIMITED,
                nofile_hard=UNLIMITED,
                nproc=UNLIMITED,
                pid_max=UNLIMITED,
                cgroup_pids=_limit(said.get("processes", "max")),
                ports=UNLIMITED,
                memory=_limit(said.get("memory", "max")),
            ),
        )

    @property
    def where(self) -> str:
        """Where that is, in words; empty for right here."""
        return _WHERE.get(self.backend.name, "")

    def converse(
        self,
        commands: Sequence[bytes],
        width: Width,
        *,
        patience: float = STALL,
        time_limit: float = STALL,
        nofile: int | None = None,
        path: str = "",
    ) -> Said:
        """Give a new qmail-rspawn all commands at once, open the sink's gate when no more come, and take the reports.

        Nothing is asked of one that announces another conf-spawn than the build's. `patience` and `time_limit` are the
        seconds for all to come to the gate and for all reports, `nofile` is its limit of descriptors, `path` the
        folder in its home that it looks for qmail-remote in, instead of that of the programs. DriverError if there is
        nothing to tell.
        """
        ground = self.ground
        (ground.home / "commands").write_bytes(b"".join(commands))
        self._make_driver()
        places = ("qmail-rspawn", "." if not path else f"home/{path}", "home")
        numbers = (width, ground.conf_spawn, len(commands), nofile or 0, STALL, patience, time_limit)
        ran = self.backend.run(
            [
                f"./{_DRIVER.stem}",
                *(f"{self.folder}/{place}" for place in places),
                *(f"{number:.0f}" for number in numbers),
            ],
            folder=ground.programs,
            timeout=time_limit + _SPARE,
            environment=ground.environment,
        )
        if not ran.ok:
            raise DriverError(ran)
        return self._said(list(_pairs(ran)), width)

    def _make_driver(self) -> None:
        (self.ground.programs / _DRIVER.name).write_bytes(_DRIVER.read_bytes())
        script = f"./compile {_DRIVER.name} && ./load {_DRIVER.stem} || exit {_COULD_NOT_RUN}"
        made = self.backend.run(["sh", "-c", script], folder=self.ground.programs)
        if not made.ok:
            raise DriverError(made)

    def _said(self, pairs: Sequence[tuple[str, str]], width: Width) -> Said:
        one = dict(pairs)
        return Said(
            limits=self._limits(one),
            greeting=bytes.fromhex(one["greeting"]),
            reports=list(ReportDecoder(width).feed(b"".join(_bytes("said", pairs)))),
            seen=Seen(
                changes=list(_changes(pairs)),
                receipts=Counter(receipt for mail in _bytes("mail", pairs) for receipt in _receipts(mail)),
                dropped=int(one["dropped"]),
            ),
            seconds=int(one.get("taken-within", "0")) * _MICROSECONDS,
            returncode=int(one["exit"]) if "exit" in one else None,
            left_over=one["left-over"] == "1",
            stderr=(self.ground.home / "stderr").read_text(errors="replace").strip(),
        )

    def _limits(self, said: Mapping[str, str]) -> Limits:
        return replace(
            self.group,
            nofile=_limit(said["descriptors"]),
            nofile_hard=_limit(said["descriptors-hard"]),
            nproc=_limit(said["processes"]),
        )


def _limit(word: str) -> int:
    """A limit as control groups and the driver say it."""
    return UNLIMITED if word in ("max", "-1") else int(word)


def _pairs(ran: Finished) -> Iterator[tuple[str, str]]:
    """The lines of an output, each as the key and the value that it consists of."""
    for line in ran.text.splitlines():
        key, _, value = line.partition(" ")
        yield key, value


def _bytes(wanted: str, said: Iterable[tuple[str, str]]) -> Iterator[bytes]:
    return (bytes.fromhex(value) for key, value in said if key == wanted)


def _changes(said: Iterable[tuple[str, str]]) -> Iterator[tuple[float, int]]:
    for key, value in said:
        if key == "change":
            when, level = value.split()
            yield int(when) * _MICROSECONDS, int(level)


def _receipts(said: bytes) -> Iterator[Receipt]:
    """What a client delivered by saying this: the commands of the envelope up to DATA, and then the mail."""
    lines = said.split(b"\n")
    begin = next(number for number, line in enumerate(lines) if line[:4].upper() == b"DATA")
    message_id = message_id_of(b"\n".join(lines[begin + 1 :]))
    for line in lines[:begin]:
        for recipient in recipients_in(line):
            yield recipient, message_id
