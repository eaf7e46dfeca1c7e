"""Cases in git's format, for the comparison with GNU patch: renames, copies, modes, new, deleted and binary files."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from builder.agreement import texts
from builder.agreement.case import Case
from builder.agreement.diffs import edited
from builder.patching import binary
from builder.patching.lines import split_lines
from builder.patching.write import hunks, render
from builder.patching.write_binary import is_binary, write_payloads
from builder.sources.tree import EXECUTABLE, PLAIN, File

_NAMES = ("a.c", "b.c", "sub/a.c", "sub/run", "z.c")
_NEW_NAMES = ("a0.c", "m.c", "sub/new.c", "other/b.c", "z", "deep/er/a.c", "run", "sub/sub/run")
"""As many as the most changes can take."""
_MODES = (PLAIN, PLAIN, PLAIN, EXECUTABLE)
_ABSENT = File(b"")


def git_case(random: Random, folder: str) -> Case:
    """A case about some files in `folder`: one git patch for most of them, and a tree that it may fit."""
    draft = _Draft(random, folder)
    for _ in range(random.choice((1, 1, 2, 3, 4))):
        change = random.choice(_CHANGES)
        change(draft)
        draft.made_by.append(change.__name__.strip("_"))
    for _ in range(random.choice((0, 0, 1, 1, 2))):
        mutation = random.choice(_MUTATIONS)
        mutation(draft)
        draft.made_by.append(mutation.__name__.strip("_"))
    return draft.case()


class _Draft:
    """A case that is being made. Each change takes a file that no other has taken, and a name that is free."""

    def __init__(self, random: Random, folder: str) -> None:
        self.random = random
        names = random.sample(_NAMES, random.randint(2, len(_NAMES)))
        self.old = {f"{folder}/{name}": self.file() for name in names}
        self.target = dict(self.old)
        self.done: dict[str, File | None] = {}
        """What the patch makes of the files, as far as it is about them."""
        self.diffs: list[tuple[str, bytes]] = []
        self.made_by: list[str] = []
        self._unused = list(self.old)
        self._free = [f"{folder}/{name}" for name in _NEW_NAMES]
        random.shuffle(self._free)

    def file(self) -> File:
        data = b"".join(texts.joined(texts.lines(self.random)))
        return File(data, self.random.choice(_MODES))

    def take_file(self) -> str | None:
        """A file that the patch has nothing about so far; None if there is none."""
        return self._unused.pop() if self._unused else None

    def take_name(self) -> str:
        """A name for a new file."""
        return self._free.pop()

    def changed(self, file: File) -> File:
        """The file with other lines."""
        lines = split_lines(file.data)
        return File(b"".join(texts.joined(edited(lines, texts.edits(self.random, lines)))), file.mode)

    def perhaps_changed(self, file: File) -> File:
        """The file, half of the times with other lines."""
        return self.changed(file) if self.random.random() < 0.5 else file

    def add(self, old_path: str, new_path: str, new: File | None, moved: str = "") -> None:
        """A diff of the patch. `moved` is "rename" or "copy" where git says so."""
        old = self.old.get(old_path)
        self.diffs.append((new_path, _git_diff(self.random, old_path, new_path, old, new, moved)))
        self.done[new_path] = new
        if moved == "rename":
            self.done[old_path] = None

    def case(self) -> Case:
        if self.random.random() < 0.8:
            self.diffs.sort()  # as git does
        else:
            self.random.shuffle(self.diffs)
        patches = [b"".join(diff for _, diff in self.diffs)] if self.diffs else []
        return Case(
            name=next(iter(self.old)).partition("/")[0],
            files=self.target,
            patches=tuple(patches),
            # GNU patch does not name the file when it does not find what to rename or copy.
            alone=True,
            made_by="git:" + "+".join(self.made_by),
        )


def _git_diff(
    random: Random, old_path: str, new_path: str, old: File | None, new: File | None, moved: str
) -> bytes:
    """A file's part of the patch as `git diff --binary` has it."""
    before, after = old or _ABSENT, new or _ABSENT
    head = [f"diff --git a/{old_path} b/{new_path}"]
    if old is None:
        head.append(f"new file mode 100{after.mode:o}")
    elif new is None:
        head.append(f"deleted file mode 100{before.mode:o}")
    elif old.mode != new.mode:
        head += [f"old mode 100{old.mode:o}", f"new mode 100{new.mode:o}"]
    if moved:
        alike = 100 if before.data == after.data else random.randint(50, 99)
        head += [f"similarity index {alike}%", f"{moved} from {old_path}", f"{moved} to {new_path}"]
    bytewise = is_binary(before.data + after.data)
    if before.data != after.data or not (old and new):
        length = 40 if bytewise else 7
        ids = "..".join(
            "0" * length if file is None else binary.blob_id(file.data)[:length] for file in (old, new)
        )
        head.append(f"index {ids}{f' 100{old.mode:o}' if old and new and old.mode == new.mode else ''}")
    text = "".join(f"{line}\n" for line in head).encode()
    if before.data == after.data:
        return text
    if bytewise:
        return text + write_payloads(before.data, after.data)
    names = f"--- {f'a/{old_path}' if old else '/dev/null'}\n+++ {f'b/{new_path}' if new else '/dev/null'}\n"
    context = random.choice((0, 1, 3, 3, 3, 3))
    made = hunks(split_lines(before.data), split_lines(after.data), context=context)
    return text + names.encode() + b"".join(map(render, made))


