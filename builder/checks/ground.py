"""Where qmail-rspawn is run alone: a scratch home with a little of a queue, and twins of the programs compiled for it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from builder.checks.mail import DOMAIN, SENDER, Mail
from builder.checks.protocol import Width, encode_command
from builder.checks.sink import Sink
from builder.compiling.build import Build
from builder.configure.ids import Ids

_TCPTO_BYTES = 1024
"""The size of queue/lock/tcpto, as hier.c makes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A home folder of which everything belongs to this user, and the folder of the programs compiled for it."""

    home: Path
    programs: Path
    conf_spawn: int
    environment: Mapping[str, str]
    """What the programs need besides PATH."""

    @classmethod
    def prepare(cls, build: Build, scratch: Path) -> Self:
        """Make a home in `scratch` with twins of qmail-rspawn and qmail-remote."""
        home = scratch / "home"
        return cls.of_twin(build, home, scratch / "twin", called=os.fspath(home), ids=own_ids())

    @classmethod
    def of_twin(cls, build: Build, home: Path, programs: Path, *, called: str, ids: Ids) -> Self:
        """Make `home` with twins in the folder `programs` that know it by the name `called`.

        `ids` are those of the user who will run them.
        """
        for folder in ("control", "queue/mess/0", "queue/lock"):
            (home / folder).mkdir(parents=True)
        (home / "control/me").write_text(f"{DOMAIN}\n")
        (home / "queue/lock/tcpto").write_bytes(bytes(_TCPTO_BYTES))
        targets = ("qmail-rspawn", "qmail-remote")
        twin = build.twin(programs, home=called, ids=ids, targets=targets)
        return cls(
            home=home,
            programs=twin.folder,
            conf_spawn=int(twin.conf["conf-spawn"]),
            environment=build.toolchain.runtime,
        )

    def route_to(self, sink: Sink) -> None:
        """Send all mail to the sink, without any look-up of names."""
        (self.home / "control/smtproutes").write_text(f":{sink.address}:{sink.port}\n")

    def commands(self, mails: Sequence[Mail], width: Width) -> list[bytes]:
        """The command for the delivery of each mail, numbered from 0; their messages are put into the queue."""
        return [
            encode_command(number, file, SENDER, mail.recipient, width)
            for number, (mail, file) in enumerate(zip(mails, self.put_messages(mails), strict=True))
        ]

    def put_messages(self, mails: Sequence[Mail]) -> list[str]:
        """Put the messages of `mails` into the queue, each different one once; for each mail the name of its file.

        The names are relative to queue/mess, as qmail-send gives them to its spawners.
        """
        numbers: dict[str, int] = {}
        for mail in mails:
            if mail.message_id not in numbers:
                numbers[mail.message_id] = len(numbers) + 1
                (self.home / f"queue/mess/0/{numbers[mail.message_id]}").write_bytes(mail.data)
        return [f"0/{numbers[mail.message_id]}" for mail in mails]


def own_ids() -> Ids:
    """Everything belongs to the user who runs us."""
    return Ids.same(os.getuid(), os.getgid())
