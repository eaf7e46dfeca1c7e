"""The files of the compared patches, for reports that point into them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedFile:
    """A patch file. `path` is relative to the user's repository where it lies in one, with slashes.

    `lines` are, by a file of the tree and the number of a hunk (0: the file as a whole), lines of the patch file.
    """

    path: str
    sha256: str
    lines: Mapping[tuple[str, int], int]

    def line(self, path: str, hunk: int) -> int:
        """Where a hunk begins, from 1; the first line if that is not known."""
        return max(self.lines.get((path, hunk), 1), 1)
