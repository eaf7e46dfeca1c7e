"""A case for the comparison with GNU patch: some files, and patches that may or may not fit them; what can differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from builder.sources.tree import File


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Files, and the patches to apply to them one after the other. All paths are those in the patches less a first folder.

    `name` is the case's own file or folder: no path of another case begins with it. A case that is `alone` may not
    share a patch file with others, because its own may be damaged.
    """

    name: str
    files: Mapping[str, File]
    patches: tuple[bytes, ...]
    alone: bool = False
    made_by: str = ""
    """The names of the mutations, for reports."""

    @property
    def size(self) -> int:
        """How much there is to read in a report of it."""
        return sum(map(len, self.patches)) + sum(len(file.data) for file in self.files.values())


class Difference(NamedTuple):
    """One thing in which two outcomes differ: "exit", "hunks", "data" or "mode"; and of which file, if it is of one."""

    kind: str
    text: str
    path: str = ""
