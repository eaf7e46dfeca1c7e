"""Files that editors, patch and version control leave behind, and that belong into no patch."""

from __future__ import annotations

import re

_NAMES = re.compile(r"(.*~|.*\.(orig|rej|bak|sw[op])|#.*#|\.#.*|\.DS_Store|cscope\.out|core)", re.DOTALL)
_FOLDERS = frozenset({".git", ".svn", ".hg", ".pc", "CVS"})


def is_leftover(path: str) -> bool:
    """Whether a path is that of a backup, a reject, or version control's own file.

    >>> [is_leftover(path) for path in ("spawn.c", "spawn.c.orig", "sub/spawn.c~", ".pc/series")]
    [False, True, True, True]
    """
    *folders, name = path.split("/")
    return bool(_NAMES.fullmatch(name)) or not _FOLDERS.isdisjoint(folders)
