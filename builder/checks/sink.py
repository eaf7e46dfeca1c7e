"""An SMTP sink on the loopback that takes in every mail, keeps nothing of it and counts exactly.

It is a gate: connections are accepted, but nobody is greeted before the gate is opened. A client that waits for its
greeting holds its delivery, so the connections that stand before the gate are deliveries under way at the same time.
The sink only answers those who connect: it sends nothing to anywhere, and binds to nothing but 127.0.0.0/8.
"""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Self

_LOOPBACK = IPv4Network("127.0.0.0/8")
_BACKLOG = 4096
_LONGEST = 1 << 20
"""Bytes of a line or a mail; more is no mail of a check, and ends the connection."""
_ADDRESS = re.compile(rb"<([^>]*)>")
_MESSAGE_ID = re.compile(rb"(?mi)^Message-ID:[ \t]*<([^>\r\n]*)>")

Receipt = tuple[str, str]
"""The recipient of the envelope and the id of the message that it got."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a sink has seen of a run."""

    changes: Sequence[tuple[float, int]]
    """Every change of the number of deliveries under way: seconds since the first was asked for, and to what."""
    receipts: Counter[Receipt]
    dropped: int
    """Connections that ended before their mail was taken."""

    @property
    def peak(self) -> int:
        """The most deliveries that were under way at the same time."""
        return max((level for _, level in self.changes), default=0)

    @property
    def seconds_to_peak(self) -> float:
        """When that was reached first; 0 if nobody came."""
        peak = self.peak
        return next((when for when, level in self.changes if level == peak), 0.0)


class Due(Enum):
    """Why the gate should be opened now."""

    FULL = "all connections are there"
    QUIET = "no new connection came for a while"
    LATE = "the time for connecting is over"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Expected:
    """What the gate waits for."""

    connections: int
    quiet: float
    until: float


class Sink:
    """The sink, in a thread of its own while it is entered. What it counts may be read at any time from any thread.

    ValueError for an address that is not in 127.0.0.0/8.
    """

    def __init__(self, address: str = "127.0.0.1") -> None:
        try:
            on_loopback = IPv4Address(address) in _LOOPBACK
        except AddressValueError:
            on_loopback = False
        if not on_loopback:
            raise ValueError(f"the sink binds to an address in {_LOOPBACK} only, not to {address}")
        self.address = address
        self.port = 0
        """Chosen by the kernel when the sink is entered."""
        self.connected = 0
        """Deliveries under way: open connections whose mail has not been taken yet. A client that knows its mail taken
        makes room for the next one before we see it leave; the two must not count as two at once."""
        self.changes: list[tuple[float, int]] = []
        """Every change of `connected`: when, by time.monotonic(), and to what."""
        self.receipts: Counter[Receipt] = Counter()
        self.dropped = 0
        """Connections that ended before their mail was taken."""
        self._expected: _Expected | None = None
        self._last_arrival = 0.0
        self._gate_open = False
        self._waiting: list[_Session] = []
        self._sessions: set[_Session] = set()

    def __enter__(self) -> Self:
        listener = socket.create_server((self.address, 0), backlog=_BACKLOG)
        self.port = listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sink", daemon=True)
        serving = self._loop.create_server(lambda: _Session(self), sock=listener, backlog=_BACKLOG)
        self._server = self._loop.run_until_complete(serving)
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        for session in list(self._sessions):
            session.transport.abort()
        await self._server.wait_closed()

    def expect(self, connections: int, *, quiet: float, patience: float) -> None:
        """From now on wait for so many; give up when none came for `quiet` seconds, or after `patience` seconds."""
        self._last_arrival = time.monotonic()
        self._expected = _Expected(connections=connections, quiet=quiet, until=self._last_arrival + patience)

    def due(self) -> Due | None:
        """Why the gate should be opened now, or None if it is worth waiting; to be asked after `expect`."""
        now, expected = time.monotonic(), self._expected
        if expected is None:
            return None
        if self.connected >= expected.connections:
            return Due.FULL
        if now - self._last_arrival >= expected.quiet:
            return Due.QUIET
        return Due.LATE if now >= expected.until else None

    def seen(self, began: float) -> Seen:
        """What it has seen up to now of a run that began then, by time.monotonic()."""
        changes = [(when - began, level) for when, level in self.changes]
        return Seen(changes=changes, receipts=Counter(self.receipts), dropped=self.dropped)

    def open_gate(self) -> None:
        """Greet everyone who waits, and from now on whoever comes."""
        self._loop.call_soon_threadsafe(self._greet_all)

    def _greet_all(self) -> None:
        self._gate_open = True
        for session in self._waiting:
            session.greet()
        self._waiting.clear()

    def _came(self, session: _Session) -> None:
        self._last_arrival = time.monotonic()
        self._sessions.add(session)
        self._count(+1)
        if self._gate_open:
            session.greet()
        else:
            self._waiting.append(session)

    def _went(self, session: _Session) -> None:
        self._sessions.discard(session)
        if not session.took_mail:
            self._count(-1)
            self.dropped += 1

    def _took(self, session: _Session, mails: list[Receipt]) -> None:
        self.receipts.update(mails)
        if not session.took_mail:
            self._count(-1)

    def _count(self, change: int) -> None:
        self.connected += change
        self.changes.append((time.monotonic(), self.connected))


