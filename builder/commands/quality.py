"""`test` and `check`: the project's own tests, linters and types. Only in a checkout."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from builder import process
from builder.errors import BackendError, FindingsError

_TOP = Path(__file__).resolve().parent.parent.parent
_GATES = {
    "ruff check": ("ruff", "check", "--quiet", "."),
    "ruff format": ("ruff", "format", "--check", "--quiet", "."),
    "mypy": ("mypy",),
    "import-linter": ("lint-imports", "--no-logo"),
    "codespell": ("codespell",),
}
"""The linters by name: programs of the virtual environment, run at the top of the checkout."""


def check() -> None:
    """Run every gate, also after one has failed. FindingsError names those that did."""
    failed = []
    for name, words in _GATES.items():
        print(f"== {name}", flush=True)
        if _run(words):
            failed.append(name)
    if failed:
        raise FindingsError(f"Not clean: {', '.join(failed)}.")


def test(arguments: Sequence[str]) -> None:
    """Run the tests on all processors; `arguments` go to pytest."""
    code = _run(("pytest", "-n", "auto", *arguments))
    if code:
        raise FindingsError(f"The tests failed (pytest's exit code {code}).")


def _run(words: Sequence[str]) -> int:
    """Run a program of the virtual environment in the checkout, with our own terminal; its exit code."""
    if not (_TOP / "tests").is_dir():
        raise BackendError("This is an installed qmail-builder: its tests are in the checkout.")
    program, *arguments = words
    return process.foreground([Path(sys.executable).parent / program, *arguments], cwd=_TOP)
