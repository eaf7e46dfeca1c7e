"""The findings of lint in each of its forms."""

from __future__ import annotations

import json

import pytest

from builder.patching.lint.problem import Problem, Severity
from builder.patching.lint.run import Linted
from builder.reporting.lint import FORMATS


def problem(line: int, severity: Severity = Severity.WARNING, file: str = "p/a b.patch") -> Problem:
    return Problem(file=file, line=line, rule="crlf", severity=severity, text="lines end\x1b in CR, LF")


LINTED = Linted((problem(3, Severity.ERROR), problem(4), problem(9, file="/x.patch")), allowed=1)


def test_text_is_a_line_each_and_harmless() -> None:
    assert FORMATS["text"](LINTED, 2).splitlines() == [
        r"p/a b.patch:3: crlf: lines end\x1b in CR, LF (error)",
        r"p/a b.patch:4: crlf: lines end\x1b in CR, LF (warning)",
        r"/x.patch:9: crlf: lines end\x1b in CR, LF (warning)",
        "2 file(s): 1 error(s), 2 warning(s), 1 allowed",
    ]


def test_json_has_the_same() -> None:
    report = json.loads(FORMATS["json"](LINTED, 2))
    assert (report["schema_version"], report["files"], report["allowed"]) == (1, 2, 1)
    assert [(one["line"], one["severity"]) for one in report["findings"]] == [
        (3, "error"),
        (4, "warning"),
        (9, "warning"),
    ]


def test_github_gets_ten_of_each_level() -> None:
    lines = FORMATS["github"](Linted(tuple(problem(line) for line in range(1, 15))), 1).splitlines()
    assert lines[0] == r"::warning file=p/a b.patch,line=1,title=crlf::lines end\x1b in CR, LF"
    assert len([line for line in lines if line.startswith("::warning")]) == 10
    assert lines[-1] == "1 file(s): 0 error(s), 14 warning(s)"


def test_sarif_keeps_to_the_standard() -> None:
    model = pytest.importorskip("pydantic_sarif.model")
    model.StaticAnalysisResultsFormatSarifVersion210JsonSchema.model_validate_json(
        FORMATS["sarif"](LINTED, 2)
    )


def test_sarif_tells_findings_apart_and_does_not_mind_the_line() -> None:
    def prints(*problems: Problem) -> list[str]:
        results = json.loads(FORMATS["sarif"](Linted(problems), 1))["runs"][0]["results"]
        return [next(iter(result["partialFingerprints"].values())) for result in results]

    assert len(set(prints(problem(1), problem(2)))) == 2
    assert prints(problem(1)) == prints(problem(7))


def test_every_sarif_result_has_a_rule_that_is_described() -> None:
    run = json.loads(FORMATS["sarif"](LINTED, 2))["runs"][0]
    described = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in run["results"]} <= described
