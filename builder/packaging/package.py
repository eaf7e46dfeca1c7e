"""What a package says of itself, and what is known of one that was written."""

from __future__ import annotations

import re
from dataclasses import dataclass

from msgspec import Struct

from builder.errors import UsageError
from builder.toolchains.platforms import Platform


class Package(Struct, frozen=True, kw_only=True):
    """A package in the output folder."""

    format: str
    name: str
    """The file's name."""
    sha256: str
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a package says of itself. UsageError, with the recipe's key, for what no package may be called."""

    name: str
    version: str
    maintainer: str
    """As in a mail: Jane Doe <jane@example.org>."""
    summary: str
    """One line."""
    description: tuple[str, ...] = ()
    """Paragraphs."""
    platform: Platform

    def __post_init__(self) -> None:
        # Debian's rules, which are the narrowest: what they allow is good everywhere.
        if not re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", self.name):
            raise UsageError(
                f"[package] name is {self.name!r}, but must be two or more of a-z, 0-9, '.', '+' and '-', "
                "the first a letter or digit."
            )
        if not re.fullmatch(r"[0-9][A-Za-z0-9.+~-]*", self.version):
            raise UsageError(
                f"[package] version is {self.version!r}, but must begin with a digit and have only letters, digits, "
                "'.', '+', '~' and '-'."
            )
        if not re.fullmatch(r"[^\n<>]+ <[^\s<>]+>", self.maintainer):
            raise UsageError(
                f"[package] maintainer is {self.maintainer!r}, but must be of the form: Name <address>."
            )
        if "\n" in self.summary or not self.summary.strip():
            raise UsageError(f"summary is {self.summary!r}, but must be one line of text.")
