"""The paths and times in the head of a diff: unquoting, where a name ends, what no patch may name."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

from builder.patching.parse.limits import DEEPEST_PATH, LONGEST_NAME
from builder.patching.patch import NO_FILE

_ESCAPE = re.compile(rb"\\([0-3][0-7]{2}|.)", re.DOTALL)
_LETTERS = {
    b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v",
}  # fmt: skip
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.DOTALL)

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SLASHES = re.compile(r"/{2,}")
_GIT_FOLDER = re.compile(r"^(?:\.git|git~1)[. ]*$", re.IGNORECASE)
_DEVICE = re.compile(r"^(?:con|prn|aux|nul|com[1-9]|lpt[1-9])$", re.IGNORECASE)
_DRIVE = re.compile(r"^[A-Za-z]:[\\/]")

_ISO = re.compile(rb"(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:[.,]\d+)?(?: ?([+-]\d\d):?(\d\d))?")
_CTIME = re.compile(rb"\w{3} (Jan|Dec) +(\d{1,2}) (\d\d):(\d\d):(\d\d) (\d{4})(?: ?([+-]\d\d)(\d\d))?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The time of a file that is not there is 0, but in the local time of who made the patch, often without its zone.
_EARLIEST = timedelta(hours=-25)
_LATEST = timedelta(hours=26)


def split_name(rest: bytes) -> tuple[str, bytes]:
    """The name at the beginning of `rest`, which is what follows "--- ", and what comes after the name.

    As in GNU patch: a name ends at a blank, unless a tab comes later: then it ends at the tab.
    """
    rest = rest.lstrip(b" \t")
    quoted = _QUOTED.match(rest)
    if quoted:
        return decoded(unquoted(quoted[1])), rest[quoted.end() :].strip()
    name, tab, stamp = rest.partition(b"\t")
    if not tab:
        name, _, stamp = rest.rstrip(b"\r\n").partition(b" ")
    return decoded(name.strip()), stamp.strip()


def split_pair(rest: bytes) -> tuple[str, str] | None:
    """The two names behind "diff --git ". None if it cannot be told where the first one ends.

    Without quotes a name may have blanks; then both must be the same, less their first folder (a/ and b/).
    """
    rest = rest.strip(b"\r\n")
    first = _QUOTED.match(rest)
    if first:
        second = rest[first.end() :].lstrip()
        whole = _QUOTED.fullmatch(second)
        return decoded(unquoted(first[1])), decoded(unquoted(whole[1]) if whole else second)
    if rest.endswith(b'"'):
        start = rest.find(b' "')
        last = _QUOTED.fullmatch(rest[start + 1 :]) if start > 0 else None
        return (decoded(rest[:start]), decoded(unquoted(last[1]))) if last else None
    if rest.count(b" ") == 1:
        old, _, new = rest.partition(b" ")
        return decoded(old), decoded(new)
    # "a/NAME b/NAME": as NAME is there twice, the blank between them is in the middle.
    old, new = rest[: len(rest) // 2], rest[len(rest) // 2 + 1 :]
    same = old.partition(b"/")[2] == new.partition(b"/")[2] != b""
    return (decoded(old), decoded(new)) if same else None


def split_renamed(rest: bytes, old: str, new: str) -> tuple[str, str] | None:
    """The names behind "diff --git " if git says elsewhere, without a/ and b/, what they are."""
    text = decoded(rest.strip(b"\r\n"))
    if not text.endswith(new):
        return None
    # The second prefix has no blank in it: git's default is "b/".
    cut = text.rfind(" ", 0, len(text) - len(new))
    first, second = text[:cut], text[cut + 1 :]
    return (first, second) if cut > 0 and first.endswith(old) else None


def whole_name(rest: bytes) -> str:
    """A name that takes up the rest of its line, as after "rename from "."""
    rest = rest.rstrip(b"\r\n")
    quoted = _QUOTED.fullmatch(rest)
    return decoded(unquoted(quoted[1]) if quoted else rest)


def unquoted(name: bytes) -> bytes:
    """A name as git and GNU diff quote it, between its quotes: C's escapes, octal for bytes."""
    return _ESCAPE.sub(lambda match: _unescaped(match[1]), name)


def _unescaped(escape: bytes) -> bytes:
    if len(escape) == 3:
        return bytes([int(escape, 8)])
    return _LETTERS.get(escape, escape)


def decoded(name: bytes) -> str:
    """The name as text, with any bytes. Slashes in a row are one, as they are to the system and to GNU patch."""
    return _SLASHES.sub("/", name.decode("utf-8", "surrogateescape"))


def is_absent(name: str, stamp: bytes) -> bool:
    """Whether one side of a change does not exist: /dev/null, or the time 0 that `diff -N` gives an absent file."""
    return name == NO_FILE or (b"19" in stamp and _is_epoch(stamp))


def _is_epoch(stamp: bytes) -> bool:
    if match := _ISO.match(stamp):
        year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    elif match := _CTIME.match(stamp):
        month = 1 if match[1] == b"Jan" else 12
        day, hour, minute, second, year = (int(part) for part in match.groups()[1:6])
    else:
        return False
    try:
        zone = timezone(timedelta(hours=int(match[7] or 0), minutes=int(match[8] or 0)))
        time = datetime(year, month, day, hour, minute, second, tzinfo=zone)
        return _EARLIEST < time - _EPOCH < _LATEST
    except (ValueError, OverflowError):
        return False


@lru_cache(maxsize=1024)
def danger(path: str) -> str:
    """How a path, after whatever stripping, could lead out of the tree or into a place with powers; "" if it cannot."""
    if path == NO_FILE:
        return ""
    parts = path.split("/")
    return next(
        (
            why
            for found, why in (
                (path.startswith("/") or _DRIVE.match(path), "is an absolute path"),
                (".." in parts or "..\\" in path, "has a '..' in it"),
                (_CONTROL.search(path), "has a control character in it"),
                (len(path) > LONGEST_NAME or len(parts) > DEEPEST_PATH, "is too long"),
                (any(map(_GIT_FOLDER.match, parts)), "is inside a .git folder"),
                (any(map(_DEVICE.match, parts)), "is the name of a device"),
                (parts[-1] in ("", "."), "is the name of a folder"),
            )
            if found
        ),
        "",
    )