def _edit(draft: _Draft) -> None:
    if path := draft.take_file():
        draft.add(path, path, draft.changed(draft.old[path]))


def _mode(draft: _Draft) -> None:
    if path := draft.take_file():
        draft.add(path, path, _other_mode(draft.old[path]))


def _mode_and_edit(draft: _Draft) -> None:
    if path := draft.take_file():
        draft.add(path, path, _other_mode(draft.changed(draft.old[path])))


def _create(draft: _Draft) -> None:
    name = draft.take_name()
    draft.add(name, name, draft.file())


def _create_empty(draft: _Draft) -> None:
    name = draft.take_name()
    draft.add(name, name, File(b"", draft.random.choice(_MODES)))


def _delete(draft: _Draft) -> None:
    if path := draft.take_file():
        draft.add(path, path, None)


def _rename(draft: _Draft) -> None:
    if path := draft.take_file():
        draft.add(path, draft.take_name(), draft.perhaps_changed(draft.old[path]), "rename")


def _copy(draft: _Draft) -> None:
    if path := draft.take_file():
        draft.add(path, draft.take_name(), draft.perhaps_changed(draft.old[path]), "copy")


def _edit_and_copy(draft: _Draft) -> None:
    """The file is changed, and a copy is made of what it was."""
    if path := draft.take_file():
        draft.add(path, path, draft.changed(draft.old[path]))
        draft.add(path, draft.take_name(), draft.perhaps_changed(draft.old[path]), "copy")


def _copy_and_rename(draft: _Draft) -> None:
    if path := draft.take_file():
        draft.add(path, draft.take_name(), draft.perhaps_changed(draft.old[path]), "copy")
        draft.add(path, draft.take_name(), draft.perhaps_changed(draft.old[path]), "rename")


def _edit_and_rename(draft: _Draft) -> None:
    """The file is changed and, in a diff of its own, renamed: no git makes that, but people join patches."""
    if path := draft.take_file():
        draft.add(path, path, draft.changed(draft.old[path]))
        draft.add(path, draft.take_name(), draft.perhaps_changed(draft.old[path]), "rename")


def _exchange(draft: _Draft) -> None:
    """Two files get one another's names."""
    one, other = draft.take_file(), draft.take_file()
    if one and other:
        draft.add(one, other, draft.perhaps_changed(draft.old[one]), "rename")
        draft.add(other, one, draft.perhaps_changed(draft.old[other]), "rename")


def _bytes(draft: _Draft) -> None:
    """A binary file is made, changed or removed."""
    path = draft.take_file()
    made = File(draft.random.randbytes(draft.random.randint(1, 80)) + b"\0", draft.random.choice(_MODES))
    if path is None or draft.random.random() < 0.3:
        path = draft.take_name()
        draft.add(path, path, made)
    else:
        draft.add(path, path, draft.random.choice((made, made, None)))


def _other_mode(file: File) -> File:
    return File(file.data, PLAIN if file.mode == EXECUTABLE else EXECUTABLE)


def _target_edited(draft: _Draft) -> None:
    """Lines of a file are others than the patch expects."""
    if draft.target:
        path = draft.random.choice(sorted(draft.target))
        draft.target[path] = draft.changed(draft.target[path])


def _target_missing(draft: _Draft) -> None:
    if len(draft.target) > 1:
        del draft.target[draft.random.choice(sorted(draft.target))]


def _target_of_other_mode(draft: _Draft) -> None:
    if draft.target:
        path = draft.random.choice(sorted(draft.target))
        draft.target[path] = _other_mode(draft.target[path])


def _name_taken(draft: _Draft) -> None:
    """A file is there already under a name that is to be new."""
    new = [path for path, file in draft.done.items() if file is not None and path not in draft.old]
    if new:
        path = draft.random.choice(new)
        same = draft.done[path]
        draft.target[path] = same if same and draft.random.random() < 0.4 else draft.file()


def _applied_already(draft: _Draft) -> None:
    """Some of it, or all, was done before."""
    share = draft.random.choice((0.5, 1))
    for path, file in draft.done.items():
        if draft.random.random() < share:
            draft.target.pop(path, None)
            if file is not None:
                draft.target[path] = file


_Step = Callable[[_Draft], None]
_CHANGES: tuple[_Step, ...] = (
    *(_edit, _mode, _mode_and_edit, _create, _delete, _rename, _copy) * 3,
    *(_create_empty, _edit_and_copy, _copy_and_rename, _edit_and_rename, _exchange, _bytes),
)
_MUTATIONS: tuple[_Step, ...] = (
    *(_target_edited, _target_missing, _target_of_other_mode, _name_taken, _applied_already),
)
