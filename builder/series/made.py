"""A patch of an edited copy of a tree: the diff with its header, and which other patches it builds on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from builder.errors import NothingSelectedError, UsageError
from builder.patching.apply import apply
from builder.patching.leftovers import is_leftover
from builder.patching.parse import parse
from builder.patching.patch import Kind, Patch
from builder.patching.strip import find_level, target
from builder.patching.write import write_diff
from builder.series.folder import UNKNOWN
from builder.sources.tree import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A new patch. `patch` is what its file says, `diff` the bytes of the file; `left_out` are backups and the like."""

    diff: bytes
    patch: Patch
    requires: tuple[str, ...]
    after: tuple[str, ...]
    left_out: tuple[str, ...]


def make_patch(
    name: str,
    *,
    summary: str,
    license_: str,
    base: Tree,
    patches: Sequence[Patch],
    before: Tree,
    edited: Tree,
) -> Made:
    """The patch that makes `edited` of `before`, which is `base` with `patches` applied.

    UsageError if `edited` cannot be a copy of `before`; NothingSelectedError if nothing was changed.
    """
    missing = [path for path in before if path not in edited]
    if 2 * len(missing) > len(before):
        raise UsageError(
            f"{len(missing)} of {len(before)} files are missing in the edited folder, such as {missing[0]}.",
            hint="Edit a whole copy: --edit writes one.",
        )
    left_out = tuple(path for path in edited if path not in before and is_leftover(path))
    body = write_diff(before, edited.changed(dict.fromkeys(left_out)))
    if not body:
        raise NothingSelectedError(
            "The edited folder is the same as the tree: there is nothing to make a patch of."
        )
    diff = header(name, summary, license_) + body
    patch = parse(name, diff)
    requires, after = _relations(base, patches, patch)
    return Made(diff=diff, patch=patch, requires=requires, after=after, left_out=left_out)


def header(name: str, summary: str, license_: str) -> bytes:
    """The prose before a patch's first file, as all of ours have it."""
    licence = f"\nLicence: {license_}.\n" if license_ != UNKNOWN else ""
    return f"{name}: {summary}\n{licence}\n".encode()


def readme(made: Made, *, name: str, summary: str, license_: str, base: str, tree: Tree) -> bytes:
    """What can be said of a new patch without its author: what it changes, and what it was made from."""
    builds_on = made.requires or made.after
    order = f" with {', '.join(builds_on)} before it" if builds_on else ""
    licence = "Its licence is not stated." if license_ == UNKNOWN else f"Licence: {license_}."
    lines = [f"# {name}", "", summary, "", "## What changes in the source", ""]
    for change in made.patch.files:
        added = sum(line.kind == "+" for hunk in change.hunks for line in hunk.lines)
        removed = sum(line.kind == "-" for hunk in change.hunks for line in hunk.lines)
        how = ", a new file" if change.creates else ", taken away" if change.removes else ""
        what = "binary" if change.kind is Kind.BINARY else f"+{added} -{removed} lines"
        lines.append(f"* `{target(change, 1)}`: {what}{how}")
    lines += [
        "",
        "## Where it comes from",
        "",
        f"An edited copy of {base}{order}: {tree.digest}.",
        licence,
        "",
    ]
    return "\n".join(lines).encode()


def _relations(base: Tree, patches: Sequence[Patch], patch: Patch) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The patches that this one needs before it, and those that only must come before it if both are used.

    Both are looked for among those that change the same files.
    """
    names = _touched(base, patch)
    near = [other for other in patches if names & _touched(base, other)]
    if apply(base, [patch]).ok:
        return (), tuple(other.name for other in near)
    needed = near if apply(base, [*near, patch]).ok else list(patches)
    for other in list(needed):
        fewer = [kept for kept in needed if kept is not other]
        if apply(base, [*fewer, patch]).ok:
            needed = fewer
    requires = tuple(other.name for other in needed)
    return requires, tuple(other.name for other in near if other.name not in requires)


def _touched(tree: Tree, patch: Patch) -> set[str]:
    level = find_level(patch, tree)
    return {target(change, level) for change in patch.files}
