"""TOML files into validated values, with messages that name the file, the key and the line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from builder.errors import UsageError
from builder.recipes.model import Base, Image, PatchSpec, Recipe

Kind = TypeVar("Kind", Recipe, PatchSpec, Base, Image)

_HEADER = re.compile(r"^\s*\[\[?\s*([^\]]+?)\s*\]\]?")
_KEY = re.compile(r"""^\s*(?:"([^"]+)"|'([^']+)'|([A-Za-z0-9_-]+))\s*[.=]""")
_TYPES = {bool: "bool", int: "int", float: "float", str: "str", list: "array", dict: "object"}


def load(path: Path, kind: type[Kind]) -> Kind:
    """The recipe, patch or base in the file. UsageError that says `file:line: key: what is wrong` if there is none."""
    try:
        text = path.read_bytes().decode()
        data = tomllib.loads(text)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8, at byte {error.start}.") from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path} is not TOML: {error}.") from error
    try:
        value = msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise _explained(path, text, data, str(error)) from error
    expected = path.parent.name if kind is PatchSpec else path.stem
    if value.name != expected:
        line = line_of(text, ("name",))
        raise UsageError(
            f'{path}:{line}: name: is "{value.name}", but the place of the file says "{expected}".'
        )
    return value


def _explained(path: Path, text: str, data: dict[str, Any], message: str) -> UsageError:
    what, _, where = message.partition(" - at ")
    keys = re.findall(r"\.([^.\[\]`]+)|\[(\d+|\.\.\.)\]", where)
    names = [name or index for name, index in keys]
    unknown = re.search(r"unknown field `([^`]+)`", what)
    missing = re.search(r"missing required field `([^`]+)`", what)
    if unknown:
        names.append(unknown[1])
        what = "there is no such key"
    elif missing:
        return UsageError(f"{path}: {'.'.join([*names, missing[1]])}: is missing.")
    elif names and names[-1] == "...":
        names[-1:] = _entry_with(data, names[:-1], what)
    elif where.startswith("`key`"):
        names += _entry_with(data, names, what)
    shown = what[0].lower() + what[1:].replace("`", "")
    about = f"{'.'.join(names)}: " if names else ""
    return UsageError(f"{path}:{line_of(text, tuple(names))}: {about}{shown}.")


def _entry_with(data: Any, names: list[str], what: str) -> list[str]:
    """The key that an error in a free-form table is about: msgspec says only which type it did not expect there."""
    for name in names:
        data = data[name]
    got = re.search(r"got `(\w+)`", what)
    pattern = re.search(r"matching regex '(.+)'", what)
    for key, value in data.items():
        if (got and _TYPES.get(type(value)) == got[1]) or (pattern and not re.search(pattern[1], key)):
            return [key]
    return []


def line_of(text: str, names: tuple[str, ...]) -> int:
    """The line, from 1, where a key stands in a TOML file; that of its table or 1 if it is written in another way.

    >>> line_of('name = "a"\\n[conf]\\nconf-spawn = 3\\n', ("conf", "conf-spawn"))
    3
    """
    table: list[str] = []
    best, depth = 1, 0
    for number, line in enumerate(text.splitlines(), 1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header and not key:
            table = [part.strip("\"'") for part in header[1].split(".")]
            path = table
        elif key:
            path = [*table, key[1] or key[2] or key[3]]
        else:
            continue
        if len(path) > depth and tuple(path) == names[: len(path)]:
            best, depth = number, len(path)
    return best
