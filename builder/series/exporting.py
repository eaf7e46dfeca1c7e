"""A recipe's patches as a series for other tools: quilt, dpkg-source, git am.

A patch file goes out as it is where the tool takes it and does with it what our engine did. Where it would not (another
strip level, a context diff, fuzz, something that had to be put right while parsing) the diff is written anew from the
trees before and after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from builder.errors import UsageError
from builder.patching.findings import HunkStatus, PatchOutcome
from builder.patching.patch import Kind, Patch
from builder.patching.strip import target
from builder.patching.write import differing, write_diff, write_file
from builder.patching.write_binary import is_binary
from builder.series.about import About, read_about, write_dep3
from builder.series.mail import write_mail
from builder.series.quilt import Entry, write_series
from builder.sources.tree import Tree

FORMATS = ("quilt", "dpkg", "git")

_FULL_ID = 40
"""Digits of a blob's id in full, without which git applies no binary patch."""
_PLAIN = (Kind.CHANGE, Kind.CREATE, Kind.REMOVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One patch of a series that applied: the trees around it, and what its patch.toml says (empty if it has none)."""

    patch: Patch
    outcome: PatchOutcome
    before: Tree
    after: Tree
    summary: str = ""
    origin: str = ""

    @property
    def file(self) -> str:
        stem = self.patch.name.removesuffix(".patch").removesuffix(".diff")
        return f"{stem}.patch"

    @property
    def about(self) -> About:
        """What the patch says of itself; where that is nothing, what its patch.toml says."""
        about = read_about(self.patch.header)
        summary = about.summary if about.fields else self.summary or about.summary or self.patch.name
        origin = about.origin or self.origin or about.author or f"patch {self.patch.name} of qmail-builder"
        return replace(about, summary=summary, origin=origin)


def export_series(steps: Sequence[Step], form: str) -> dict[str, bytes]:
    """The files of the series in the form of quilt, dpkg or git, by their paths.

    UsageError if two patches would have one file, or if a patch holds what the form cannot.
    """
    names = [step.file for step in steps]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"Two patches of the recipe would be called {name}.")
    if form == "quilt":
        return _quilt(steps)
    if form == "dpkg":
        return _dpkg(steps)
    if form == "git":
        return _git(steps)
    raise UsageError(f"--format is {form!r}, but must be one of: {', '.join(FORMATS)}.")


def _quilt(steps: Sequence[Step]) -> dict[str, bytes]:
    entries = []
    files = {}
    for step in steps:
        kept = _as_patch_would(step)
        entries.append(Entry(step.file, step.outcome.strip if kept else 1))
        files[f"patches/{step.file}"] = step.patch.data if kept else step.patch.header + _anew(step)
    return {**files, "patches/series": write_series(entries)}


def _dpkg(steps: Sequence[Step]) -> dict[str, bytes]:
    files = {}
    for step in steps:
        about = step.about
        kept = _as_patch_would(step) and step.outcome.strip == 1 and not _file_twice(step.patch)
        header = step.patch.header if about.fields else write_dep3(about)
        body = step.patch.data[len(step.patch.header) :] if kept else _anew(step)
        files[f"debian/patches/{step.file}"] = header + body
    series = "".join(f"{step.file}\n" for step in steps)
    return {**files, "debian/patches/series": series.encode()}


def _git(steps: Sequence[Step]) -> dict[str, bytes]:
    return {
        f"{number:04}-{step.file}": write_mail(step.about, _as_git(step), number=number, total=len(steps))
        for number, step in enumerate(steps, 1)
    }


def _as_git(step: Step) -> bytes:
    """The diff in git's format; where the patch has binary files in that already, these as they are."""
    before, after = step.before, step.after
    return b"".join(
        _own_binary(step.patch, path) or write_file(path, before.get(path), after.get(path), git=True)
        for path in differing(before, after)
    )


def _own_binary(patch: Patch, path: str) -> bytes:
    """A binary file's part of the patch, without the prose before it; nothing if git could not apply that as it is."""
    changes = [change for change in patch.files if target(change, 1) == path]
    binary = changes[0].binary if len(changes) == 1 else None
    if binary is None or patch.notes or len(binary.old_id) != _FULL_ID or len(binary.new_id) != _FULL_ID:
        return b""
    part = patch.data[slice(*changes[0].span)]
    return part[part.index(b"diff --git ") :]


def _anew(step: Step) -> bytes:
    """The diff for tools that use GNU patch. UsageError if it would have binary files, which that does not read."""
    for path in differing(step.before, step.after):
        for tree in (step.before, step.after):
            if path in tree and is_binary(tree[path].data):
                raise UsageError(
                    f"{step.file} changes {path}, a binary file, and GNU patch cannot do that.",
                    hint="--format git can hold it.",
                )
    return write_diff(step.before, step.after)


def _as_patch_would(step: Step) -> bool:
    """Whether GNU patch, told one strip level and no fuzz, does with the file what our engine did."""
    files = step.outcome.files
    exact = all(hunk.status in (HunkStatus.CLEAN, HunkStatus.OFFSET) for file in files for hunk in file.hunks)
    plain = all(change.kind in _PLAIN and not change.context_format for change in step.patch.files)
    one_level = all(file.strip == step.outcome.strip for file in files)
    return exact and plain and one_level and not step.patch.notes


def _file_twice(patch: Patch) -> bool:
    """dpkg-source refuses a patch that changes a file twice."""
    names = [change.new_path for change in patch.files]
    return len(set(names)) < len(names)
