"""JSON, SARIF, JUnit and GitHub: what other programs read, held against what they demand."""

from __future__ import annotations

import json as stdlib_json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import msgspec
import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as SarifLog

from builder.patching.diagnose.values import Verdict
from builder.patching.findings import HunkStatus
from builder.patching.patch import ParseNote
from builder.reporting import github, json, junit, sarif
from builder.reporting.report import PatchFile, Report, findings
from builder.reporting.rules import RULES, rule_for
from tests.unit.reporting import sample

SCHEMA = stdlib_json.loads(Path(__file__).with_name("apply-1.schema.json").read_text())


@pytest.fixture(scope="module")
def report() -> Report:
    return sample.report()[0]


def with_notes(report: Report, *notes: ParseNote) -> Report:
    first = report.files[0]
    noted = replace(first, patch=replace(first.patch, notes=notes))
    return replace(report, files=(noted, *report.files[1:]))


def results(report: Report) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stdlib_json.loads(sarif.render(report))["runs"][0]["results"]
    return found


def parsed(report: Report) -> ET.Element:
    return ET.fromstring(junit.render(report))  # noqa: S314 - our own XML


def test_json_is_as_its_schema_says(report: Report) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(stdlib_json.loads(json.render(report)))


def test_json_has_the_diagnosis_beside_its_hunk(report: Report) -> None:
    patches = {patch["name"]: patch for patch in stdlib_json.loads(json.render(report))["patches"]}
    clean, rejected, offset = patches["tls"]["files"][0]["hunks"]
    assert (clean["diagnosis"], offset["diagnosis"]) == (None, None)
    assert rejected["diagnosis"]["owner"] == {"patch": "chkuser", "hunk": 1}


def test_json_can_say_names_that_are_no_utf_8() -> None:
    assert stdlib_json.loads(json.dumps({"path": "n\udce4me"})) == {"path": "n\\xe4me"}


def test_sarif_keeps_to_the_standard(report: Report) -> None:
    noted = with_notes(report, ParseNote("crlf", 1, "CRLF line ends"))
    # The model is generated from the standard's own schema, and strict about names that are not in it.
    SarifLog.model_validate_json(sarif.render(noted))


def test_every_sarif_result_has_a_rule_with_help(report: Report) -> None:
    noted = with_notes(report, ParseNote("crlf", 1, "CRLF line ends"))
    driver = stdlib_json.loads(sarif.render(noted))["runs"][0]["tool"]["driver"]
    rules = {rule["id"] for rule in driver["rules"]}
    used = {result["ruleId"] for result in results(noted)}
    assert used == {"no-target", "reject.context-changed", "already-applied", "fuzz", "offset", "parse.crlf"}
    assert used < rules


def test_a_sarif_result_points_at_patch_target_and_culprit(report: Report) -> None:
    (result,) = [one for one in results(report) if one["ruleId"] == "reject.context-changed"]
    places = [
        (place["physicalLocation"]["artifactLocation"], place["physicalLocation"]["region"]["startLine"])
        for place in (*result["locations"], *result["relatedLocations"])
    ]
    assert places == [
        ({"uri": "patches/tls/sample-1.patch", "uriBaseId": "SRCROOT"}, 14),
        ({"uri": "rcpt.c", "uriBaseId": "BASE"}, 21),
        ({"uri": "patches/chkuser/sample-1.patch", "uriBaseId": "SRCROOT"}, 3),
    ]


def test_fingerprints_stay_when_lines_move_and_differ_between_hunks() -> None:
    def fingerprints(series: dict[str, str]) -> list[str]:
        patches, outcome = sample.applied(series)
        files = tuple(
            PatchFile(patch=patch, path=f"{patch.name}.patch", sha256="0" * 64) for patch in patches
        )
        report = Report(id="x", base="b", base_tree="t", patches=outcome.patches, files=files)
        return [one["partialFingerprints"]["qmailBuilderHunk/v1"] for one in results(report)]

    before = fingerprints(sample.SERIES)
    moved = fingerprints({**sample.SERIES, "tls": f"More prose.\n\n{sample.TLS}"})
    twice = fingerprints({**sample.SERIES, "again": sample.AGAIN + sample.AGAIN})
    assert before == moved
    assert len(set(before)) == len(before)
    assert len(set(twice)) == len(twice) == len(before) + 1


def test_uris_are_escaped(report: Report) -> None:
    odd = replace(report.files[0], path="my patches/100%/ä\udce4.patch")
    location = results(replace(report, files=(odd, *report.files[1:])))[-2]["locations"][0]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "my%20patches/100%25/%C3%A4%E4.patch"


