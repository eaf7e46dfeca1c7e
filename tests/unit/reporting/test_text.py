"""The text report, as people see it: transcripts in tests/golden, and what must not reach a terminal.

After a change that is meant: `pytest tests/unit/reporting --update-golden`, and look at what git says of tests/golden.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from builder.patching.applied import Applied
from builder.patching.patch import ParseNote
from builder.reporting import text
from builder.reporting.report import Report
from builder.reporting.screen import Screen, columns, padded, printable, shortened
from tests.unit.reporting import sample

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
SCREENS = {
    "apply-plain": Screen(),
    "apply-80": Screen(80, terminal=True),
    "apply-80-colour": Screen(80, colour=True, terminal=True),
    "apply-160": Screen(160, terminal=True),
}


def shown(report: Report, applied: Applied, screen: Screen) -> list[str]:
    return list(text.applied(report, applied.rejects, screen))


@pytest.mark.parametrize("name", SCREENS)
def test_the_report_is_as_it_was(name: str, update_golden: bool) -> None:
    got = "".join(f"{line}\n" for line in shown(*sample.report(), SCREENS[name]))
    golden = GOLDEN / f"{name}.txt"
    if update_golden:
        golden.write_text(got, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == got


@pytest.mark.parametrize("width", [80, 100, 139, 140, 200])
def test_no_line_of_code_is_wider_than_the_terminal(width: int) -> None:
    report, applied = sample.report()
    code = [line for line in shown(report, applied, Screen(width, terminal=True)) if line[:4] == "    "]
    assert max(map(columns, code[5:])) <= width


def test_columns_side_by_side_need_a_wide_terminal() -> None:
    report, applied = sample.report()
    for screen, side_by_side in (
        (Screen(139, terminal=True), False),
        (Screen(140, terminal=True), True),
        (Screen(200), False),
    ):
        assert any(" │ " in line for line in shown(report, applied, screen)) is side_by_side


def test_without_a_diagnosis_a_line_says_what_is_known() -> None:
    report, applied = sample.report(explained=False)
    lines = shown(report, applied, Screen())
    assert any("rcpt.c: hunk 2 (line 14 of the patch)" in line for line in lines)
    assert not any(line.startswith("  why") for line in lines)


def test_hunks_of_one_file_that_failed_alike_share_a_block() -> None:
    report, applied = sample.report()
    alike = tuple(
        msgspec.structs.replace(
            report.diagnoses[0], n=n, patch_line=n, candidate_line=None, difference=None, owner=None
        )
        for n in (1, 2, 3)
    )
    lines = shown(replace(report, diagnoses=alike), applied, Screen())
    assert [line for line in lines if line.startswith("rcpt.c")] == [
        "rcpt.c: hunks 1 to 3 of 3 of tls  (patches/tls/sample-1.patch:1)"
    ]


def test_nothing_of_a_patch_steers_the_terminal() -> None:
    report, applied = sample.report()
    evil = "\x1b]0;owned\x07\x9b31m\u202e\r\udcff"
    first = report.files[0]
    noted = replace(first, patch=replace(first.patch, notes=(ParseNote("odd", 1, evil),)))
    diagnosis = msgspec.structs.replace(report.diagnoses[0], detail=evil, next_command=evil)
    report = replace(report, files=(noted, *report.files[1:]), diagnoses=(diagnosis,))
    lines = "\n".join(shown(report, applied, Screen(80, terminal=True)))
    assert not set(lines) & set(evil) - set("]0;owned31m")
    assert printable(evil) == "\\x1b]0;owned\\x07\\x9b31m\\u202e\\x0d\\xff"


def test_columns_are_counted_as_a_terminal_does() -> None:
    assert [columns(one) for one in ("abc", "äö", "e\u0301", "漢字")] == [3, 2, 1, 4]
    assert shortened("漢字漢字", 6) == "漢字…"
    assert padded("ab", 4) == "ab  "
