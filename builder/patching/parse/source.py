"""The patch file while it is read: its lines, where they are, and what was found odd in them."""

from __future__ import annotations

from itertools import accumulate

from builder.patching.lines import split_lines
from builder.patching.parse import limits
from builder.patching.parse.error import PatchError
from builder.patching.patch import Line, ParseNote

BLANKS = b" \tX"
"""What may stand before the lines of an indented diff; the X is from mailers of old."""
_TAB = 9


class Source:
    """The lines of a patch file, counted from 0, and the notes made on the way."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self.data = data
        limits.refuse_size(name, data)
        self.lines = split_lines(data)
        self.offsets = list(accumulate(map(len, self.lines), initial=0))
        """Where each line begins; one more than there are lines."""
        self.firsts = bytes([line[0] for line in self.lines]).decode("latin-1")
        """How each line begins."""
        self.texts = tuple([line[1:] for line in self.lines])
        """The lines without that."""
        partial = bool(self.lines) and not data.endswith(b"\n") and not self.lines[-1].startswith(b"\\")
        self.whole = len(self.lines) - partial
        """How many lines there are that are not cut short, as the last one may be; GNU patch drops it."""
        self.notes: list[ParseNote] = []

    def note(self, rule: str, at: int, text: str) -> None:
        self.notes.append(ParseNote(rule, at + 1, text))

    def malformed(
        self, rule: str, at: int, why: str, *, hint: str = "Compare it with the original."
    ) -> PatchError:
        """The error for what is wrong at line `at`."""
        return PatchError(f"Patch {self.name}, line {at + 1}: {why}.", rule=rule, line=at + 1, hint=hint)

    def starts(self, at: int, prefix: bytes) -> bool:
        """Whether there is a line `at` and it begins so."""
        return at < len(self.lines) and self.lines[at].startswith(prefix)


def shown(line: bytes) -> str:
    """A line of the patch as part of a message: short, on one line, harmless for a terminal."""
    text = line.rstrip(b"\r\n").decode("utf-8", "backslashreplace")
    text = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text[:61])
    return text if len(text) <= 60 else text[:59] + "…"


def without_end(line: Line) -> Line:
    """The line before a marker such as "\\ No newline at end of file", in whatever language."""
    return Line(line.kind, line.text.removesuffix(b"\n"))


class Dress:
    """What a patch's lines wear that is not theirs: an indentation, CRs at the ends. GNU patch takes off the same."""

    def __init__(self, *, crlf: bool, indent: int) -> None:
        self.crlf = crlf
        self.indent = indent
        self.plain = not crlf and indent == 0
        """Whether there is nothing to take off."""

    def off(self, line: bytes) -> bytes:
        """The line itself."""
        if self.plain:
            return line
        if self.indent:
            line = _dedented(line, self.indent)
        if self.crlf and line.endswith(b"\r\n"):
            line = line[:-2] + b"\n"
        return line


def indentation(before: bytes) -> int:
    """How many columns the BLANKS before a line take up."""
    columns = 0
    for char in before:
        columns += 8 - columns % 8 if char == _TAB else 1
    return columns


def _dedented(line: bytes, columns: int) -> bytes:
    """The line without blanks of so many columns before it, or as many as it has."""
    at = done = 0
    while done < columns and at < len(line) and line[at] in BLANKS:
        done += 8 - done % 8 if line[at] == _TAB else 1
        at += 1
    return line[at:]
