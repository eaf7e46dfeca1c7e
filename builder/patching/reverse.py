"""The change that takes another one back (patch -R)."""

from __future__ import annotations

from dataclasses import replace

from builder.patching.patch import BinaryPatch, FileChange, Kind

_KINDS = {Kind.CREATE: Kind.REMOVE, Kind.REMOVE: Kind.CREATE}


def reverse_change(change: FileChange) -> FileChange:
    """The change with old and new exchanged everywhere. A copy taken back is the removal of the copy."""
    kind = _KINDS.get(change.kind, change.kind)
    return replace(
        change,
        old_path=change.new_path,
        new_path=change.old_path,
        hunks=tuple(hunk.reverse for hunk in change.hunks),
        creates=change.removes,
        removes=change.creates,
        kind=kind,
        old_mode=change.new_mode,
        new_mode=change.old_mode,
        executable=bool((change.old_mode or 0) & 0o100),
        binary=change.binary and _reverse_binary(change.binary),
    )


def _reverse_binary(patch: BinaryPatch) -> BinaryPatch | None:
    if patch.reverse is None:
        return None
    return BinaryPatch(forward=patch.reverse, reverse=patch.forward, old_id=patch.new_id, new_id=patch.old_id)
