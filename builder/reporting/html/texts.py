"""Text of patches made fit for a page: nothing invisible, nothing endless. Markup in it is not this file's business."""

from __future__ import annotations

import re

from builder.reporting.screen import printable

_MOST_LINES = 400
"""Lines shown of one text: a new file of thousands of lines says no more on a page than its beginning."""
_KEPT = re.compile(r"([\t\n])")


def shown(text: str) -> str:
    """Lines of code with their tabs and line feeds as they are; other control characters and broken bytes as \\x1b."""
    lines = text.split("\n")
    # Behind the last line feed is no line, but an empty string.
    left = len(lines) - _MOST_LINES - (not lines[-1])
    if left > 0:
        text = "\n".join([*lines[:_MOST_LINES], f"… {left} more lines", ""])
    return "".join(part if part in ("\t", "\n") else printable(part) for part in _KEPT.split(text))
