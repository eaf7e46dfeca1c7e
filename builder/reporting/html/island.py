"""The data of the page, as JSON that can stand inside a `<script>` element.

Every text is there once and is named by its number: (A, B) and (B, A) dispute the same lines, and so do many patches.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from builder.conflicts.values import Collision, Matrix, Outcome
from builder.patching.patch import ADDED, REMOVED, Hunk, Patch
from builder.recipes.again import Again
from builder.reporting.conflicts.words import KINDS, QUIET, SIGNS
from builder.reporting.html.orders import NEEDS_WORK, orders
from builder.reporting.html.texts import shown
from builder.reporting.screen import printable

_COMMANDS: Mapping[Outcome, Sequence[str]] = {
    Outcome.CLEAN: ("apply {on} {series}",),
    Outcome.OFFSET: ("apply {on} {series}",),
    Outcome.FUZZ: ("apply {on} {series} --fuzz 2", "explain {second} {on} {series}"),
    Outcome.RESOLVED: ("resolve {on} {series}", "conflicts {on} {pair} --compile"),
    Outcome.HIDDEN: ("explain {second} {on} {series} --fuzz 2", "conflicts {on} {pair} --compile"),
    Outcome.SEMANTIC: ("conflicts {on} {pair} --compile",),
    Outcome.CONFLICT: ("resolve {on} {series}", "explain {second} {on} {series}"),
}
"""What to type next. `{pair}` are the two patches, `{series}` also what they need, both as --patch flags."""


def mark(outcome: Outcome) -> str:
    """One character for a cell: of those that the text report uses, the faint one where nothing needs to be seen."""
    sign = SIGNS[outcome].mark
    return sign[0] if outcome in QUIET else sign[1].upper()


def island(matrix: Matrix, patches: Mapping[str, Patch], typed: Mapping[str, str], again: Again) -> str:
    """The JSON. `<` is written as an escape in it: so no text can end the element, or begin a comment in it."""
    data = _Island(matrix, patches, typed, again).data()
    return msgspec.json.encode(data).decode().replace("<", "\\u003c")


class _Island:
    def __init__(
        self, matrix: Matrix, patches: Mapping[str, Patch], typed: Mapping[str, str], again: Again
    ) -> None:
        self._matrix = matrix
        self._patches = patches
        self._typed = typed
        self._again = again
        self._texts: dict[str, int] = {}
        self._collisions: dict[tuple[int, ...], int] = {}
        self._outcomes = list(SIGNS)

    def data(self) -> dict[str, Any]:
        place = {patch.name: number for number, patch in enumerate(self._matrix.patches)}
        pairs = [
            (
                place[pair.first],
                place[pair.second],
                self._outcomes.index(pair.outcome),
                pair.compiles,
                self._text(pair.note),
                self._text(pair.advice),
                pair.refused,
                [self._collision(collision, pair.first, pair.second) for collision in pair.collisions],
            )
            for pair in self._matrix.pairs
        ]
        return {
            "base": printable(self._matrix.base),
            "on": f"--base {shlex.quote(self._matrix.base)}",
            "outcomes": [
                {
                    "id": outcome.value,
                    "mark": mark(outcome),
                    "means": sign.meaning,
                    "work": outcome in NEEDS_WORK,
                    "commands": [self._command(command) for command in _COMMANDS[outcome]],
                }
                for outcome, sign in SIGNS.items()
            ],
            "patches": [
                {
                    "name": printable(patch.name),
                    "typed": printable(shlex.quote(self._typed.get(patch.name, patch.name))),
                    "alone": patch.alone,
                    "sha256": patch.sha256,
                    "needs": [printable(name) for name in patch.needs],
                }
                for patch in self._matrix.patches
            ],
            "orders": orders(self._matrix),
            "pairs": pairs,
            "collisions": list(self._collisions),
            "texts": list(self._texts),
        }

    def _command(self, command: str) -> tuple[str, str]:
        """A command with what the page is to fill in, and how it ends: a path may have braces of its own."""
        return f"./inv {command}", printable(shlex.join(self._again.inputs(command.split(maxsplit=1)[0])))

    def _collision(self, collision: Collision, first: str, second: str) -> int:
        """Its number. Equal ones of several pairs are one."""
        entry = (
            self._text(collision.path),
            self._text(collision.function),
            self._text(KINDS[collision.kind]),
            collision.first_hunk,
            collision.second_hunk,
            collision.base_line,
            self._text(collision.base),
            self._text(collision.first),
            self._text(collision.second),
            self._text(collision.merged),
            self._text(collision.how),
            self._text(collision.advice),
            self._text(self._hunk(first, collision.path, collision.first_hunk)),
            self._text(self._hunk(second, collision.path, collision.second_hunk)),
        )
        return self._collisions.setdefault(entry, len(self._collisions))

    def _text(self, text: str) -> int:
        return self._texts.setdefault(shown(text), len(self._texts))

    def _hunk(self, patch: str, path: str, number: int) -> str:
        """A hunk as its patch has it, as a unified diff; empty if the patch is not at hand or it is the whole file."""
        given = self._patches.get(patch)
        for change in given.files if given and number else ():
            if any(name == path or name.endswith(f"/{path}") for name in (change.old_path, change.new_path)):
                hunks = [hunk for hunk in change.hunks if hunk.number == number]
                return _as_diff(hunks[0]) if hunks else ""
        return ""


def _as_diff(hunk: Hunk) -> str:
    old = sum(kind != ADDED for kind, _ in hunk.lines)
    new = sum(kind != REMOVED for kind, _ in hunk.lines)
    head = f"@@ -{hunk.old_start},{old} +{hunk.new_start},{new} @@".encode()
    lines = (
        kind.encode() + text + (b"" if text.endswith(b"\n") else b"\n\\ No newline at end of file\n")
        for kind, text in hunk.lines
    )
    section = b" " + hunk.section.strip() if hunk.section else b""
    return b"".join((head, section, b"\n", *lines)).decode("utf-8", "surrogateescape")
