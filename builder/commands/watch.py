"""`conflicts --watch`: whenever one of the patch files is saved, say which pairs are others now."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import NamedTuple

from builder.commands.common import Flags, Selection
from builder.commands.compared import Compared, bring_together
from builder.conflicts.comparison import Comparison
from builder.conflicts.live import Live
from builder.errors import BuilderError
from builder.patching.parse import parse
from builder.recipes.again import Again
from builder.recipes.plan import PatchInput
from builder.reporting.conflicts import saved as presenter
from builder.reporting.screen import Screen

_PAUSE = 0.025
"""Seconds between two looks at the files. Looking costs some microseconds each, and works on every file system."""


class Stamp(NamedTuple):
    """What changes of a file when it is saved."""

    time: int
    size: int
    inode: int


def watch(selection: Selection, flags: Flags, *, fuzz: int) -> None:
    """Compare the patches, then wait for one to be saved, for ever: Ctrl-C ends it."""
    compared = bring_together(selection.base, selection.patches, selection.library, flags)
    live = Live(_comparison(compared, selection.again(given=flags.given), fuzz))
    screen = Screen.of_stdout()
    watched = [_Watched(one) for one in compared.inputs]
    count = len(compared.patches)
    _say(f"watching {count} patches on {compared.base}, {len(live.pairs)} ordered pairs; Ctrl-C ends it\n")
    while True:
        time.sleep(_PAUSE)
        for one in watched:
            data = one.news()
            if data is not None:
                _say(_answer(live, one.patch, data, screen))


def _comparison(compared: Compared, again: Again, fuzz: int) -> Comparison:
    return Comparison(
        base=compared.base,
        tree=compared.tree,
        patches=compared.patches,
        needs=compared.needs,
        typed=compared.typed,
        specs=compared.specs,
        again=again,
        fuzz=fuzz,
    )


def _answer(live: Live, given: PatchInput, data: bytes, screen: Screen) -> str:
    """What a new version of a patch changes. One that cannot be read changes nothing."""
    began = time.perf_counter()
    try:
        patch = parse(given.stem, data, strip=given.strip)
    except BuilderError as error:
        return f"{error.what} What it was before counts until it is saved again.\n"
    found = live.saved(patch)
    return presenter.render(found, (time.perf_counter() - began) * 1000, screen)


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


class _Watched:
    """A patch's file, as it was when it was last looked at."""

    def __init__(self, patch: PatchInput) -> None:
        self.patch = patch
        self._data = patch.data
        self._read: Stamp | None = None
        self._seen: Stamp | None = None

    def news(self) -> bytes | None:
        """The file's bytes if they are others than the last time. A file is read when two looks in a row find the same,
        so that one which is still being written is not taken for a broken patch."""
        before, self._seen = self._seen, _stamp(self.patch.path)
        if self._seen is None or self._seen != before or self._seen == self._read:
            return None
        try:
            data = self.patch.path.read_bytes()
        except OSError:
            return None  # between two names, as some editors save: it will be there the next time
        self._read = self._seen
        if data == self._data:
            return None
        self._data = data
        return data


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return Stamp(found.st_mtime_ns, found.st_size, found.st_ino)
