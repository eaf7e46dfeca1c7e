"""What is wrong with a patch as such, before anything is applied."""

from __future__ import annotations

from builder.errors import UsageError


class PatchError(UsageError):
    """A patch that is damaged, dangerous or beyond all bounds.

    `rule` is a stable id, `line` is where in the patch file, from 1; 0 if it is about the file as a whole.
    """

    def __init__(self, what: str, *, rule: str, line: int = 0, hint: str = "") -> None:
        super().__init__(what, hint=hint)
        self.rule = rule
        self.line = line
