"""The sink, spoken to over real sockets as qmail-remote does."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable

import pytest

from builder.checks.procfs import open_descriptors
from builder.checks.sink import Due, Sink

_DEADLINE = 10.0


class _Client:
    """A client that waits for each answer."""

    def __init__(self, sink: Sink) -> None:
        self.socket = socket.create_connection((sink.address, sink.port), timeout=_DEADLINE)
        self._lines = self.socket.makefile("rb")

    def reply(self) -> str:
        return self._lines.readline().decode().rstrip("\r\n")

    def say(self, line: str) -> str:
        self.socket.sendall(f"{line}\r\n".encode())
        return self.reply()

    def deliver(self, recipient: str, message_id: str) -> None:
        assert self.say("HELO here").startswith("250")
        assert self.say("MAIL FROM:<a@b>").startswith("250")
        assert self.say(f"RCPT TO:<{recipient}>").startswith("250")
        assert self.say("DATA").startswith("354")
        assert self.say(f"Message-ID: <{message_id}>\r\n\r\nbody\r\n.").startswith("250")

    def close(self) -> None:
        self._lines.close()
        self.socket.close()


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _DEADLINE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def _silent(client: _Client) -> bool:
    client.socket.setblocking(False)
    try:
        client.socket.recv(1)
    except BlockingIOError:
        return True
    finally:
        client.socket.settimeout(_DEADLINE)
    return False


def test_nobody_is_greeted_before_the_gate_opens() -> None:
    with Sink() as sink:
        sink.expect(3, quiet=60, patience=60)
        clients = [_Client(sink) for _ in range(2)]
        _until(lambda: sink.connected == 2)
        assert sink.due() is None
        clients.append(_Client(sink))
        _until(lambda: sink.due() is Due.FULL)
        assert all(_silent(client) for client in clients)
        sink.open_gate()
        assert all(client.reply().startswith("220") for client in clients)
        late = _Client(sink)
        assert late.reply().startswith("220")
        for client in (*clients, late):
            client.close()
        _until(lambda: sink.connected == 0)
    assert sink.seen(0).peak == 4
    assert [level for _, level in sink.changes][-1] == 0
    assert sink.dropped == 4


def test_the_gate_is_due_when_no_more_come() -> None:
    with Sink() as sink:
        sink.expect(3, quiet=0.05, patience=60)
        client = _Client(sink)
        _until(lambda: sink.due() is not None)
        assert sink.due() is Due.QUIET
        client.close()


def test_the_gate_is_due_when_the_time_is_over() -> None:
    with Sink() as sink:
        sink.expect(3, quiet=60, patience=0.05)
        _until(lambda: sink.due() is not None)
        assert sink.due() is Due.LATE


def test_every_mail_is_counted_with_recipient_and_message_id() -> None:
    with Sink() as sink:
        sink.open_gate()
        for _ in range(2):
            client = _Client(sink)
            client.reply()
            client.deliver("one@1.invalid", "m1@x")
            client.deliver("two@2.invalid", "m2@x")
            assert client.say("QUIT").startswith("221")
            client.close()
        _until(lambda: sink.connected == 0)
    assert sink.receipts == {("one@1.invalid", "m1@x"): 2, ("two@2.invalid", "m2@x"): 2}
    assert sink.dropped == 0


def test_several_recipients_and_pieces_of_any_size() -> None:
    with Sink() as sink:
        sink.open_gate()
        client = _Client(sink)
        client.reply()
        session = (
            b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"
            b"Subject: x\r\nmessage-id:\t<ID@1>\r\n\r\n..\r\n.\r\nQUIT\r\n"
        )
        for byte in session:
            client.socket.sendall(bytes([byte]))
        codes = [client.reply()[:3] for _ in range(7)]
        client.close()
    assert codes == ["250", "250", "250", "250", "354", "250", "221"]
    assert sink.receipts == {("a@b", "ID@1"): 1, ("c@d", "ID@1"): 1}


def test_an_empty_mail_ends_at_its_dot() -> None:
    with Sink() as sink:
        sink.open_gate()
        client = _Client(sink)
        client.reply()
        client.say("MAIL FROM:<>")
        client.say("RCPT TO:<a@b>")
        client.say("DATA")
        assert client.say(".").startswith("250")
        client.close()
    assert sink.receipts == {("a@b", ""): 1}


def test_data_without_a_recipient_is_refused() -> None:
    with Sink() as sink:
        sink.open_gate()
        client = _Client(sink)
        client.reply()
        assert client.say("DATA").startswith("503")
        assert client.say("TURN").startswith("502")
        client.close()
    assert not sink.receipts


def test_a_client_that_never_ends_its_line_is_cut_off() -> None:
    with Sink() as sink:
        sink.open_gate()
        client = _Client(sink)
        client.reply()
        with pytest.raises(ConnectionError):
            client.socket.sendall(b"x" * (64 << 20))
        client.close()


def test_leaving_the_sink_ends_every_connection() -> None:
    before = open_descriptors(os.getpid())
    with Sink() as sink:
        clients = [_Client(sink) for _ in range(5)]
        _until(lambda: sink.connected == 5)
    for client in clients:
        assert client.reply() == ""
        client.close()
    assert open_descriptors(os.getpid()) == before


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.1", "::1", "localhost", "128.0.0.1", ""])
def test_it_binds_to_nothing_but_the_loopback(address: str) -> None:
    with pytest.raises(ValueError, match=r"127\.0\.0\.0/8"):
        Sink(address)


def test_any_address_of_the_loopback_will_do() -> None:
    with Sink("127.8.9.10") as sink:
        client = _Client(sink)
        _until(lambda: sink.connected == 1)
        client.close()


def test_a_client_whose_mail_was_taken_is_no_longer_under_way() -> None:
    with Sink() as sink:
        sink.open_gate()
        first = _Client(sink)
        assert first.reply().startswith("220")
        first.deliver("a@example.invalid", "1")
        second = _Client(sink)
        assert second.reply().startswith("220")
        assert (sink.connected, sink.seen(0).peak) == (1, 1)
        first.close()
        second.close()
        _until(lambda: sink.connected == 0)
