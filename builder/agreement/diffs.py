"""Diffs made from known edits, so that they can be made wrong on purpose: unified or in context format."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import NamedTuple

_NO_NEWLINE = b"\\ No newline at end of file\n"
_TIME = b"\t2001-02-03 04:05:06.000000000 +0000"
_NO_TIME = b"\t1970-01-01 00:00:00.000000000 +0000"


class Edit(NamedTuple):
    """From line `at` (from 0) on, `removed` lines go and `added` come."""

    at: int
    removed: int
    added: tuple[bytes, ...]


class Change(Enum):
    """What the head of a diff says of its file."""

    EDIT = "edit"
    CREATE = "create"
    REMOVE = "remove"


def edited(old: list[bytes], edits: list[Edit]) -> list[bytes]:
    """The file after the edits."""
    new: list[bytes] = []
    done = 0
    for edit in edits:
        new += [*old[done : edit.at], *edit.added]
        done = edit.at + edit.removed
    return [*new, *old[done:]]


@dataclass(slots=True)
class Hunk:
    """A hunk: its lines as (kind, text), kind " ", "-" or "+", and where it says to be."""

    old_start: int
    new_start: int
    lines: list[tuple[str, bytes]]
    lie_old: int = 0
    lie_new: int = 0

    def shift(self, by: int) -> None:
        self.old_start = max(self.old_start + by, 0)
        self.new_start = max(self.new_start + by, 0)

    def lie(self, random: Random) -> None:
        """Wrong counts."""
        self.lie_old, self.lie_new = random.choice(((1, 0), (0, 1), (1, 1), (-1, -1), (0, -1), (2, 2)))

    def edit_context(self, random: Random) -> None:
        places = [index for index, (kind, _) in enumerate(self.lines) if kind != "+"]
        if places:
            # Mostly at the ends, where fuzz can help.
            index = random.choice((places[0], places[-1], random.choice(places)))
            kind, text = self.lines[index]
            self.lines[index] = (kind, b"other " + text)

    def drop_context(self, random: Random) -> None:
        for _ in range(random.randint(1, 3)):
            end = random.choice((0, -1))
            if len(self.lines) > 1 and self.lines[end][0] == " ":
                del self.lines[end]
                if end == 0:
                    self.old_start += 1
                    self.new_start += 1

    def count(self, without: str) -> int:
        return sum(kind != without for kind, _ in self.lines)


@dataclass(slots=True)
class Diff:
    """The diff of one file."""

    head: bytes
    names: tuple[bytes, bytes]
    hunks: list[Hunk]
    context_format: bool = False

    @classmethod
    def of(
        cls, random: Random, path: str, old: list[bytes], edits: list[Edit], change: Change = Change.EDIT
    ) -> Diff:
        context = random.choice((0, 1, 2, 3, 3, 3, 3, 5))
        # diff joins hunks whose context touches; patches by hand may not.
        gap = 2 * context if random.random() < 0.7 else random.randint(0, 2 * context)
        name = path.encode()
        old_name, new_name = (
            b"a/" + name + random.choice((b"", _TIME)),
            b"b/" + name + random.choice((b"", _TIME)),
        )
        nothing = random.choice((b"/dev/null", b"a/" + name + _NO_TIME, b"a/" + name))
        if change is Change.CREATE:
            old_name = nothing
        if change is Change.REMOVE:
            new_name = nothing
        head = b"some words about it\n\n" if random.random() < 0.05 else b""
        return cls(head, (old_name, new_name), _hunks(old, edits, context, gap))

    @classmethod
    def with_context(cls, path: str, old: list[bytes], edits: list[Edit]) -> Diff:
        """As `diff -u` makes it."""
        name = path.encode()
        return cls(b"", (b"a/" + name, b"b/" + name), _hunks(old, edits, 3, 6))

    def crlf_lines(self) -> None:
        """The lines of the file have CRLF, the patch's own have not."""
        for hunk in self.hunks:
            hunk.lines = [(kind, text.replace(b"\n", b"\r\n")) for kind, text in hunk.lines]

    def render(self) -> bytes:
        """The bytes of a patch file."""
        if not self.hunks:
            return b""
        if self.context_format:
            head = b"*** %s\n--- %s\n" % self.names
            return self.head + head + b"".join(_context_hunk(hunk) for hunk in self.hunks)
        head = b"--- %s\n+++ %s\n" % self.names
        return self.head + head + b"".join(_unified_hunk(hunk) for hunk in self.hunks)


