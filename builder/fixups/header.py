"""The file of a fix-up: a header of fixed fields that people can read too, then the diff.

The fields stand each on a line of its own, above everything that a patch program would look at. The digest of the diff
is one of them: where it is no longer true, a person has edited the diff.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NoReturn

from builder.errors import UsageError
from builder.fixups.fixup import FixUp, Ingredient, Settled

_NOT_TRIED = "not tried"
_MAKE = "make it, "
_BY_RESOLVE, _BY_HAND = "resolve", "hand"
_DIFF_BEGINS = re.compile(rb"^(?:--- |diff --git )", re.MULTILINE)
_FIELD = re.compile(r"^(Fix-up|Base|Patch|After|Needs|Made by|Settled|Proof|Compiled|Diff): (.*)$")
_DIGEST = re.compile(r"(?P<name>.+) sha256:(?P<sha256>[0-9a-f]{64})")
_SETTLED = re.compile(
    r"(?P<path>.+?):(?P<line>\d+)(?: in (?P<function>[^()\s]+)\(\))?: (?P<how>[a-z-]+): (?P<note>.*)"
)
_REQUIRED = ("Base", "Patch", "After", "Diff")
_VERSION = "1"


def write(fixup: FixUp) -> bytes:
    """The bytes of a fix-up's file."""
    others = " and ".join(one.name for one in fixup.after)
    maker = "A person settled it" if fixup.by_hand else "`resolve` merged them"
    lines = [
        f"{fixup.patch.name} after {others}: what the patch becomes where {others} came before it.",
        "",
        f"{maker}; look through it before you rely on it. It stands in for the whole patch,",
        "whose licence it has. `resolve` makes it anew when one of the files below has changed.",
        "",
        f"Fix-up: {_VERSION}",
        f"Base: {fixup.base} {fixup.base_tree}",
        f"Patch: {_named(fixup.patch)}",
        *(f"After: {_named(one)}" for one in fixup.after),
        *(f"Needs: {_named(one)}" for one in fixup.needs),
        f"Made by: {_BY_HAND if fixup.by_hand else _BY_RESOLVE}",
        *(f"Settled: {_settled(one)}" for one in fixup.settled),
        *((f"Proof: {_line(fixup.proof)}",) if fixup.proof else ()),
        f"Compiled: {_MAKE + _line(fixup.compiled) if fixup.compiled else _NOT_TRIED}",
        f"Diff: sha256:{hashlib.sha256(fixup.diff).hexdigest()}",
        "",
        "",
    ]
    return "\n".join(lines).encode("utf-8", "surrogateescape") + fixup.diff


def digest(fixup: FixUp) -> str:
    """The SHA256 of the file that `write` makes."""
    return hashlib.sha256(write(fixup)).hexdigest()


def read(data: bytes, shown: str) -> FixUp:
    """The fix-up in a file that messages call `shown`. UsageError if its header is not one that `write` makes."""
    begins = _DIFF_BEGINS.search(data)
    if begins is None:
        _refuse(shown, "it has no diff")
    diff = data[begins.start() :]
    fields = _fields(data[: begins.start()].decode("utf-8", "surrogateescape"))
    missing = next((name for name in _REQUIRED if not fields[name]), None)
    if missing is not None:
        _refuse(shown, f"its header has no line {missing!r}")
    base = _ingredient(fields["Base"][0], shown)
    (recorded,) = fields["Diff"][:1]
    edited = recorded != f"sha256:{hashlib.sha256(diff).hexdigest()}"
    compiled = "".join(fields["Compiled"][:1])
    return FixUp(
        base=base.name,
        base_tree=f"sha256:{base.sha256}",
        patch=_ingredient(fields["Patch"][0], shown),
        after=tuple(_ingredient(text, shown) for text in fields["After"]),
        needs=tuple(_ingredient(text, shown) for text in fields["Needs"]),
        settled=tuple(_read_settled(fields["Settled"])),
        proof="".join(fields["Proof"][:1]),
        compiled=compiled.removeprefix(_MAKE) if compiled.startswith(_MAKE) else "",
        by_hand=edited or fields["Made by"][:1] == [_BY_HAND],
        diff=diff,
    )


def _named(one: Ingredient) -> str:
    return f"{one.name} sha256:{one.sha256}"


def _settled(one: Settled) -> str:
    function = f" in {one.function}()" if one.function else ""
    return f"{one.path}:{one.line}{function}: {one.how}: {_line(one.note)}"


def _line(text: str) -> str:
    """Text as one line of what can be printed."""
    plain = " ".join(text.split())
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in plain)


def _fields(prose: str) -> Mapping[str, Sequence[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for line in prose.splitlines():
        field = _FIELD.match(line)
        if field is not None:
            found[field[1]].append(field[2])
    return found


def _ingredient(text: str, shown: str) -> Ingredient:
    match = _DIGEST.fullmatch(text)
    if match is None:
        _refuse(shown, f"{text!r} in its header is no name with a sha256")
    return Ingredient(match["name"], match["sha256"])


def _read_settled(lines: Sequence[str]) -> Iterator[Settled]:
    for match in filter(None, map(_SETTLED.fullmatch, lines)):
        yield Settled(
            path=match["path"],
            line=int(match["line"]),
            function=match["function"] or "",
            how=match["how"],
            note=match["note"],
        )


def _refuse(shown: str, why: str) -> NoReturn:
    raise UsageError(
        f"{shown} is no fix-up: {why}.",
        hint="`resolve` writes fix-ups; take the file out of the way, or `resolve --force` to have it made anew.",
    )
