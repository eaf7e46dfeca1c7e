"""The C text of the constants that auto-str, auto-int and auto-int8 write, made here instead of by those programs."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from builder.configure.makefile import Command
from builder.sources.tree import Tree

_GENERATOR = re.compile(
    r"\./(?P<program>auto-str|auto-int|auto-int8)\s+(?P<name>\w+)\s+(?P<quote>\"?)`(?P<lines>[^`]+)`(?P=quote)"
    r"\s*>\s*(?P<file>\S+)"
)
_LINE_OF = re.compile(
    r"head -(?:n )?(?P<only>1) (?P<head>conf-[\w-]+)"
    r"|head -(?:n )?(?P<last>\d+) (?P<tail>conf-[\w-]+) \| tail -(?:n )?1"
    r"|sed -n (?P<nth>\d+)p (?P<sed>conf-[\w-]+)"
)
_TAKEN_APART = "*?[\\"
"""What a shell would not leave as it is in a word without quotes."""


def text_constant(name: str, value: bytes) -> bytes:
    """A string, as auto-str writes it: in octal, which needs no thought about quotes and backslashes."""
    octal = "".join(f"\\{byte:03o}" for byte in value)
    return f'char {name}[] = "\\\n{octal}\\\n";\n'.encode()


def number_constant(name: str, value: int) -> bytes:
    """A number, as auto-int and auto-int8 write it."""
    return f"int {name} = {value};\n".encode()


def generated(recipe: Sequence[Command], target: str, tree: Tree) -> bytes | None:
    """What a recipe writes into `target` with one of the three programs and a line of a conf-* file.

    None if the recipe does anything else, or if the line is nothing that the program takes.
    """
    first, *others = (" ".join(command.text.replace("\\\n", " ").split()) for command in recipe)
    match = _GENERATOR.fullmatch(first)
    if match is None or others not in ([], [f"mv {match['file']} {target}"]):
        return None
    if match["file"] != target and not others:
        return None
    value = _line(match["lines"], tree)
    if value is not None and not match["quote"]:
        words = value.split()
        value = words[0] if words and not any(character in value for character in _TAKEN_APART) else None
    return None if value is None else _constant(match["program"], match["name"], value)


def _constant(program: str, name: str, value: str) -> bytes | None:
    if program == "auto-str":
        return text_constant(name, os.fsencode(value))
    base = 8 if program == "auto-int8" else 10
    digits = "01234567" if base == 8 else "0123456789"
    if not value or value.strip(digits):
        return None
    return number_constant(name, int(value, base))


def _line(command: str, tree: Tree) -> str | None:
    """The line of a conf-* file that a command prints."""
    match = _LINE_OF.fullmatch(command)
    if match is None:
        return None
    file = tree.get(match["head"] or match["tail"] or match["sed"])
    lines = file.data.decode("utf-8", "surrogateescape").splitlines() if file else []
    number = int(match["only"] or match["last"] or match["nth"])
    return lines[number - 1] if number <= len(lines) else None
