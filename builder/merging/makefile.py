"""Makefiles: what a line depends on and what is linked are lists of words, however the lines are broken.

A *logical line* is a line with its continuations. Words are compared without regard to how they are spread over lines;
`` `cat socket.lib` `` is one word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from builder.merging.dispute import Dispute, Settled
from builder.merging.merged import How, Shared
from builder.merging.sequences import Chunk, Who, chunks
from builder.patching.lines import split_lines

_WORD = re.compile(rb"((?:[ \t\r\n]|\\\r?\n)*)(`[^`]*`|\$\([^)]*\)|[^\s\\`]+|[\\`])")
_BLANKS = re.compile(rb"(?:[ \t\r\n]|\\\r?\n)+")
_LINKS = re.compile(rb"(?:\./(?:load|makelib)|cc|gcc|g\+\+|\$\((?:CC|CXX|LD)\))\Z")
_RULE = re.compile(rb"[\w.$()/%+-]+:\Z")
_WIDTH = 79

_Made = tuple[list[bytes], list[Shared]]

_BOTH = "Both sides added lines to the makefile here: ours come first, then theirs."


@dataclass(frozen=True)
class Logical:
    """A logical line: its words and the blanks before each; what is behind the last word is `rest`."""

    words: tuple[bytes, ...]
    blanks: tuple[bytes, ...]
    data: bytes
    rest: bytes

    @cached_property
    def plain(self) -> tuple[bytes, ...]:
        """The words, those in backquotes with one blank between what is in them."""
        return tuple(map(_plain, self.words))

    @cached_property
    def key(self) -> bytes:
        """What it says, to compare it with others. A command is not the same as a line without a tab."""
        return (b"\t" if self.data.startswith(b"\t") else b"") + b" ".join(self.plain)

    @cached_property
    def breaks(self) -> tuple[bytes, ...]:
        """The words before which the line is broken."""
        if b"\\" not in self.data:
            return ()
        return tuple([word for word, blanks in zip(self.words, self.blanks, strict=True) if b"\n" in blanks])

    @cached_property
    def head(self) -> tuple[bytes, ...]:
        """What a line is known by if its words change: the target of a rule, the program that is linked."""
        if self.data.startswith(b"\t"):
            return self.words[:2] if self.words and _LINKS.match(self.words[0]) else ()
        if self.words and _RULE.match(self.words[0]):
            return self.words[:1]
        return ()

    @cached_property
    def identity(self) -> bytes:
        """What a line is known by, whatever its list is."""
        return b" ".join(self.head) or self.key


@lru_cache(maxsize=64)
def spans(lines: tuple[bytes, ...]) -> Sequence[tuple[int, int]]:
    """For each line the range of lines that belong to the same logical one; kept, as one base meets many patches."""
    found: list[tuple[int, int]] = []
    start = 0
    for at, line in enumerate(lines):
        if not _continues(line) or at == len(lines) - 1:
            found += [(start, at + 1)] * (at + 1 - start)
            start = at + 1
    return found


def _continues(line: bytes) -> bool:
    return line.rstrip(b"\r\n").endswith(b"\\") and line.endswith(b"\n")


def _plain(word: bytes) -> bytes:
    return _BLANKS.sub(b" ", word) if word.startswith(b"`") else word


@lru_cache(maxsize=1024)
def logical_lines(lines: tuple[bytes, ...]) -> tuple[Logical, ...]:
    """Lines as logical ones; kept, as patches are merged in both orders."""
    found: list[Logical] = []
    part: list[bytes] = []
    for line in lines:
        part.append(line)
        if not _continues(line):
            found.append(_read(b"".join(part)))
            part = []
    return (*found, _read(b"".join(part))) if part else tuple(found)


@lru_cache(maxsize=4096)
def _read(data: bytes) -> Logical:
    found = _WORD.findall(data)
    end = sum(len(blanks) + len(word) for blanks, word in found)
    return Logical(
        tuple([word for _, word in found]), tuple([blanks for blanks, _ in found]), data, data[end:]
    )


def by_words(dispute: Dispute) -> Settled | None:
    """The rules with the words of both sides; None if both changed the same word, or a line that is no list."""
    base, ours, theirs = (logical_lines(side) for side in (dispute.base, dispute.ours, dispute.theirs))
    lines: list[bytes] = []
    shared: list[Shared] = []
    added = False
    for chunk in chunks(*([logical.identity for logical in side] for side in (base, ours, theirs))):
        was, mine, yours = base[slice(*chunk.base)], ours[slice(*chunk.ours)], theirs[slice(*chunk.theirs)]
        made = _made(chunk.who, was, mine, yours)
        if made is None:
            return None
        lines += made[0]
        shared += made[1]
        added |= chunk.who is Who.BOTH
    note = "Both sides changed lists of the makefile: they have the words of both, less those that either removed."
    only_added = added and not dispute.base
    return Settled(
        lines=tuple(split_lines(b"".join(lines))),
        how=How.BOTH_ADDED if only_added else How.LIST,
        note=_BOTH if only_added else note,
        shared=tuple(shared),
    )


def _made(
    who: Who, base: Sequence[Logical], ours: Sequence[Logical], theirs: Sequence[Logical]
) -> _Made | None:
    """What becomes of some logical lines, of which `who` put in or took out some: texts, and what both did alike."""
    match who:
        case Who.NOBODY:
            merged = [_merged(*logicals) for logicals in zip(base, ours, theirs, strict=True)]
            done = [one for one in merged if one is not None]
            texts, shared = [text for text, _ in done], [one for _, both in done for one in both]
            return (texts, shared) if len(done) == len(merged) else None
        case Who.OURS | Who.THEIRS:
            new, other = (ours, theirs) if who is Who.OURS else (theirs, ours)
            # Else one side removed a list that the other changed.
            return ([logical.data for logical in new], []) if _say_the_same(other, base) else None
        case Who.SAME:
            change = Shared(_data(base), _data(ours))
            return ([logical.data for logical in ours], [change]) if _say_the_same(ours, theirs) else None
        case Who.BOTH:
            apart = not base and not _targets(ours) & _targets(theirs)
            return ([_ended(logical.data) for logical in [*ours, *theirs]], []) if apart else None


def _say_the_same(one: Sequence[Logical], other: Sequence[Logical]) -> bool:
    return [logical.key for logical in one] == [logical.key for logical in other]


def rules(lines: tuple[bytes, ...]) -> Iterator[tuple[bytes, bytes]]:
    """The rules among some lines: target, and the text with the commands."""
    part: list[Logical] = []
    for logical in [*logical_lines(lines), None]:
        if part and (logical is None or not logical.data.startswith(b"\t")):
            yield part[0].head[0], _data(part)
            part = []
        if logical is not None and (part or (logical.head and not logical.data.startswith(b"\t"))):
            part.append(logical)


def said(rule: bytes) -> bytes:
    """What a rule says, to compare it with others."""
    return b"\n".join(line.key for line in logical_lines(tuple(split_lines(rule))))


def _data(logicals: Sequence[Logical]) -> bytes:
    return b"".join(logical.data for logical in logicals)


def _ended(data: bytes) -> bytes:
    return data if data.endswith(b"\n") else data + b"\n"


def _targets(logicals: Sequence[Logical]) -> set[bytes]:
    return {logical.head[0] for logical in logicals if logical.head and not logical.data.startswith(b"\t")}


@dataclass(slots=True)
class _Writer:
    """Puts words and the blanks before them together, and breaks the line before a new word that is too long for it."""

    line: bytes = b""
    done: bytes = b""
    indent: bytes = b""

    def add(self, side: Logical, span: tuple[int, int]) -> None:
        """Words that stand where their own side has them."""
        for at in range(*span):
            self._put(side.blanks[at], side.words[at])

    def add_new(self, words: Sequence[bytes], broken: Sequence[bytes] = ()) -> None:
        """Words for which there was no place in the lines so far; before those in `broken` the line is broken."""
        for word in words:
            fits = len(self.line.expandtabs()) + 1 + len(word) + len(b" \\") <= _WIDTH
            self._put(b" " if fits and word not in broken else b" \\\n" + self.indent, word)

    def _put(self, blanks: bytes, word: bytes) -> None:
        self.line += blanks + word
        if b"\n" in self.line:
            before, _, self.line = self.line.rpartition(b"\n")
            self.done += before + b"\n"


def _merged(base: Logical, ours: Logical, theirs: Logical) -> tuple[bytes, list[Shared]] | None:
    if ours.data in {base.data, theirs.data}:
        same = ours.data != base.data
        return theirs.data, [Shared(base.data, ours.data)] if same else []
    if theirs.data == base.data:
        return ours.data, []
    writer = _Writer(indent=b"\t" if base.data.startswith(b"\t") else b"")
    shared: list[Shared] = []
    # The side whose lines are broken otherwise than in the base says how they are to be broken.
    leader = theirs if ours.breaks == base.breaks else ours
    sides = [side.plain for side in (base, ours, theirs)]
    for chunk in chunks(*sides):
        if chunk.who is Who.BOTH:
            words = _both(chunk, sides)
            if words is None:
                return None
            writer.add_new(words[0], leader.breaks)
            shared += words[1]
            continue
        if chunk.who is Who.SAME:
            shared.append(_shared(chunk, sides))
        if leader is theirs and chunk.who is not Who.OURS:
            writer.add(theirs, chunk.theirs)
        elif leader is ours and chunk.who is not Who.THEIRS:
            writer.add(ours, chunk.ours)
        else:
            writer.add_new(
                sides[1][slice(*chunk.ours)] if leader is theirs else sides[2][slice(*chunk.theirs)]
            )
    rest = leader.rest
    return writer.done + writer.line + (rest if rest.endswith(b"\n") else rest + b"\n"), shared


def _shared(chunk: Chunk, sides: Sequence[Sequence[bytes]]) -> Shared:
    """What both sides made of some words. The word before goes with them: it tells the place from others."""
    old, new = sides[0][slice(*chunk.base)], sides[1][slice(*chunk.ours)]
    before = sides[0][max(chunk.base[0] - 1, 0) : chunk.base[0]]
    return Shared(b" ".join([*before, *old]), b" ".join([*before, *new]))


def _both(chunk: Chunk, sides: Sequence[Sequence[bytes]]) -> tuple[list[bytes], list[Shared]] | None:
    """The words of a place that both changed: those that no side removed, then those that ours put in, then theirs."""
    base, ours, theirs = (
        list(side[slice(*span)])
        for side, span in zip(sides, (chunk.base, chunk.ours, chunk.theirs), strict=True)
    )
    if any(len(set(side)) < len(side) for side in (base, ours, theirs)):
        return None
    new_ours, new_theirs = ([word for word in side if word not in base] for side in (ours, theirs))
    gone_ours, gone_theirs = ([word for word in base if word not in side] for side in (ours, theirs))
    if set(gone_ours) & set(gone_theirs) and set(new_ours) != set(new_theirs):
        return None  # both took out the same word, and at least one put something else in its place
    words = [word for word in ours if word in new_ours or word in theirs]
    words += [word for word in new_theirs if word not in new_ours]
    shared = [Shared(b"", word) for word in new_theirs if word in new_ours]
    shared += [Shared(word, b"") for word in gone_ours if word in gone_theirs]
    return words, shared
