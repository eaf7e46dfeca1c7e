"""quilt's series file: a patch a line, with the options that patch is to have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from builder.errors import UsageError

_LEVEL = re.compile(r"-p(\d|ab)")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a series. `file` is relative to the series file."""

    file: str
    strip: int = 1
    reverse: bool = False


def read_series(data: bytes, where: str = "series") -> list[Entry]:
    """The entries of a series file. UsageError, which names the file as `where` and the line, for what is none.

    >>> read_series(b"# first\\na.patch\\nold/b.diff -p0 -R # why\\n")
    [Entry(file='a.patch', strip=1, reverse=False), Entry(file='old/b.diff', strip=0, reverse=True)]
    """
    return list(_entries(data.decode("utf-8", "surrogateescape"), where))


def _entries(text: str, where: str) -> Iterator[Entry]:
    for number, line in enumerate(text.splitlines(), 1):
        words = re.sub(r"(^|\s)#.*", "", line).split()
        if not words:
            continue
        file, *options = words
        if file.startswith("/") or ".." in file.split("/"):
            raise UsageError(f"{where}:{number}: {file} is outside of the series' folder.")
        strip, reverse = 1, False
        for option in _joined(options):
            level = _LEVEL.fullmatch(option)
            if level:
                strip = 1 if level[1] == "ab" else int(level[1])
            elif option == "-R":
                reverse = True
            else:
                raise UsageError(
                    f"{where}:{number}: {option} is an option that is not known here.", hint="-pN and -R are."
                )
        yield Entry(file, strip, reverse)


def _joined(options: list[str]) -> list[str]:
    """The options with `-p 0` as `-p0`."""
    return " ".join(options).replace("-p ", "-p").split()


def write_series(entries: Iterable[Entry]) -> bytes:
    """The series file of these entries.

    >>> write_series([Entry("a.patch"), Entry("b.patch", 0)])
    b'a.patch -p1\\nb.patch -p0\\n'
    """
    lines = (f"{entry.file} -p{entry.strip}{' -R' if entry.reverse else ''}\n" for entry in entries)
    return "".join(lines).encode("utf-8", "surrogateescape")