def test_a_patch_outside_the_repository_has_an_absolute_uri(report: Report) -> None:
    odd = replace(report.files[0], path="/tmp/a.patch")
    location = results(replace(report, files=(odd, *report.files[1:])))[-2]["locations"][0]
    assert location["physicalLocation"]["artifactLocation"] == {"uri": "file:///tmp/a.patch"}


def test_junit_has_a_case_for_each_patch(report: Report) -> None:
    (suite,) = parsed(report)
    assert suite.attrib["name"] == "sample@native"
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("5", "2")
    cases = {case.attrib["name"]: case for case in suite.iter("testcase")}
    assert list(cases) == ["longer", "zeroed", "chkuser", "tls", "again"]
    failure = cases["tls"].find("failure")
    assert failure is not None
    assert failure.attrib == {"message": "2 of 4 hunks of tls did not apply", "type": "no-target"}
    assert "patches/tls/sample-1.patch:14: reject.context-changed: rcpt.c: hunk 2 of 3" in (
        failure.text or ""
    )
    assert cases["chkuser"].find("failure") is None
    properties = {one.attrib["name"]: one.attrib["value"] for one in cases["tls"].iter("property")}
    assert properties == {"sha256": report.files[3].sha256, "strip": "1", "status": "no-target"}


def test_junit_is_xml_whatever_a_patch_holds(report: Report) -> None:
    noted = with_notes(report, ParseNote("odd", 1, "\x1b[31m \x00 \udce4 ]]> <&"))
    text = parsed(noted).findtext(".//system-out")
    assert text is not None
    assert "]]> <&" in text


def test_github_gets_ten_of_each_level_and_the_summary_all(report: Report) -> None:
    notes = [ParseNote("crlf", line, f"note {line}") for line in range(1, 31)]
    noted = with_notes(report, *notes)
    lines = github.workflow_commands(noted).splitlines()
    levels = [line.split()[0] for line in lines if line.startswith("::")]
    assert levels == ["::error"] * 3 + ["::warning"] + ["::notice"] * 10
    assert "22 more of level notice: see the step's summary." in lines
    assert lines[0].startswith(
        "::error file=patches/tls/sample-1.patch,line=33,title=tls%3A no-target::tls.c"
    )
    summary = github.summary(noted)
    assert all(f"note {line} |" in summary for line in range(1, 31))


def test_what_a_patch_says_is_neither_a_command_nor_markup_for_github(report: Report) -> None:
    noted = with_notes(report, ParseNote("odd", 1, "50%\n::set-env name=x::y | <b> `c` @all"))
    commands = github.workflow_commands(noted)
    assert "::50%25\\x0a::set-env" in commands
    assert "\n::set-env" not in commands
    (row,) = [line for line in github.summary(noted).splitlines() if "set-env" in line]
    assert "\\| &lt;b> \\`c\\` \\@all" in row


def test_a_summary_fits_into_what_github_takes(report: Report) -> None:
    noted = with_notes(report, *(ParseNote("odd", line, "x" * 1000) for line in range(1500)))
    summary = github.summary(noted)
    assert len(summary.encode()) < 1024 * 1024
    assert summary.endswith("The rest is too long for GitHub: see `--format text`.\n")


def test_findings_are_worst_first(report: Report) -> None:
    order = [RULES.index(finding.rule) for finding in findings(report)]
    assert order == sorted(order)
    assert len(order) == 6


def test_every_status_and_verdict_has_its_own_rule() -> None:
    rules = {status: rule_for(status) for status in HunkStatus}
    assert rules.pop(HunkStatus.CLEAN) is None
    assert {rule.id for rule in rules.values() if rule} == {"reject", *rules} - {"rejected"}
    verdicts = {rule.id for verdict in Verdict if (rule := rule_for("rejected", verdict))}
    assert verdicts == {"already-applied", *(f"reject.{one}" for one in Verdict if one != "already-applied")}


def test_presenters_say_the_same_twice(report: Report) -> None:
    for render in (json.render, sarif.render, junit.render, github.summary, github.workflow_commands):
        assert render(report) == render(sample.report()[0])


def test_a_diagnosis_is_found_by_patch_path_and_line(report: Report) -> None:
    other = msgspec.structs.replace(report.diagnoses[0], patch="other")
    assert [one.rule.id for one in findings(replace(report, diagnoses=(other,)))][1] == "reject"
