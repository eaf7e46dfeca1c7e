"""Patches as mails, as `git format-patch` writes them and `git am` takes them."""

from __future__ import annotations

import re
from email.utils import formatdate, parseaddr

from builder import __version__
from builder.series.about import About
from builder.sources.tree import EPOCH

_SEPARATOR = re.compile(rb"^From [0-9a-f]{40} Mon Sep 17 00:00:00 2001$", re.MULTILINE)
_LIKE_DIFF = re.compile(r"(---|\+\+\+ |diff -|Index: |\*\*\* |From )")
_DATE = formatdate(EPOCH).replace("-0000", "+0000")
_NOBODY = "nobody <nobody@localhost>"


def split_mails(data: bytes) -> list[bytes]:
    """The mails of an mbox that git wrote; one if it is no mbox."""
    starts = [match.start() for match in _SEPARATOR.finditer(data)] or [0]
    return [data[start:end] for start, end in zip(starts, [*starts[1:], len(data)], strict=True)]


def write_mail(about: About, diff: bytes, *, number: int, total: int) -> bytes:
    """A mail for `git am`, the same at every time and on every machine. `number` counts from 1."""
    lines = [
        f"From {'0' * 40} Mon Sep 17 00:00:00 2001",
        f"From: {_sender(about.author)}",
        f"Date: {_DATE}",
        f"Subject: [PATCH {number}/{total}] {about.summary}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        *(_quoted(line) for line in about.text.splitlines()),
        "---",
        "",
    ]
    head = "\n".join(lines).encode("utf-8", "replace")
    return head + diff + f"-- \nqmail-builder {__version__}\n".encode()


def _sender(author: str) -> str:
    """Name <address>, which git wants both of."""
    name, address = parseaddr(author)
    return f"{name or address} <{address}>" if "@" in address else _NOBODY


def _quoted(line: str) -> str:
    """A line of text that git am would take for the beginning of the diff moves a space to the right."""
    return f" {line}" if _LIKE_DIFF.match(line) else line
