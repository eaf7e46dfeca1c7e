"""Where fix-ups are found: after-*.patch in the patch's folders, the user's own folders first."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from builder.errors import UsageError
from builder.fixups.fixup import FixUp
from builder.fixups.header import read
from builder.recipes.library import Library, shipped

PATTERN = "after-*.patch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A fix-up with its file."""

    path: Path
    data: bytes
    fixup: FixUp

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def fixup_files(library: Library, name: str) -> tuple[Path, ...]:
    """The fix-up files of the patch `name`, by their names; what an earlier folder has hides the same in later ones."""
    found: dict[str, Path] = {}
    for folder in library.folders:
        for path in (folder / "patches" / name).glob(PATTERN):
            found.setdefault(path.name, path)
    return tuple(path for _, path in sorted(found.items()))


def fixups_of(library: Library, name: str) -> tuple[Found, ...]:
    """The fix-ups of the patch `name`. UsageError if a file of such a name is none."""
    return tuple(load(path) for path in fixup_files(library, name))


def load(path: Path) -> Found:
    """The fix-up in a file."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"The fix-up {path} cannot be read: {error.strerror}.") from error
    return Found(path=path, data=data, fixup=read(data, str(path)))


def home_of(library: Library, name: str) -> Path:
    """The folder that a new fix-up of the patch `name` goes into: the patch's own, if that is the user's.

    For a patch that is given by its path, or that comes with an installed qmail-builder, it is below the first of the
    user's folders.
    """
    own = library.patch_files().get(name)
    if own is not None and not _installed(own):
        return own.parent
    return library.folders[0] / "patches" / name


def _installed(path: Path) -> bool:
    return shipped().name == "shipped" and path.is_relative_to(shipped())
