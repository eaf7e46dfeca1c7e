"""Applying patches to a tree in memory: all or nothing, with every hunk accounted for and every line's owner known.

The door of this room: `apply(tree, patches) -> Applied`.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from builder.patching import place, strip
from builder.patching.findings import FileOutcome, HunkOutcome, HunkStatus, Owner, PatchOutcome
from builder.patching.lines import split_lines
from builder.patching.patch import ADDED, REMOVED, FileChange, Hunk, Patch
from builder.recipes.model import ApplyPolicy
from builder.sources.tree import EXECUTABLE, PLAIN, File, Tree

_STRICT = ApplyPolicy()
_WORST_FIRST = (
    HunkStatus.NO_TARGET,
    HunkStatus.REJECTED,
    HunkStatus.ALREADY_APPLIED,
    HunkStatus.FUZZ,
    HunkStatus.OFFSET,
    HunkStatus.CLEAN,
)


@dataclass(frozen=True, slots=True)
class OwnedLines:
    """A file's lines, each with the patch and hunk that put it there; None for a line of the base."""

    lines: tuple[bytes, ...]
    owners: tuple[Owner | None, ...]

    @classmethod
    def pristine(cls, data: bytes) -> OwnedLines:
        lines = tuple(split_lines(data))
        return cls(lines, (None,) * len(lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The outcome of a series. `tree` is the patched tree if all of it applied, otherwise the tree as it was."""

    tree: Tree
    patches: tuple[PatchOutcome, ...]
    owned: Mapping[str, OwnedLines]
    """The files that a patch touched, as far as it got."""

    @property
    def ok(self) -> bool:
        return not any(patch.failures for patch in self.patches)

    def owner(self, path: str, line: int) -> Owner | None:
        """Who put line number `line` (from 1) of `path` there; None for the base, or if there is no such line."""
        owned = self.owned.get(path)
        if owned is None or not 0 < line <= len(owned.owners):
            return None
        return owned.owners[line - 1]


def apply(tree: Tree, patches: Sequence[Patch], policy: ApplyPolicy = _STRICT) -> Applied:
    """Apply `patches` in order and say of each hunk what became of it.

    A failing hunk does not stop the series: the hunks and patches after it are tried all the same, so that one run
    shows everything that is wrong; the tree that comes out is then the one that went in.
    """
    state = _State(tree, policy)
    outcomes = tuple(state.apply_patch(patch) for patch in patches)
    failed = any(outcome.failures for outcome in outcomes)
    return Applied(
        tree=tree if failed else state.result(),
        patches=outcomes,
        owned=MappingProxyType(state.owned),
    )


class _State:
    """The tree while a series is applied: the files touched so far, as owned lines."""

    def __init__(self, tree: Tree, policy: ApplyPolicy) -> None:
        self._tree = tree
        self._policy = policy
        self._modes: dict[str, int] = {}
        self._gone: set[str] = set()
        self.owned: dict[str, OwnedLines] = {}

    def result(self) -> Tree:
        changes: dict[str, File | None] = dict.fromkeys(self._gone)
        for path, owned in self.owned.items():
            if path not in self._gone:
                changes[path] = File(b"".join(owned.lines), self._mode(path))
        return self._tree.changed(changes)

    def apply_patch(self, patch: Patch) -> PatchOutcome:
        level = strip.find_level(patch, self)
        files = tuple(self._apply_file(patch, change, level) for change in patch.files)
        found = {hunk.status for file in files for hunk in file.hunks}
        status = next((status for status in _WORST_FIRST if status in found), HunkStatus.CLEAN)
        return PatchOutcome(name=patch.name, strip=level, status=status, files=files)

    def __contains__(self, path: object) -> bool:
        return path not in self._gone and (path in self.owned or path in self._tree)

    def _mode(self, path: str) -> int:
        return self._modes.get(path) or (self._tree[path].mode if path in self._tree else PLAIN)

    def _lines(self, path: str) -> OwnedLines:
        if path not in self.owned:
            return OwnedLines.pristine(self._tree[path].data)
        return self.owned[path]

    def _apply_file(self, patch: Patch, change: FileChange, level: int) -> FileOutcome:
        path = strip.target(change, level)
        if not path:
            path = strip.target(change, 0)
            verdict = f"its path has fewer than the {level} folders that are to be stripped"
            return _all_failed(path, change, HunkStatus.NO_TARGET, verdict)
        if change.creates:
            return self._create(patch, change, path)
        if path not in self:
            path = strip.stripped(change.old_path, level)
        if path not in self:
            verdict = "the file is not in the tree: wrong base, or a patch that adds it is missing"
            return _all_failed(path, change, HunkStatus.NO_TARGET, verdict)
        before = self._lines(path)
        after, outcomes = _apply_hunks(patch.name, before, change.hunks, self._policy)
        self.owned[path] = after
        if change.removes and not after.lines:
            self._gone.add(path)
        return FileOutcome(path=path, hunks=outcomes)

    def _create(self, patch: Patch, change: FileChange, path: str) -> FileOutcome:
        new = [line for hunk in change.hunks for line in hunk.new]
        if path in self:
            same = list(self._lines(path).lines) == new
            status = HunkStatus.ALREADY_APPLIED if same else HunkStatus.NO_TARGET
            verdict = (
                "the same file is there already" if same else "another file of this name is there already"
            )
            return _all_failed(path, change, status, verdict)
        owner = Owner(patch=patch.name, hunk=1)
        self.owned[path] = OwnedLines(tuple(new), (owner,) * len(new))
        self._modes[path] = EXECUTABLE if change.executable else PLAIN
        self._gone.discard(path)
        hunks = tuple(
            HunkOutcome(n=hunk.number, status=HunkStatus.CLEAN, line=1, patch_line=hunk.patch_line)
            for hunk in change.hunks
        )
        return FileOutcome(path=path, hunks=hunks)


def _all_failed(path: str, change: FileChange, status: HunkStatus, verdict: str) -> FileOutcome:
    hunks = tuple(
        HunkOutcome(
            n=hunk.number,
            status=status,
            line=hunk.old_start,
            patch_line=hunk.patch_line,
            function=_section(hunk),
            verdict=verdict,
        )
        for hunk in change.hunks
    )
    return FileOutcome(path=path, hunks=hunks)


def _apply_hunks(
    patch: str, before: OwnedLines, hunks: tuple[Hunk, ...], policy: ApplyPolicy
) -> tuple[OwnedLines, tuple[HunkOutcome, ...]]:
    lines: list[bytes] = []
    owners: list[Owner | None] = []
    outcomes = []
    done = 0  # lines of `before` that are already in `lines`
    shift = 0  # how far the last hunk was from where it said
    for hunk in hunks:
        # An insertion into nothing names the line before it, any other hunk its own first line.
        first = hunk.old_start - 1 if hunk.old else hunk.old_start
        found = place.find(before.lines, hunk, guess=first + shift, floor=done, fuzz=policy.fuzz)
        if found is None or _too_far(found.start - first, policy):
            outcomes.append(_rejected(before, hunk, first + shift, done))
            continue
        lines += before.lines[done : found.start]
        owners += before.owners[done : found.start]
        done = found.start + len(hunk.old)
        new_lines, new_owners = _rewritten(before, found.start, hunk, Owner(patch=patch, hunk=hunk.number))
        outcomes.append(_applied(hunk, found, len(lines) + 1, found.start - first))
        lines += new_lines
        owners += new_owners
        shift = found.start - first
    lines += before.lines[done:]
    owners += before.owners[done:]
    return OwnedLines(tuple(lines), tuple(owners)), tuple(outcomes)


def _too_far(offset: int, policy: ApplyPolicy) -> bool:
    return policy.max_offset is not None and abs(offset) > policy.max_offset


def _rewritten(
    before: OwnedLines, start: int, hunk: Hunk, owner: Owner
) -> tuple[list[bytes], list[Owner | None]]:
    """The hunk's new lines. Context is taken from the file, because with fuzz it may differ from the patch's."""
    lines: list[bytes] = []
    owners: list[Owner | None] = []
    index = start
    for line in hunk.lines:
        if line.kind == ADDED:
            lines.append(line.text)
            owners.append(owner)
            continue
        if line.kind != REMOVED:
            lines.append(before.lines[index])
            owners.append(before.owners[index])
        index += 1
    return lines, owners


def _applied(hunk: Hunk, found: place.Place, line: int, offset: int) -> HunkOutcome:
    status = HunkStatus.FUZZ if found.fuzz else HunkStatus.OFFSET if offset else HunkStatus.CLEAN
    return HunkOutcome(
        n=hunk.number,
        status=status,
        line=line,
        patch_line=hunk.patch_line,
        offset=offset,
        fuzz=found.fuzz,
        function=_section(hunk),
    )


def _rejected(before: OwnedLines, hunk: Hunk, expected: int, floor: int) -> HunkOutcome:
    there = hunk.new and place.find(before.lines, hunk.reverse, guess=expected, floor=floor, fuzz=0)
    culprit = None if there else _culprit(before, hunk, expected)
    verdict = "its change is there already" if there else _verdict(culprit)
    return HunkOutcome(
        n=hunk.number,
        status=HunkStatus.ALREADY_APPLIED if there else HunkStatus.REJECTED,
        line=expected + 1,
        patch_line=hunk.patch_line,
        function=_section(hunk),
        culprit=culprit,
        verdict=verdict,
    )


def _verdict(culprit: Owner | None) -> str:
    if culprit is None:
        return "the lines that it expects are not in this base: wrong base, or a patch before it is missing"
    return f"hunk {culprit.hunk} of {culprit.patch} changed the lines that it expects"


def _culprit(before: OwnedLines, hunk: Hunk, expected: int) -> Owner | None:
    """The patch whose lines stand where the hunk expects others: the one with most of the lines in its way."""
    start = max(expected - len(hunk.old), 0)
    window = before.lines[start : expected + 2 * len(hunk.old)]
    matcher = difflib.SequenceMatcher(None, window, hunk.old, autojunk=False)
    in_the_way = Counter(
        before.owners[start + index]
        for kind, low, high, _, _ in matcher.get_opcodes()
        if kind in ("replace", "delete")
        for index in range(low, high)
        if before.owners[start + index] is not None
    )
    return in_the_way.most_common(1)[0][0] if in_the_way else None


def _section(hunk: Hunk) -> str:
    return hunk.section.decode("utf-8", "replace").strip()
