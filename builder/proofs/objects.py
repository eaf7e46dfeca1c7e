"""Compiled objects by the digest of all that they depend on, in a folder that several processes may share."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp


class Objects:
    """The folder. Nothing in it is ever changed: an object appears as a whole, under its digest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, key: str, target: Path) -> bool:
        """Copy an object to `target`, if it is there."""
        try:
            # A copy, not a link: what make does to its files must not reach the others.
            shutil.copyfile(self._path(key), target)
        except FileNotFoundError:
            target.unlink(missing_ok=True)
            return False
        return True

    def keep(self, key: str, source: Path) -> None:
        """Take in an object, if it is there and not known yet."""
        path = self._path(key)
        if path.exists() or not source.is_file():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = mkstemp(dir=path.parent)
        os.close(descriptor)
        try:
            shutil.copyfile(source, name)
            Path(name).replace(path)
        finally:
            with suppress(FileNotFoundError):
                Path(name).unlink()

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key
