"""One patch at work on the files of a tree: creating, changing, renaming, removing them, by lines or by bytes."""

from __future__ import annotations

from collections.abc import Sequence

from builder.patching import binary, functions, moved, strip
from builder.patching.applied import OwnedLines, Reject
from builder.patching.done import Done, Put
from builder.patching.findings import FileOutcome, HunkOutcome, HunkStatus, Owner
from builder.patching.home import at_home
from builder.patching.hunks import Changed, Moved, apply_hunks, section
from builder.patching.memory import Known
from builder.patching.patch import FileChange, Hunk, Kind, Patch
from builder.patching.place import Place
from builder.patching.state import State
from builder.recipes.model import ApplyPolicy
from builder.sources.tree import EXECUTABLE, PLAIN

_WHOLE = 0
"""The number of the "hunk" that is the file as a whole."""
_MOVES = (Kind.RENAME, Kind.COPY)
_FILE_TYPE, _REGULAR = 0o170000, 0o100000
"""Of git's modes."""


class PatchWork:
    """A patch while it is applied to `state`. What fails never stops the rest.

    `changes` are the patch's files, turned round already if it is to be taken back, which `reverse` says.
    """

    def __init__(
        self,
        state: State,
        patch: Patch,
        changes: Sequence[FileChange],
        policy: ApplyPolicy,
        known: Known | None = None,
        *,
        reverse: bool = False,
    ) -> None:
        self.state = state
        self.patch = patch
        self._policy = policy
        self.reverse = reverse
        same_files = known is not None and state.has_same(known.paths)
        self.level = known.level if known and same_files else strip.find_level(patch, state)
        self._known = known if known and known.level == self.level else None
        # The changes of a git patch are all relative to the tree before it: what it renames or copies is kept.
        moves = [change for change in changes if change.kind in _MOVES]
        names = {strip.stripped(change.old_path, self.level) for change in moves}
        self._sources = {name: (state.lines(name), state.mode(name)) for name in names if name in state}
        self._leaving = {
            strip.stripped(change.old_path, self.level) for change in moves if change.kind is Kind.RENAME
        }
        self._arrived: set[str] = set()
        self._changes = changes

    def apply(self) -> tuple[Done, ...]:
        """Make all of the changes, or as much of each as can be made. What came of them, in order."""
        return tuple([self._apply(number, change) for number, change in enumerate(self._changes)])

    def _apply(self, number: int, change: FileChange) -> Done:
        known = self._known
        if known is not None and change.kind not in _MOVES and self.state.untouched(known.names[number]):
            done = self._on_bare_base(known, number, change)
        else:
            done = self._work_out(change)
        self.state.carry_out(done, self.patch.name)
        return done

    def _on_bare_base(self, known: Known, number: int, change: FileChange) -> Done:
        """What comes of a change to a file that is as the base has it; it may be known already."""
        done = known.files[number]
        if done is not None and (done.put is None or self._has_room(done.put.path)):
            return done
        done = self._work_out(change)
        # What finds no file may depend on all the others of the patch.
        if done.outcome.strip == self.level and (done.put is not None or done.take_out is not None):
            known.keep_file(number, done)
        return done

    def _has_room(self, path: str) -> bool:
        return path in self.state or self.state.has_room(path)

    def _work_out(self, change: FileChange) -> Done:
        level, path = self.level, strip.find_target(change, self.level, self.state)
        if path is None:
            level = strip.other_level(change, level, self.patch, self.state)
            path = strip.find_target(change, level, self.state)
        job = _Job(self.patch, change, level)
        if change.new_mode is not None and change.new_mode & _FILE_TYPE not in (0, _REGULAR):
            verdict = "it makes a symbolic link or a submodule, and a tree has only regular files"
            return self._refuse(job, job.name, HunkStatus.NO_TARGET, verdict)
        if change.kind in _MOVES:
            return self._move(job)
        if path is None and job.old_is_nothing:
            path = strip.new_target(change, level, self.state.base_folders)
        if path is None:
            return self._no_target(job)
        if change.kind is Kind.BINARY:
            return self._change_bytes(job, path)
        refusal = self._refusal(job, path)
        return self._refuse(job, path, *refusal) if refusal else self._change_lines(job, path)

    def _change_lines(self, job: _Job, path: str) -> Done:
        change, before = job.change, self.state.lines(path)
        changed = self._apply_hunks(job, path, path, before)
        outcomes = changed.outcomes
        rejects = job.rejects(path, before, changed)
        nothing_made = change.hunks and not changed.any_applied
        if job.new_is_nothing == 2 and not nothing_made:
            if not changed.after.lines:
                return Done(outcome=job.outcome(path, outcomes), rejects=rejects, take_out=path)
            if not changed.missed:
                verdict = "it is to be removed, but has lines that the patch does not know"
                outcomes = (*outcomes, job.whole(HunkStatus.REJECTED, verdict))
        put = None if nothing_made else Put(path, changed.after, self._new_mode(change, path))
        return Done(outcome=job.outcome(path, outcomes), rejects=rejects, put=put)

    def _move(self, job: _Job) -> Done:
        """Rename or copy a file, and change it on the way."""
        change, state = job.change, self.state
        old, new = strip.stripped(change.old_path, job.level), strip.stripped(change.new_path, job.level)
        if not old or not new or (old not in self._sources and new not in state):
            return self._no_target(job)
        if self.reverse and change.kind is Kind.COPY:
            return self._take_copy_back(job, old, new)
        if old not in self._sources:
            verdict = f"it has the new name already, and {old} is not there"
            there = HunkStatus.ALREADY_APPLIED
            return self._change_lines(job, new) if change.hunks else self._refuse(job, new, there, verdict)
        if (new in state and new not in self._leaving) or not state.has_room(new):
            verdict = "another file of the new name is there already"
            return self._refuse(job, new, HunkStatus.NO_TARGET, verdict)
        kept, kept_mode = self._sources[old]
        stays = change.kind is Kind.COPY or old in self._arrived
        before, mode = (kept, kept_mode) if stays else (state.lines(old), state.mode(old))
        if not before.lines and job.new_is_nothing and change.hunks:
            return self._refuse(job, new, HunkStatus.ALREADY_APPLIED, _EMPTY)
        changed = self._apply_hunks(job, new, old, before)
        self._arrived.add(new)
        return Done(
            outcome=job.outcome(new, changed.outcomes),
            rejects=job.rejects(new, before, changed),
            put=Put(new, changed.after, _mode_after(change, mode)),
            take_out=None if stays else old,
        )

    def _take_copy_back(self, job: _Job, copy: str, original: str) -> Done:
        """Remove a copy, if without the patch's changes it is one."""
        if copy not in self.state:
            return self._no_target(job)
        before = self.state.lines(copy)
        changed = self._apply_hunks(job, copy, copy, before)
        if changed.missed:
            rejects = job.rejects(copy, before, changed)
            return Done(outcome=job.outcome(copy, changed.outcomes), rejects=rejects)
        if changed.after.lines != self.state.lines(original).lines:
            verdict = f"without the patch's changes it is no copy of {original}"
            outcomes = (*changed.outcomes, job.whole(HunkStatus.REJECTED, verdict))
            return Done(outcome=job.outcome(copy, outcomes))
        return Done(outcome=job.outcome(copy, changed.outcomes), take_out=copy)

    def _change_bytes(self, job: _Job, path: str) -> Done:
        """Make the new bytes of a git binary patch."""
        change, state = job.change, self.state
        if change.binary is None:
            verdict = "the patch does not have the bytes that differ: make it with git diff --binary"
            return self._refuse(job, path, HunkStatus.MALFORMED, verdict)
        old = state.lines(path).data
        if change.creates and path in state:
            verdict = "another file of this name is there already"
            return self._refuse(job, path, HunkStatus.NO_TARGET, verdict)
        if path not in state and not state.has_room(path):
            return self._refuse(job, path, HunkStatus.NO_TARGET, _NO_ROOM)
        try:
            new = binary.apply(change.binary, old)
        except binary.WrongBlobError as error:
            there = binary.blob_id(old) == change.binary.new_id
            status = HunkStatus.ALREADY_APPLIED if there else HunkStatus.REJECTED
            verdict = "it has the new bytes already" if there else error.what
            return self._refuse(job, path, status, verdict)
        outcome = job.outcome(path, ())
        if change.removes:
            return Done(outcome=outcome, take_out=path)
        lines = OwnedLines.owned(new, Owner(patch=self.patch.name, hunk=_WHOLE))
        return Done(outcome=outcome, put=Put(path, lines, self._new_mode(change, path)))

    def _apply_hunks(self, job: _Job, path: str, base_path: str, before: OwnedLines) -> Changed:
        """Apply the hunks for the file at `path`, which is `base_path` in the base, to its lines."""
        judge = None
        if functions.is_source(path) and not self._policy.other_functions:
            judge = _judge(self.state.base_lines(base_path))
        return apply_hunks(self.patch.name, before, job.change.hunks, self._policy, judge)

    def _refusal(self, job: _Job, path: str) -> tuple[HunkStatus, str] | None:
        """Why the file must not be created or removed, as GNU patch -N sees it; None if nothing speaks against it."""
        state, change = self.state, job.change
        lines = state.lines(path).lines
        if path not in state and not state.has_room(path):
            return HunkStatus.NO_TARGET, _NO_ROOM
        if lines and job.old_is_nothing == 2:
            same = lines == tuple(line for hunk in change.hunks for line in hunk.new)
            if same:
                return HunkStatus.ALREADY_APPLIED, "the same file is there already"
            return HunkStatus.NO_TARGET, "another file of this name is there already"
        if not lines and job.new_is_nothing and change.hunks:
            # "Nothing becomes an empty file" and "an empty file becomes nothing" are no contradictions.
            known_empty = (2, 1) if path not in state else (1, 2)
            if (job.old_is_nothing, job.new_is_nothing) != known_empty:
                return HunkStatus.ALREADY_APPLIED, _EMPTY
        if path in state and change.kind is Kind.CREATE and not change.hunks:
            return HunkStatus.ALREADY_APPLIED, "the same empty file is there already"
        return None

    def _no_target(self, job: _Job) -> Done:
        state, change = self.state, job.change
        path = job.name
        if not strip.target(change, job.level):
            verdict = f"its path has fewer than the {job.level} folders that are to be stripped"
            return self._refuse(job, path, HunkStatus.NO_TARGET, verdict)
        taken_by = state.gone.get(path)
        if taken_by is not None and change.removes:
            return self._refuse(job, path, HunkStatus.ALREADY_APPLIED, f"{taken_by} removed it already")
        verdict = (
            f"{taken_by} removed or renamed it"
            if taken_by is not None
            else "the file is not in the tree: wrong base, or a patch that adds it is missing"
        )
        return self._refuse(job, path, HunkStatus.NO_TARGET, verdict)

    def _refuse(self, job: _Job, path: str, status: HunkStatus, verdict: str) -> Done:
        """Try none of the change's hunks, for one reason."""
        before = self.state.lines(path)
        hunks = job.change.hunks
        failed = tuple(job.failed(hunk, status, verdict) for hunk in hunks) or (job.whole(status, verdict),)
        return Done(
            outcome=job.outcome(path, failed),
            rejects=tuple(
                job.reject(hunk, path, before, max(hunk.old_start - 1, 0), status, verdict) for hunk in hunks
            ),
        )

    def _new_mode(self, change: FileChange, path: str) -> int:
        return _mode_after(change, self.state.mode(path))


