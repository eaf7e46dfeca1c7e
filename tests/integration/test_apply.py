"""`apply` as a user types it: its formats, its files, its exit codes, on a small base of its own."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.command import Ran, command
from tests.unit.reporting import sample


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A folder with the sample base and its patches: tls does not go on top of chkuser."""
    folder = tmp_path / "mine"
    base = folder / "bases" / "sample"
    sample.tree().write(base)
    (folder / "bases" / "sample-1.toml").write_text(
        'name = "sample-1"\nsummary = "For tests."\nversion = "1"\nlicense = "0BSD"\n[bundled]\nfolder = "sample"\n'
    )
    for name, text in sample.SERIES.items():
        patch = folder / "patches" / name
        patch.mkdir(parents=True)
        (patch / "sample-1.patch").write_text(text)
        (patch / "patch.toml").write_text(
            f'name = "{name}"\nsummary = "For tests."\nlicense = "0BSD"\n[variants]\n"sample-1" = "sample-1.patch"\n'
        )
    (folder / ".git").mkdir()
    return folder


def apply(library: Path, *arguments: str | Path, patches: tuple[str, ...] = ("chkuser", "tls")) -> Ran:
    named = [word for patch in patches for word in ("--patch", patch)]
    return command("apply", "--base", "sample-1", *named, *arguments, cwd=library)


def test_a_reject_is_told_with_its_reason_and_exit_code_1(library: Path) -> None:
    ran = apply(library)
    assert ran.code == 1
    assert "rcpt.c: hunk 2 of 3 of tls  (patches/tls/sample-1.patch:14)" in ran.stdout
    assert "owned by hunk 1 of chkuser" in ran.stdout
    assert "← chkuser, hunk 1" in ran.stdout
    assert ran.stderr.startswith("error: 2 hunk(s) did not apply, of: tls.\n")


@pytest.mark.parametrize("form", ["json", "sarif"])
def test_json_is_all_that_is_on_stdout(library: Path, form: str) -> None:
    ran = apply(library, "--format", form)
    assert ran.code == 1
    assert json.loads(ran.stdout)


def test_a_report_goes_to_a_file(library: Path, tmp_path: Path) -> None:
    for form in ("text", "json", "sarif", "junit"):
        ran = apply(library, "--format", form, "--output", tmp_path / form)
        assert (ran.code, ran.stdout.count("\n") <= 2) == (1, True)
    assert json.loads((tmp_path / "json").read_text())["schema_version"] == 1
    assert json.loads((tmp_path / "sarif").read_text())["version"] == "2.1.0"
    assert ET.parse(tmp_path / "junit").getroot().tag == "testsuites"  # noqa: S314 - our own XML
    assert "hunk 2 of 3 of tls" in (tmp_path / "text").read_text()


def test_taking_back_what_is_not_there_is_told_so(library: Path) -> None:
    ran = apply(library, "--reverse", patches=("chkuser",))
    assert ran.code == 1
    assert " not-applied" in ran.stdout
    assert "not applied: its lines are as they were before it" in ran.stdout
    assert "next      ./inv apply --base sample-1 --patch chkuser --dry-run" in ran.stdout
    assert (
        "could not be taken back, of: chkuser.\n  (What it changed is not there: without --reverse"
        in ran.stderr
    )
    assert apply(library, patches=("chkuser",)).code == 0  # what the hint says


def test_applying_what_is_there_is_told_so(library: Path, tmp_path: Path) -> None:
    assert apply(library, "--out", tmp_path / "out", patches=("chkuser",)).code == 0
    ran = apply(library, "--tree", tmp_path / "out", patches=("chkuser",))
    assert ran.code == 1
    assert " already-applied" in ran.stdout
    assert "already applied: its change is there already" in ran.stdout
    assert "or take it back with --reverse.)" in ran.stderr
    assert apply(library, "--tree", tmp_path / "out", "--reverse", patches=("chkuser",)).code == 0


@pytest.mark.parametrize("form", ["json", "sarif", "junit", "github"])
def test_every_format_knows_what_cannot_be_taken_back(library: Path, form: str) -> None:
    ran = apply(library, "--reverse", "--format", form, patches=("chkuser",))
    assert ran.code == 1
    assert "not applied" in ran.stdout or "not-applied" in ran.stdout


def test_a_rename_keeps_its_own_reason(library: Path) -> None:
    """The sentence of the applier, which knows it, and not that the file is not there: it is."""
    (library / "move.patch").write_bytes(
        b"diff --git a/rcpt.c b/control.c\nrename from rcpt.c\nrename to control.c\n"
        b"--- a/rcpt.c\n+++ b/control.c\n@@ -1 +1 @@\n-x\n+y\n"
    )
    ran = apply(library, patches=("move.patch",))
    assert ran.code == 1
    assert "another file of the new name is there already" in ran.stdout


def test_two_runs_report_the_same_bytes(library: Path) -> None:
    for form in ("text", "json", "sarif", "junit", "github"):
        assert apply(library, "--format", form).stdout == apply(library, "--format", form).stdout


def test_github_gets_annotations_on_stdout_and_a_summary_in_its_file(library: Path, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("earlier step\n")
    named = ("--base", "sample-1", "--patch", "chkuser", "--patch", "tls")
    ran = command(
        "apply", *named, "--format", "github", cwd=library, env={"GITHUB_STEP_SUMMARY": str(summary)}
    )
    assert ran.code == 1
    assert ran.stdout.startswith("::error file=patches/tls/sample-1.patch,line=33,title=tls%3A no-target::")
    assert summary.read_text().startswith("earlier step\n## Patches of sample-1\n")


def test_rejects_are_written_and_go_when_they_apply(library: Path, tmp_path: Path) -> None:
    rejects, out = tmp_path / "rejects", tmp_path / "out"
    assert apply(library, "--rejects", rejects, "--out", out).code == 1
    assert sorted(path.name for path in (rejects / "tls").iterdir()) == ["rcpt.c.rej", "tls.c.rej"]
    assert (
        (rejects / "tls" / "rcpt.c.rej").read_text().startswith("--- rcpt.c\n+++ rcpt.c\n@@ -21,7 +21,7 @@\n")
    )
    assert not out.exists()
    assert apply(library, "--rejects", rejects, "--out", out, patches=("chkuser",)).code == 0
    assert [path for path in rejects.rglob("*") if path.is_file()] == []
    assert (out / "rcpt.c").read_text() == sample.CHECKED


def test_rejects_never_replace_files_of_another_kind(library: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    ran = apply(library, "--rejects", tmp_path)
    assert ran.code == 2
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_dry_run_writes_nothing(library: Path, tmp_path: Path) -> None:
    rejects, out = tmp_path / "rejects", tmp_path / "out"
    assert apply(library, "--dry-run", "--rejects", rejects).code == 1
    assert apply(library, "--dry-run", "--out", out, patches=("chkuser",)).code == 0
    assert not rejects.exists()
    assert not out.exists()


def test_a_format_that_there_is_not_is_bad_usage(library: Path) -> None:
    ran = apply(library, "--format", "yaml")
    assert ran.code == 2
    assert "text, json, sarif, junit, github" in ran.stderr
