"""qmail-send's log as numbers."""

from __future__ import annotations

import pytest

from builder.checks.send_log import SendLog

_LOG = b"""\
status: local 0/10 remote 0/255
new msg 4711
info msg 4711: bytes 210 from <s@x.invalid> qp 77 uid 0
starting delivery 1: msg 4711 to remote one@1.invalid
status: local 0/10 remote 1/255
starting delivery 2: msg 4712 to remote two@2.invalid
starting delivery 3: msg 4713 to remote three@3.invalid
starting delivery 4: msg 4714 to local four@x.invalid
delivery 1: success: 127.0.0.1_accepted_message./Remote_host_said:_250_taken/
delivery 2: deferral: qmail-spawn_unable_to_create_pipe._(#4.3.0)/
end msg 4711
delivery 3: failure: Sorry,_no_mailbox_here._(#5.1.1)/
bounce msg 4713 qp 80
warning: trouble in select
status: exiting
"""


def test_the_log_as_numbers() -> None:
    log = SendLog()
    log.feed(_LOG)
    assert log.started == 3
    assert log.under_way == {}
    assert log.succeeded == ["one@1.invalid"]
    assert log.deferrals == {"qmail-spawn unable to create pipe. (#4.3.0)": 1}
    assert log.failures == {"Sorry, no mailbox here. (#5.1.1)": 1}
    assert log.ended_messages == 1
    assert log.concurrency == 255
    assert log.alarms == ["warning: trouble in select"]


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_pieces_of_any_size_say_the_same(size: int) -> None:
    whole, pieces = SendLog(), SendLog()
    whole.feed(_LOG)
    for start in range(0, len(_LOG), size):
        pieces.feed(_LOG[start : start + size])
    assert pieces == whole


def test_what_is_under_way() -> None:
    log = SendLog()
    log.feed(b"starting delivery 9: msg 1 to remote a@b\nstarting delivery 10: msg 2 to remote c@d\n")
    log.feed(b"delivery 9: report mangled, will defer\n")
    assert log.under_way == {"10": "c@d"}
    assert log.deferrals == {"report mangled, will defer": 1}


def test_more_fields_in_the_status_do_no_harm() -> None:
    log = SendLog()
    log.feed(b"status: local 0/10 remote 3/1000 suppl0 0/20\n")
    assert log.concurrency == 1000
    assert log.alarms == []