def _judge(base: OwnedLines) -> Moved:
    """Who says whether a hunk is in another function than it is for, going by what the base has."""

    def judge(now: OwnedLines, expected: int, found: Place, hunk: Hunk) -> moved.Move | None:
        if at_home(now, base.lines, hunk, found):
            return None
        return moved.moved(now.c_file, expected, found.start, hunk, base.c_file)

    return judge


_EMPTY = "it is empty already"
_NO_ROOM = "a folder of this name is there, or a file where a folder should be"


class _Job:
    """A change of a patch at a strip level, and what reports say of it."""

    def __init__(self, patch: Patch, change: FileChange, level: int) -> None:
        self.patch = patch
        self.change = change
        self.level = level

    @property
    def name(self) -> str:
        """What to call the file where the tree does not tell."""
        return strip.target(self.change, self.level) or strip.target(self.change, 0)

    @property
    def old_is_nothing(self) -> int:
        """Whether the patch says that there is no old file: 2 if it does, 1 if an empty one would do, 0 if not."""
        first = self.change.hunks[0].old_start if self.change.hunks else 0
        return _nothing(self.change, claimed=self.change.creates, first=first)

    @property
    def new_is_nothing(self) -> int:
        """The same of the new file."""
        first = self.change.hunks[0].new_start if self.change.hunks else 0
        return _nothing(self.change, claimed=self.change.removes, first=first)

    def outcome(self, path: str, hunks: tuple[HunkOutcome, ...]) -> FileOutcome:
        return FileOutcome(path=path, hunks=hunks, strip=self.level)

    def whole(self, status: HunkStatus, verdict: str) -> HunkOutcome:
        """What became of the file as a whole."""
        line = self.change.header_line
        return HunkOutcome(n=_WHOLE, status=status, line=1, patch_line=line, verdict=verdict)

    def failed(self, hunk: Hunk, status: HunkStatus, verdict: str) -> HunkOutcome:
        return HunkOutcome(
            n=hunk.number,
            status=status,
            line=hunk.old_start,
            patch_line=hunk.patch_line,
            function=section(hunk),
            verdict=verdict,
        )

    def rejects(self, path: str, before: OwnedLines, changed: Changed) -> tuple[Reject, ...]:
        missed = changed.missed
        return tuple([self.reject(hunk, path, before, expected, status) for hunk, expected, status in missed])

    def reject(
        self,
        hunk: Hunk,
        path: str,
        before: OwnedLines,
        expected: int,
        status: HunkStatus,
        why: str = "",
    ) -> Reject:
        return Reject(
            patch=self.patch,
            change=self.change,
            hunk=hunk,
            path=path,
            strip=self.level,
            before=before,
            expected=expected,
            status=status,
            why=why,
        )


def _nothing(change: FileChange, *, claimed: bool, first: int) -> int:
    if first != 0:
        return 0
    return 2 if claimed else int(bool(change.hunks))


def _mode_after(change: FileChange, before: int) -> int:
    """The mode of a file that had `before`. What the patch says to be as it was stays as it is, whatever it is."""
    if change.new_mode is None or change.new_mode == change.old_mode:
        return before
    return EXECUTABLE if change.new_mode & 0o100 else PLAIN
