"""Lines that both sides changed, and what a strategy makes of them: values only."""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

from msgspec import Struct

from builder.merging.merged import How, Shared
from builder.patching.difference import Change


class Kind(Enum):
    """What is in a file, as far as it matters for its merge."""

    C = "C"
    MAKE = "make"
    MANUAL = "manual"
    NAMES = "names"
    """A list of files, such as TARGETS: nothing counts but which names are in it."""
    PLACES = "places"
    """A file whose lines count by their place, such as conf-users: two sides cannot both add to it."""
    TEXT = "text"


_KINDS = (
    (Kind.C, re.compile(r"\.(?:c|h|cc|cpp|h[12])\Z")),
    (Kind.MAKE, re.compile(r"(?:\A|/)[Mm]akefile|\.mk\Z")),
    (Kind.NAMES, re.compile(r"(?:\A|/)(?:FILES|TARGETS|SYSDEPS)\Z")),
    (Kind.PLACES, re.compile(r"(?:\A|/)conf-[^/.]*\Z")),
    (Kind.MANUAL, re.compile(r"\.[1-9]\Z")),
)


@lru_cache(maxsize=1024)
def kind_of(path: str) -> Kind:
    """What is in the file at `path`, told by its name."""
    return next((kind for kind, pattern in _KINDS if pattern.search(path)), Kind.TEXT)


class Dispute(Struct, frozen=True, kw_only=True):
    """A range of the base that both sides changed."""

    kind: Kind
    function: str
    """The C function around it; empty outside of one."""
    before: tuple[bytes, ...]
    """A few lines of the base above."""
    base: tuple[bytes, ...]
    ours: tuple[bytes, ...]
    theirs: tuple[bytes, ...]
    ours_changes: tuple[Change, ...]
    """The changes of ours; the indexes count from the start of `base` and of `ours`."""
    theirs_changes: tuple[Change, ...]


class Settled(Struct, frozen=True, kw_only=True):
    """The lines that a dispute ends in; none, and CONFLICT, if a strategy knows that only a person can settle it."""

    lines: tuple[bytes, ...]
    how: How
    note: str
    shared: tuple[Shared, ...] = ()


def in_doubt(note: str) -> Settled:
    """The end of a dispute that no further strategy shall try."""
    return Settled(lines=(), how=How.CONFLICT, note=note)
