"""What a three-way merge makes of the files that two patches dispute."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from builder.conflicts.standing import Standing
from builder.merging.edits import Side
from builder.merging.merge import merge_file
from builder.merging.merged import MergedFile
from builder.patching.apply import apply
from builder.recipes.model import ApplyPolicy
from builder.sources.tree import Tree


@dataclass(frozen=True, slots=True)
class Settled:
    """The merged files by path."""

    files: dict[str, MergedFile]

    @property
    def ok(self) -> bool:
        """Whether nothing stayed in dispute."""
        return all(file.ok for file in self.files.values())


def settle(first: Standing, second: Standing, paths: Iterable[str], policy: ApplyPolicy) -> Settled:
    """Merge the files at `paths`: what `first` made of them, then what `second` did. Both must apply alone."""
    base = _common_base(first, second, policy)
    ours, theirs, names = first.applied.tree, second.applied.tree, (first.name, second.name)
    files: dict[str, MergedFile] = {}
    for path in sorted(set(paths)):
        if path in base or path in ours or path in theirs:
            versions = (base.get(path), ours.get(path), theirs.get(path))
            files[path] = merge_file(path, *versions, names=names, sides=_sides(first, second, path))
    return Settled(files)


def _sides(first: Standing, second: Standing, path: str) -> tuple[Side, Side] | None:
    one, other = first.parts.get(path), second.parts.get(path)
    return None if one is None or other is None else (one.side, other.side)


def _common_base(first: Standing, second: Standing, policy: ApplyPolicy) -> Tree:
    """The base after the patches that both need."""
    common = [patch for patch in first.needs if patch.name in second.need_names]
    return apply(first.base, common, policy).tree if common else first.base
