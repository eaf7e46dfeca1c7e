"""What a compiler said, as data: warnings counted per file and per patch, errors with the lines around them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

from msgspec import Struct

from builder.patching.findings import Owner
from builder.sources.tree import Tree

_MESSAGE = re.compile(
    rb"^(?P<path>[^\s:]+\.[chS](?:[12])?):(?P<line>\d+):(?:\d+:)? (?P<kind>warning|error|fatal error): (?P<text>.*)$"
)
_AROUND = 3

OwnerOf = Callable[[str, int], Owner | None]


class Message(Struct, frozen=True, kw_only=True):
    """One warning or error; `owner` is the patch and hunk that wrote the line, None for the base."""

    path: str
    line: int
    kind: str
    text: str
    owner: Owner | None = None


class Warnings(Struct, frozen=True, kw_only=True):
    """How many warnings there were, by file and by the patch whose line it is ("" for the base)."""

    total: int
    by_file: dict[str, int]
    by_patch: dict[str, int]


def read_messages(log: bytes, owner_of: OwnerOf) -> Iterator[Message]:
    """The warnings and errors in a log of gcc or clang, each with the owner of its line."""
    for raw in log.splitlines():
        match = _MESSAGE.match(raw)
        if match is None:
            continue
        path, line = match["path"].decode("utf-8", "replace").removeprefix("./"), int(match["line"])
        yield Message(
            path=path,
            line=line,
            kind="warning" if match["kind"] == b"warning" else "error",
            text=match["text"].decode("utf-8", "replace"),
            owner=owner_of(path, line),
        )


def count_warnings(messages: list[Message]) -> Warnings:
    """The warnings among `messages`, counted. A header's warning counts once for each file that includes it."""
    warnings = [message for message in messages if message.kind == "warning"]
    by_file = Counter(message.path for message in warnings)
    by_patch = Counter(message.owner.patch if message.owner else "" for message in warnings)
    return Warnings(
        total=len(warnings), by_file=dict(sorted(by_file.items())), by_patch=dict(sorted(by_patch.items()))
    )


def explain(message: Message, tree: Tree) -> str:
    """An error with the source lines around it and who wrote the line, as text of several lines."""
    whose = f"hunk {message.owner.hunk} of {message.owner.patch}" if message.owner else "the base"
    shown = [f"{message.path}:{message.line}: {message.text}", f"  (the line is from {whose})"]
    file = tree.get(message.path)
    if file is not None:
        lines = file.data.decode("utf-8", "replace").splitlines()
        first = max(message.line - _AROUND, 1)
        for number, line in enumerate(lines[first - 1 : message.line + _AROUND - 1], first):
            mark = ">" if number == message.line else " "
            shown.append(f"  {mark} {number:4}  {line}")
    return "\n".join(shown)