def _hunks(old: list[bytes], edits: list[Edit], context: int, gap: int) -> list[Hunk]:
    groups: list[list[Edit]] = []
    for edit in edits:
        last = groups[-1][-1] if groups else None
        if last is not None and edit.at - (last.at + last.removed) <= gap:
            groups[-1].append(edit)
        else:
            groups.append([edit])
    hunks = []
    grown = 0
    for group in groups:
        first, end = max(group[0].at - context, 0), group[-1].at + group[-1].removed
        lines: list[tuple[str, bytes]] = []
        at = first
        for edit in group:
            lines += [(" ", line) for line in old[at : edit.at]]
            lines += [("-", line) for line in old[edit.at : edit.at + edit.removed]]
            lines += [("+", line) for line in edit.added]
            at = edit.at + edit.removed
        lines += [(" ", line) for line in old[at : end + context]]
        hunk = Hunk(first, first + grown, lines)
        # The number of the first line; of the line before it if there are none.
        hunk.old_start += bool(hunk.count("+"))
        hunk.new_start += bool(hunk.count("-"))
        hunks.append(hunk)
        grown += sum(len(edit.added) - edit.removed for edit in group)
    return hunks


def _unified_hunk(hunk: Hunk) -> bytes:
    counts = hunk.count("+") + hunk.lie_old, hunk.count("-") + hunk.lie_new
    old, new = (
        b"%d" % start if count == 1 else b"%d,%d" % (start, count)
        for start, count in zip((hunk.old_start, hunk.new_start), counts, strict=True)
    )
    return b"@@ -%s +%s @@\n" % (old, new) + b"".join(_line(kind.encode(), text) for kind, text in hunk.lines)


def _line(mark: bytes, text: bytes) -> bytes:
    return mark + text if text.endswith(b"\n") else mark + text + b"\n" + _NO_NEWLINE


def _context_hunk(hunk: Hunk) -> bytes:
    old, new = [], []
    for start, end, both in _runs(hunk.lines):
        for kind, text in hunk.lines[start:end]:
            if kind == " ":
                old.append(_line(b"  ", text))
                new.append(_line(b"  ", text))
            else:
                mark = b"! " if both else kind.encode() + b" "
                (old if kind == "-" else new).append(_line(mark, text))
    kinds = {kind for kind, _ in hunk.lines}
    old_range = _context_range(hunk.old_start, hunk.count("+") + hunk.lie_old)
    new_range = _context_range(hunk.new_start, hunk.count("-") + hunk.lie_new)
    return b"".join(
        (
            b"***************\n*** %s ****\n" % old_range,
            *(old if "-" in kinds else ()),
            b"--- %s ----\n" % new_range,
            *(new if "+" in kinds else ()),
        )
    )


def _context_range(start: int, count: int) -> bytes:
    return b"%d,%d" % (start, start + count - 1) if count > 1 else b"%d" % start


def _runs(lines: list[tuple[str, bytes]]) -> list[tuple[int, int, bool]]:
    """The runs of context and of changes, as (first, end, whether it has both removed and added lines)."""
    runs: list[tuple[int, int, bool]] = []
    start = 0
    for index in range(1, len(lines) + 1):
        if index == len(lines) or (lines[index][0] == " ") != (lines[start][0] == " "):
            runs.append((start, index, len({kind for kind, _ in lines[start:index]}) == 2))
            start = index
    return runs
