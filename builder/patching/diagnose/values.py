"""Why a hunk failed, as plain data for reports."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from builder.patching.findings import Owner


class Verdict(StrEnum):
    """What is wrong, in a word that never changes its meaning."""

    ALREADY_APPLIED = "already-applied"
    """Its change is there."""
    NOT_APPLIED = "not-applied"
    """It is to be taken back, and its change is not there."""
    REVERSED = "reversed"
    """The patch has old and new swapped."""
    WHITESPACE = "whitespace"
    """Its lines are there but for blanks or line ends."""
    REWRITTEN = "rewritten"
    """An earlier patch changed the lines that it removes."""
    CONTEXT_CHANGED = "context-changed"
    """An earlier patch changed lines around its change."""
    PREREQUISITE_MISSING = "prerequisite-missing"
    """It expects lines that some patch before it should have put there."""
    WRONG_BASE = "wrong-base"
    """It fits another base."""
    WRONG_STRIP = "wrong-strip"
    """It fits another file, with another strip level."""
    MOVED = "moved"
    """It fits, but further away than is allowed, or in another function."""


class Difference(Struct, frozen=True, kw_only=True):
    """The first line that is not as the hunk expects. Blanks are visible: · for a blank, → for a tab, ␍ for a
    carriage return and ␄ at the end of a line that has no line end."""

    line: int
    """Line number in the file, from 1."""
    expected: str
    """Empty where the file is to begin or end; an empty line is empty too."""
    found: str
    """Empty where the file ends."""


class Diagnosis(Struct, frozen=True, kw_only=True):
    """One hunk that failed. Line numbers count from 1, functions are names, "" for none or unknown."""

    patch: str
    path: str
    n: int
    """Hunk `n` of `of` in its file."""
    of: int
    patch_line: int
    expected_line: int
    candidate_line: int | None
    """Where the file is most like what the hunk expects; None if it is nowhere like it."""
    similarity: float
    """How much of the hunk's old lines is there, from 0 to 1."""
    expected_function: str
    candidate_function: str
    difference: Difference | None
    owner: Owner | None
    """Which hunk put the differing line there or took the expected one away; None: the base is so."""
    verdict: Verdict
    detail: str
    """The reason in one sentence, without a full stop."""
    next_command: str


def visible(line: bytes) -> str:
    """A line with its blanks made visible."""
    text = line.removesuffix(b"\n").decode("utf-8", "backslashreplace")
    shown = text.replace(" ", "·").replace("\t", "→").replace("\r", "␍")
    plain = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in shown)
    return plain if line.endswith(b"\n") else f"{plain}␄"
