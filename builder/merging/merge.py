"""The three-way merge of two patched trees that come from one base. The doors of this room are here and in proof.py.

Pure: no disk, no processes. Files are bytes throughout.
"""

from __future__ import annotations

from builder.merging.added import both_files
from builder.merging.dispute import Kind, kind_of
from builder.merging.edits import Side, lines_of, side_of
from builder.merging.merged import MergedFile, MergedTree, Region
from builder.merging.textual import merge_edits
from builder.sources.tree import File, Tree

__all__ = ["merge_edits", "merge_file", "merge_trees"]

_NAME = "merging"


def merge_trees(base: Tree, ours: Tree, theirs: Tree, *, names: tuple[str, str]) -> MergedTree:
    """Merge two trees that were both made of `base`. `names` are ours' and theirs', for notes and markers.

    Ours is the patch that comes first in the series: where both added something at one place, its lines come first.
    """
    changes: dict[str, File | None] = {}
    files: list[MergedFile] = []
    by_ours = _changed(base, ours)
    for path in _changed(base, theirs):
        if path in by_ours:
            merged = merge_file(path, base.get(path), ours.get(path), theirs.get(path), names=names)
            files.append(merged)
            changes[path] = merged.file
        else:
            changes[path] = theirs.get(path)
    return MergedTree(tree=ours.changed(changes), files=tuple(files))


def _changed(base: Tree, tree: Tree) -> dict[str, None]:
    """The paths whose files differ, in order. Kept with the tree: it is merged with many others."""
    known: tuple[Tree, dict[str, None]] | None = tree.memory.get(_NAME)
    if known is None or known[0] is not base:
        changed = {path for path, file in tree.items() if base.get(path) != file}
        paths = sorted(changed | (base.keys() - tree.keys()))
        known = tree.memory[_NAME] = (base, dict.fromkeys(paths))
    return known[1]


def merge_file(
    path: str,
    base: File | None,
    ours: File | None,
    theirs: File | None,
    *,
    names: tuple[str, str],
    sides: tuple[Side, Side] | None = None,
) -> MergedFile:
    """Merge one file. None: it does not exist on that side. `sides`: ours and theirs, if their lines are known."""
    if theirs in (ours, base):
        return MergedFile(path=path, file=ours, regions=())
    if ours == base:
        return MergedFile(path=path, file=theirs, regions=())
    if ours is None or theirs is None:
        gone, stays = (names[0], names[1]) if ours is None else (names[1], names[0])
        return _in_dispute(path, ours or theirs, f"{gone} removes the file, {stays} changes it.")
    if base is None:
        return _both_add(path, ours, theirs)
    return _both_change(path, base, ours, theirs, names, sides)


def _in_dispute(path: str, file: File | None, conflict: str) -> MergedFile:
    return MergedFile(path=path, file=file, regions=(), conflict=conflict)


def _both_change(
    path: str, base: File, ours: File, theirs: File, names: tuple[str, str], sides: tuple[Side, Side] | None
) -> MergedFile:
    mode = theirs.mode if ours.mode == base.mode else ours.mode
    if theirs.data in {ours.data, base.data}:
        return MergedFile(path=path, file=File(ours.data, mode), regions=())
    if ours.data == base.data:
        return MergedFile(path=path, file=File(theirs.data, mode), regions=())
    if any(b"\0" in file.data for file in (base, ours, theirs)):
        return _in_dispute(path, ours, "Both sides change a file that is no text.")
    one, other = sides or (side_of(base.data, ours.data), side_of(base.data, theirs.data))
    return merge_edits(path, base, one, other, mode=mode, names=names)


def _both_add(path: str, ours: File, theirs: File) -> MergedFile:
    settled = None
    if kind_of(path) is Kind.C and ours.mode == theirs.mode and b"\0" not in ours.data + theirs.data:
        settled = both_files(lines_of(ours.data), lines_of(theirs.data))
    if settled is None:
        return _in_dispute(path, ours, "Both sides add a file of this name, but not the same.")
    region = Region(
        how=settled.how,
        function="",
        base_start=0,
        merged_start=0,
        base=(),
        ours=lines_of(ours.data),
        theirs=lines_of(theirs.data),
        merged=settled.lines,
        note=settled.note,
        shared=settled.shared,
    )
    return MergedFile(path=path, file=File(b"".join(settled.lines), ours.mode), regions=(region,))
