"""Cases of one file, and patches that may or may not fit it, for the comparison with GNU patch."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from builder.agreement import texts
from builder.agreement.case import Case
from builder.agreement.diffs import Change, Diff, Edit, edited
from builder.sources.tree import File


def text_case(random: Random, path: str) -> Case:
    """A case about the file at `path`."""
    old = texts.lines(random)
    draft = _Draft(random, path, old)
    for _ in range(random.choice((0, 0, 1, 1, 1, 2, 3))):
        mutation = random.choice(_MUTATIONS)
        mutation(draft)
        draft.made_by.append(mutation.__name__.strip("_"))
    return draft.case()


class _Draft:
    """A case that is being made: begun as one that fits."""

    def __init__(self, random: Random, path: str, old: list[bytes]) -> None:
        self.random = random
        self.path = path
        self.old = old
        self.edits = texts.edits(random, old)
        self.target: list[bytes] | None = list(old)
        self.diffs = [Diff.of(random, path, old, self.edits)]
        self.more: list[Diff] = []
        self.damage: list[Callable[[bytes], bytes]] = []
        self.context_format = False
        self.alone = False
        self.made_by: list[str] = []

    @property
    def new(self) -> list[bytes]:
        return edited(self.old, self.edits)

    def case(self) -> Case:
        for diff in (*self.diffs, *self.more):
            diff.context_format = self.context_format
        patches = [b"".join(diff.render() for diff in self.diffs)]
        for damage in self.damage:
            patches[0] = damage(patches[0])
        patches += [diff.render() for diff in self.more]
        return Case(
            name=self.path,
            files={} if self.target is None else {self.path: File(b"".join(texts.joined(self.target)))},
            patches=tuple(patch for patch in patches if patch),
            alone=self.alone,
            made_by="+".join(self.made_by),
        )


def _shifted(draft: _Draft) -> None:
    """Lines come or go before or between the places."""
    if draft.target is not None:
        for _ in range(draft.random.randint(1, 3)):
            at = draft.random.randint(0, len(draft.target))
            if draft.random.random() < 0.7:
                draft.target[at:at] = texts.some(draft.random, draft.old, draft.random.randint(1, 8))
            else:
                del draft.target[at : at + draft.random.randint(1, 4)]


def _context_edited(draft: _Draft) -> None:
    """Lines near the places are others."""
    if draft.target:
        for _ in range(draft.random.randint(1, 4)):
            at = draft.random.randrange(len(draft.target))
            draft.target[at] = draft.random.choice((b"edited\n", draft.random.choice(draft.target)))


def _region_doubled(draft: _Draft) -> None:
    """A part of the file is there twice."""
    if draft.target:
        at = draft.random.randrange(len(draft.target))
        region = draft.target[at : at + draft.random.randint(1, 20)]
        to = draft.random.randint(0, len(draft.target))
        draft.target[to:to] = region


def _regions_exchanged(draft: _Draft) -> None:
    if draft.target:
        a, b, c = sorted(draft.random.randint(0, len(draft.target)) for _ in range(3))
        draft.target = draft.target[:a] + draft.target[b:c] + draft.target[a:b] + draft.target[c:]


def _cut_off(draft: _Draft) -> None:
    """The file ends too early, or begins too late."""
    if draft.target:
        at = draft.random.randrange(len(draft.target))
        draft.target = draft.target[:at] if draft.random.random() < 0.5 else draft.target[at:]


def _missing(draft: _Draft) -> None:
    draft.target = None if draft.random.random() < 0.5 else []


def _applied_already(draft: _Draft) -> None:
    kept = [edit for edit in draft.edits if draft.random.random() < 0.7]
    draft.target = edited(draft.old, kept)


def _no_last_newline(draft: _Draft) -> None:
    if draft.target:
        draft.target[-1] = draft.target[-1].rstrip(b"\n")


def _file_crlf(draft: _Draft) -> None:
    if draft.target:
        draft.target = [line.replace(b"\n", b"\r\n") for line in draft.target]


def _patch_crlf(draft: _Draft) -> None:
    draft.damage.append(lambda data: data.replace(b"\n", b"\r\n"))


def _both_crlf(draft: _Draft) -> None:
    _file_crlf(draft)
    for diff in draft.diffs:
        diff.crlf_lines()


def _hunks_exchanged(draft: _Draft) -> None:
    draft.random.shuffle(draft.diffs[0].hunks)


def _hunk_repeated(draft: _Draft) -> None:
    hunks = draft.diffs[0].hunks
    if hunks:
        hunks.insert(draft.random.randint(0, len(hunks)), draft.random.choice(hunks))


def _numbers_wrong(draft: _Draft) -> None:
    """The line numbers in the patch are off, as after an edit by hand."""
    for hunk in draft.diffs[0].hunks:
        if draft.random.random() < 0.6:
            hunk.shift(draft.random.randint(-6, 12))


def _patch_context_edited(draft: _Draft) -> None:
    for hunk in draft.diffs[0].hunks:
        if draft.random.random() < 0.6:
            hunk.edit_context(draft.random)


def _patch_context_short(draft: _Draft) -> None:
    """Context is missing at one end of a hunk in the middle of the file."""
    for hunk in draft.diffs[0].hunks:
        if draft.random.random() < 0.6:
            hunk.drop_context(draft.random)


def _second_diff(draft: _Draft) -> None:
    """The patch has two diffs for the file."""
    old = draft.new if draft.random.random() < 0.7 else draft.old
    draft.diffs.append(Diff.of(draft.random, draft.path, old, texts.edits(draft.random, old)))


def _second_patch(draft: _Draft) -> None:
    old = draft.new if draft.random.random() < 0.7 else draft.old
    draft.more.append(Diff.of(draft.random, draft.path, old, texts.edits(draft.random, old)))


def _created(draft: _Draft) -> None:
    """The patch creates the file, which may be there."""
    new = draft.old or [b"new\n"]
    draft.diffs = [Diff.of(draft.random, draft.path, [], [Edit(0, 0, tuple(new))], Change.CREATE)]
    draft.target = draft.random.choice((None, None, [], list(new), draft.target))


def _removed(draft: _Draft) -> None:
    """The patch removes the file, which may have more lines, or not be there."""
    if draft.old:
        whole = [Edit(0, len(draft.old), ())]
        draft.diffs = [Diff.of(draft.random, draft.path, draft.old, whole, Change.REMOVE)]
        more = [*draft.old, b"more\n"] if draft.old[-1].endswith(b"\n") else draft.old
        draft.target = draft.random.choice((list(draft.old), list(draft.old), more, draft.target, None))


def _created_then_changed(draft: _Draft) -> None:
    _created(draft)
    new = draft.old or [b"new\n"]
    later = Diff.of(draft.random, draft.path, new, texts.edits(draft.random, new))
    (draft.diffs if draft.random.random() < 0.5 else draft.more).append(later)


def _truncated(draft: _Draft) -> None:
    share = draft.random.random()
    draft.damage.append(lambda data: data[: int(len(data) * share)])
    draft.alone = True


def _counts_wrong(draft: _Draft) -> None:
    if draft.diffs[0].hunks:
        draft.random.choice(draft.diffs[0].hunks).lie(draft.random)
        draft.alone = True


def _line_lost(draft: _Draft) -> None:
    """A line of the patch file is gone."""
    share = draft.random.random()

    def lose(data: bytes) -> bytes:
        lines = data.splitlines(keepends=True)
        del lines[int(len(lines) * share) : int(len(lines) * share) + 1]
        return b"".join(lines)

    draft.damage.append(lose)
    draft.alone = True


def _context_format(draft: _Draft) -> None:
    draft.context_format = True


_MUTATIONS = (
    *(_shifted, _context_edited, _region_doubled, _patch_context_edited, _numbers_wrong) * 3,
    *(_regions_exchanged, _cut_off, _missing, _applied_already, _no_last_newline) * 2,
    *(_hunks_exchanged, _hunk_repeated, _patch_context_short, _second_diff, _second_patch) * 2,
    *(_file_crlf, _patch_crlf, _both_crlf, _created, _removed, _created_then_changed, _context_format),
    *(_truncated, _counts_wrong, _line_lost),
)
