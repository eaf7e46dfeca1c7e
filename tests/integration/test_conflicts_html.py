"""`conflicts --html FILE` as users run it. What the page does in a browser is in test_html_page.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import command
from tests.rivals import flags, rivals


@pytest.fixture
def patches(tmp_path: Path) -> tuple[Path, Path]:
    return rivals(tmp_path)


def test_a_page_besides_the_report(patches: tuple[Path, Path], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    plain = command("conflicts", *flags(patches))
    ran = command("conflicts", *flags(patches), "--html", page)
    assert (ran.code, ran.stdout) == (plain.code, plain.stdout)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "<title>Conflicts on minispawn: 2 patches</title>" in text
    assert str(patches[0]) in text, "the commands that it names are for the user's own files"


def test_as_a_format(patches: tuple[Path, Path], tmp_path: Path) -> None:
    page, other = tmp_path / "page.html", tmp_path / "other.html"
    ran = command("conflicts", *flags(patches), "--format", "html", "--output", page, "--html", other)
    assert ran.stdout == ""
    assert page.read_bytes() == other.read_bytes()
    assert command("conflicts", *flags(patches), "--format", "html").stdout == page.read_text(
        encoding="utf-8"
    )


def test_the_same_patches_give_the_same_bytes(patches: tuple[Path, Path], tmp_path: Path) -> None:
    pages = [tmp_path / f"{number}.html" for number in range(2)]
    for page in pages:
        command("conflicts", *flags(patches), "--html", page, env={"PYTHONHASHSEED": page.stem})
    assert pages[0].read_bytes() == pages[1].read_bytes()


@pytest.mark.parametrize(
    "others", [("--base", "minispawn,netqmail-1.06"), ("--base", "minispawn", "--watch")]
)
def test_only_for_the_pairs_of_one_base(others: tuple[str, ...], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    ran = command("conflicts", *others, "--html", page)
    assert ran.code == 2
    assert "--html" in ran.stderr
    assert not page.exists()


def test_a_page_that_cannot_be_written_is_said(patches: tuple[Path, Path], tmp_path: Path) -> None:
    ran = command("conflicts", *flags(patches), "--html", tmp_path / "no-folder" / "page.html")
    assert ran.code == 1
    assert "page.html: No such file or directory" in ran.stderr