class _Session(asyncio.Protocol):
    """One connection: enough of SMTP to take mails from a client that behaves."""

    __slots__ = ("_buffer", "_in_data", "_recipients", "_sink", "took_mail", "transport")

    transport: asyncio.Transport

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._buffer = bytearray()
        self._in_data = False
        self._recipients: list[str] = []
        self.took_mail = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - tells mypy what a TCP server gives
        self.transport = transport
        self._sink._came(self)  # noqa: SLF001 - two halves of one thing

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._sink._went(self)  # noqa: SLF001

    def greet(self) -> None:
        self._reply(b"220 sink.invalid ESMTP")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._take_mail() if self._in_data else self._take_command():
            pass
        if len(self._buffer) > _LONGEST:
            self.transport.abort()

    def _take_command(self) -> bool:
        line, end, rest = self._buffer.partition(b"\n")
        if not end:
            return False
        self._buffer = rest
        self._obey(bytes(line[:4].upper()), bytes(line))
        return not self.transport.is_closing()

    def _obey(self, verb: bytes, line: bytes) -> None:
        if verb in (b"HELO", b"EHLO", b"MAIL", b"RSET", b"NOOP"):
            self._recipients.clear()
            self._reply(b"250 ok")
        elif verb == b"RCPT":
            self._recipients += recipients_in(line)
            self._reply(b"250 ok")
        elif verb == b"DATA" and self._recipients:
            self._in_data = True
            self._buffer[:0] = b"\r\n"  # so that the line with the dot is found in an empty mail, too
            self._reply(b"354 go on")
        elif verb == b"QUIT":
            self._reply(b"221 goodbye")
            self.transport.close()
        else:
            self._reply(b"503 not now" if verb == b"DATA" else b"502 unknown")

    def _take_mail(self) -> bool:
        mail, end, rest = self._buffer.partition(b"\r\n.\r\n")
        if not end:
            return False
        self._buffer, self._in_data = rest, False
        message_id = message_id_of(bytes(mail))
        self._sink._took(self, [(recipient, message_id) for recipient in self._recipients])  # noqa: SLF001
        self.took_mail = True
        self._reply(b"250 taken")
        return True

    def _reply(self, line: bytes) -> None:
        self.transport.write(line + b"\r\n")


def recipients_in(line: bytes) -> list[str]:
    """The recipient that an RCPT command names, if it does."""
    return [found.decode("utf-8", "replace") for found in _ADDRESS.findall(line)[:1]]


def message_id_of(mail: bytes) -> str:
    """The Message-ID of a mail without its angle brackets; empty if it has none."""
    found = _MESSAGE_ID.search(mail)
    return found[1].decode("utf-8", "replace") if found else ""
