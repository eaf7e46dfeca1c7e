"""What text can be shown, and how: the width and the colours of the terminal, and bytes of patches made harmless."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import unicodedata
from dataclasses import dataclass

_CODES = {"red": "31", "green": "32", "yellow": "33", "dim": "2", "bold": "1"}
_WIDE = 140
_NARROWEST = 30


@dataclass(frozen=True, slots=True)
class Screen:
    """Where text will be read. `terminal` is false for a file or a pipe: lines there are as long as they are."""

    width: int = 80
    colour: bool = False
    terminal: bool = False

    @classmethod
    def of_stdout(cls) -> Screen:
        """The terminal that stdout is, with colours unless NO_COLOR is set; otherwise a plain page."""
        if not sys.stdout.isatty():
            return cls()
        wants_colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        return cls(shutil.get_terminal_size().columns, wants_colour, terminal=True)

    @property
    def wide(self) -> bool:
        """Whether two columns of code fit next to each other."""
        return self.terminal and self.width >= _WIDE

    def wrapped(self, text: str, *, indent: int) -> list[str]:
        """`text` in lines that fit behind `indent` columns; a page has no width, so there it is one line."""
        if not self.terminal:
            return [text]
        # In a window too narrow for that, lines of a few words are better than one for each.
        room = max(self.width - indent, _NARROWEST)
        return textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [text]

    def paint(self, text: str, colour: str) -> str:
        """`text` in red, green, yellow, dim or bold, where there are colours."""
        return f"\033[{_CODES[colour]}m{text}\033[0m" if self.colour and text else text


def printable(text: str) -> str:
    """Text from a patch with what would steer a terminal, or cannot be printed, written as \\x1b."""
    return "".join(char if _harmless(char) else _escaped(char) for char in text)


def code(line: bytes) -> str:
    """A line of a file without its line end, tabs as blanks."""
    return printable(line.rstrip(b"\r\n").decode("utf-8", "surrogateescape").expandtabs(8))


def shortened(text: str, width: int) -> str:
    """`text` in at most `width` columns, with … for what was cut off."""
    return text if columns(text) <= width else f"{_cut(text, width - 1)}…"


def padded(text: str, width: int) -> str:
    """`text` in exactly `width` columns."""
    text = shortened(text, width)
    return text + " " * (width - columns(text))


def columns(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    return sum(_columns_of(char) for char in text)


def _cut(text: str, width: int) -> str:
    taken = 0
    for index, char in enumerate(text):
        taken += _columns_of(char)
        if taken > width:
            return text[:index]
    return text


def _columns_of(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _harmless(char: str) -> bool:
    # Control characters, lone surrogates (bytes that are no UTF-8), and marks that turn the writing direction.
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _escaped(char: str) -> str:
    number = ord(char)
    if 0xDC80 <= number <= 0xDCFF:
        number -= 0xDC00
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
