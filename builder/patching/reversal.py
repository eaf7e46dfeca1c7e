"""The patch that takes another one back, written out."""

from __future__ import annotations

from builder.errors import UsageError
from builder.patching.patch import NO_FILE, FileChange, Kind, Patch
from builder.patching.reverse import reverse_change
from builder.patching.write import header_name, render

_PLAIN = (Kind.CHANGE, Kind.CREATE, Kind.REMOVE)


def write_reversed(patch: Patch) -> bytes:
    """A patch with the same text before it that undoes `patch`.

    UsageError if it does what only git's format can say: renames, copies, modes, binary files.
    """
    for change in patch.files:
        if change.kind not in _PLAIN:
            raise UsageError(
                f"{patch.name}, line {change.header_line}: a {change.kind.value} cannot be turned round.",
                hint="Apply it with `apply --reverse`, or make the reversed patch with `git diff -R`.",
            )
    return patch.header + b"".join(_written(reverse_change(change)) for change in patch.files)


def _written(change: FileChange) -> bytes:
    old = NO_FILE if change.creates else change.old_path
    new = NO_FILE if change.removes else change.new_path
    names = b"--- " + header_name(old) + b"\n+++ " + header_name(new) + b"\n"
    return names + b"".join(render(hunk) for hunk in change.hunks)
