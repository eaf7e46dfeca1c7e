"""The wire protocol: what is encoded and what is decoded, however the bytes are cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.checks.protocol import Outcome, Report, ReportDecoder, Width, encode_command, encode_number

_TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
_OUTCOMES = st.sampled_from([Outcome.SUCCESS, Outcome.DEFERRAL, Outcome.FAILURE])


def _reports(width: Width) -> st.SearchStrategy[list[Report]]:
    return st.lists(st.builds(Report, st.integers(0, 256**width - 1), _OUTCOMES, _TEXTS), max_size=20)


def _on_the_wire(reports: list[Report], width: Width) -> bytes:
    return b"".join(
        encode_number(r.number, width) + r.outcome.value.encode() + r.text.encode() + b"\0" for r in reports
    )


def _decoded(data: bytes, width: Width, cuts: list[int]) -> tuple[list[Report], bytes]:
    decoder = ReportDecoder(width)
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in pairwise(edges)]
    return [report for piece in pieces for report in decoder.feed(piece)], decoder.pending


@given(_reports(1), st.lists(st.integers(0, 1000)))
def test_reports_of_one_byte_survive_any_cutting(reports: list[Report], cuts: list[int]) -> None:
    assert _decoded(_on_the_wire(reports, 1), 1, cuts) == (reports, b"")


@given(_reports(2), st.lists(st.integers(0, 1000)))
def test_reports_of_two_bytes_survive_any_cutting(reports: list[Report], cuts: list[int]) -> None:
    assert _decoded(_on_the_wire(reports, 2), 2, cuts) == (reports, b"")


@given(st.binary(max_size=60), st.sampled_from([1, 2]))
def test_no_bytes_are_lost_whatever_a_spawner_says(data: bytes, width: Width) -> None:
    reports, pending = _decoded(data, width, [])
    used = len(data) - len(pending)
    # A report ends at the first NUL after its number; what is pending has none there.
    assert 0 not in pending[width:]
    assert used == 0 or data[used - 1] == 0
    assert len(reports) <= used / (width + 1)


@pytest.mark.parametrize("number", [0, 1, 255, 256, 1000, 0x8000, 0xFF00, 0xFFFF])
def test_zero_bytes_in_a_number_end_no_report(number: int) -> None:
    wire = number.to_bytes(2, "little") + b"Kok\n\0"
    assert _decoded(wire, 2, [1, 2]) == ([Report(number, Outcome.SUCCESS, "ok\n")], b"")


def test_an_incomplete_report_waits() -> None:
    decoder = ReportDecoder(2)
    assert list(decoder.feed(b"\x00\x00Kwell")) == []
    assert decoder.pending == b"\x00\x00Kwell"
    assert list(decoder.feed(b" done\0\x01")) == [Report(0, Outcome.SUCCESS, "well done")]
    assert decoder.pending == b"\x01"


@pytest.mark.parametrize(("body", "text"), [(b"", ""), (b"xyz", "xyz"), (b"\xff", "\\xff")])
def test_a_report_without_a_known_letter_is_mangled(body: bytes, text: str) -> None:
    assert list(ReportDecoder(1).feed(b"\x07" + body + b"\0")) == [Report(7, Outcome.MANGLED, text)]


def test_a_command_as_qmail_send_writes_it() -> None:
    assert encode_command(258, "17/4711", "", "a@b", 2) == b"\x02\x0117/4711\0\0a@b\0"
    assert encode_command(2, "17/4711", "s@h", "a@b", 1) == b"\x0217/4711\0s@h\0a@b\0"


def test_a_number_that_does_not_fit_is_refused() -> None:
    with pytest.raises(OverflowError):
        encode_command(256, "0/1", "", "a@b", 1)


def test_a_nul_inside_a_word_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        encode_command(0, "0/1", "", "a\0b", 1)
