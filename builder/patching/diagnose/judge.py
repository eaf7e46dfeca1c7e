"""The verdict on a hunk that failed although its file is there.

What explains most is asked first: nothing more is wrong with a hunk that is there already, and one that fits the base
as it is has been pushed aside by an earlier patch.
"""

from __future__ import annotations

from builder.patching import strip
from builder.patching.diagnose.background import fits, other_levels
from builder.patching.diagnose.blame import Mismatch
from builder.patching.diagnose.candidate import squeezed
from builder.patching.diagnose.examine import Examined
from builder.patching.diagnose.judgement import Judgement, judgement, named
from builder.patching.diagnose.target import judge_done, judge_target
from builder.patching.diagnose.there import judge_there
from builder.patching.diagnose.values import Verdict
from builder.patching.findings import HunkStatus
from builder.patching.place import first_index

_TELLING = 6
"""Characters from which on a line is not found everywhere."""


def judge(examined: Examined) -> Judgement:
    """What is wrong with a hunk. There is always an answer: the last resort is that a patch or the base is wrong."""
    if examined.reject.status is HunkStatus.NO_TARGET:
        return judge_target(examined)
    if examined.reject.why:
        return judge_there(examined) or judge_done(examined)
    backwards = examined.background.reverse
    questions = _QUESTIONS_BACKWARDS if backwards else _QUESTIONS
    answers = (question(examined) for question in questions)
    found = next((answer for answer in answers if answer is not None), None)
    return found or (_not_as_left if backwards else _unknown)(examined)


def _too_far(examined: Examined) -> Judgement | None:
    """All of its lines are there, but not where they may be."""
    reject, hunk = examined.reject, examined.hunk
    if reject.status is HunkStatus.MISPLACED or not hunk.old:
        return None
    last = len(reject.before.lines) - len(hunk.old)
    start = reject.before.index.nearest(hunk.old, reject.expected, 0, last)
    if start is None:
        return None
    beyond = start + len(hunk.old)
    if hunk.trailing < hunk.leading and start < last:
        return _not_at_the_end(examined, beyond)
    if hunk.leading < hunk.trailing and hunk.old_start <= 1 and start:
        return _not_at_the_end(examined, 0)
    offset = start - first_index(hunk)
    where = f"{abs(offset)} lines {'later' if offset > 0 else 'earlier'}, at line {start + 1}"
    detail = f"it fits {where}: further than the recipe allows, or above the hunk before it"
    return judgement(examined, Verdict.MOVED, detail, other=str(abs(offset)))


def _not_at_the_end(examined: Examined, index: int) -> Judgement:
    """With less context on one side a hunk says that its file begins or ends there, and it does not."""
    end = "last" if index else "first"
    owner = examined.reject.before.owners[index]
    mismatch = Mismatch(b"", index, owner)
    if owner is None:
        detail = f"it expects its {end} line to be the file's {end}, and this base has more"
        return judgement(examined, Verdict.WRONG_BASE, detail, mismatch=mismatch)
    detail = f"{named(owner)} put lines {'after' if index else 'before'} its {end} one, which must be the file's {end}"
    return judgement(examined, Verdict.CONTEXT_CHANGED, detail, mismatch=mismatch)


def _blanks(examined: Examined) -> Judgement | None:
    """Its lines are there but for blanks, line ends or the line end at the end of the file."""
    old, lines = examined.hunk.old, examined.reject.before.lines
    if examined.alignment is None:
        return None
    there = lines[examined.start : examined.start + len(old)]
    differing = [at for at, (line, wanted) in enumerate(zip(there, old, strict=False)) if line != wanted]
    if not differing or list(map(squeezed, there)) != list(map(squeezed, old)):
        return None
    index = examined.start + differing[0]
    owner = examined.reject.before.owners[index]
    by = f", since {named(owner)}" if owner else ""
    detail = _blanks_in_words([(there[at], old[at]) for at in differing]) + by
    return judgement(examined, Verdict.WHITESPACE, detail, mismatch=Mismatch(old[differing[0]], index, owner))


def _blanks_in_words(pairs: list[tuple[bytes, bytes]]) -> str:
    """What differs between lines of the file and lines of the patch."""
    crlf = b"\r\n"
    if all(line.endswith(crlf) and not wanted.endswith(crlf) for line, wanted in pairs):
        return "the file has CRLF line ends and the patch has not"
    if all(wanted.endswith(crlf) and not line.endswith(crlf) for line, wanted in pairs):
        return "the patch has CRLF line ends and the file has not"
    if all(line.rstrip(crlf) == wanted.rstrip(crlf) for line, wanted in pairs):
        return "only the line end at the end of the file differs"
    return "only blanks differ from what it expects"


def _pushed_aside(examined: Examined) -> Judgement | None:
    """It fits the base as it is, so whoever changed these lines since is to blame."""
    if examined.in_base is None:
        return None
    if examined.alignment is None:
        return None if examined.taken is None else _by(examined, [examined.taken])
    return _by(examined, examined.mismatches)


def _by(examined: Examined, found: list[Mismatch]) -> Judgement | None:
    """Rewritten, if somebody changed lines that the hunk removes; else its context has changed."""
    blamed = [one for one in found if one.owner is not None]
    rewriting = [one for one in blamed if one.changed]
    if not blamed:
        return None
    first = (rewriting or blamed)[0]
    others = dict.fromkeys(named(one.owner) for one in blamed if one.owner and one.owner != first.owner)
    also = f" (others in its way: {', '.join(others)})" if others else ""
    owner = named(first.owner) if first.owner else ""
    if rewriting:
        detail = f"{owner} changed the lines that it wants to change too{also}"
        return judgement(examined, Verdict.REWRITTEN, detail, mismatch=first)
    what = (
        "changed lines around its change"
        if any(one.missing for one in blamed)
        else "put lines between its lines"
    )
    return judgement(examined, Verdict.CONTEXT_CHANGED, f"{owner} {what}{also}", mismatch=first)


def _other_file(examined: Examined) -> Judgement | None:
    """With another strip level it is for another file, which it fits."""
    reject, tree = examined.reject, examined.background.tree
    if fits(tree, reject.path, examined.hunk):
        return None
    for level, path in other_levels(reject.change, reject.strip):
        if path != reject.path and fits(tree, path, examined.hunk):
            detail = f"with --strip {level} it is for {path}, and fits"
            return judgement(examined, Verdict.WRONG_STRIP, detail, other=str(level))
    return None


def _other_base(examined: Examined) -> Judgement | None:
    """It fits another base, as does more of its patch than here."""
    reject, background = examined.reject, examined.background
    if fits(background.tree, reject.path, examined.hunk):
        return None
    fitting = [
        name
        for name, tree in background.bases.items()
        if fits(tree, strip.find_target(reject.change, reject.strip, tree) or "", examined.hunk)
    ]
    return best_base(examined, fitting)


def best_base(examined: Examined, names: list[str]) -> Judgement | None:
    """Wrong base, if one of `names` has the lines of more hunks of the patch than the base that was taken."""
    patch, level, background = examined.reject.patch, examined.reject.strip, examined.background
    total = sum(len(change.hunks) for change in patch.files)
    counts = {name: background.fitting(patch, level, name) for name in names}
    here = background.fitting(patch, level, None)
    best = max(sorted(counts), key=lambda name: counts[name], default="")
    if not best or counts[best] <= here:
        return None
    base = background.base or "this base"
    detail = f"it is for {best}, which has the lines of {counts[best]} of its patch's {total} hunks; {base} has those of {here}"
    return judgement(examined, Verdict.WRONG_BASE, detail, other=best)


def _foreign(examined: Examined) -> list[bytes]:
    """The lines that the hunk expects and that the file never had."""
    ever = examined.file.ever
    return [
        line for line in examined.hunk.old if len(squeezed(line)) >= _TELLING and squeezed(line) not in ever
    ]


def _missing_patch(examined: Examined) -> Judgement | None:
    """It expects lines that only another known patch puts there."""
    source = examined.background.source_of(_foreign(examined), examined.reject.patch.name)
    if source is None:
        return None
    name, what = source
    later = ", which comes after it" if name in {patch.name for patch in examined.background.series} else ""
    shown = _quoted(what)
    detail = f"it builds on {name}{later}: {shown} comes from there"
    return judgement(
        examined, Verdict.PREREQUISITE_MISSING, detail, other=name, mismatch=_first_foreign(examined)
    )


def _first_foreign(examined: Examined) -> Mismatch | None:
    foreign = set(_foreign(examined))
    return next((one for one in examined.mismatches if one.missing and one.expected in foreign), None)


def _quoted(line: bytes) -> str:
    """A line or a name as it can be said in a sentence."""
    text = line.strip().decode("utf-8", "backslashreplace")
    return f"«{text if len(text) <= 60 else text[:57] + '…'}»"


def _blamed(examined: Examined) -> Judgement | None:
    """It does not fit the base, but all that it lacks was taken away or pushed apart by earlier patches."""
    if _foreign(examined) or not examined.mismatches:
        return None
    if any(one.owner is None and len(squeezed(one.expected)) >= _TELLING for one in examined.mismatches):
        return None
    return _by(examined, examined.mismatches)


def _unknown(examined: Examined) -> Judgement:
    if examined.reject.status is HunkStatus.MISPLACED:
        detail = "it fits only in another function than the one that it was made for"
        return judgement(examined, Verdict.MOVED, detail)
    better = best_base(examined, list(examined.background.bases))
    if better is not None:
        return better
    what = "the lines that it expects are not in this base"
    if not _foreign(examined) and examined.alignment is not None:
        what = "the lines that it expects are in this base, but not together"
    detail = f"{what}: wrong base, or a patch before it is missing"
    return judgement(examined, Verdict.PREREQUISITE_MISSING, detail, mismatch=_first_foreign(examined))


def _not_as_left(examined: Examined) -> Judgement:
    """It is to be taken back, and nothing explains why its lines are not there."""
    detail = "its lines are not as it left them: it is not applied here, or they were changed since"
    return judgement(examined, Verdict.NOT_APPLIED, detail)


_QUESTIONS = (
    judge_there,
    _too_far,
    _blanks,
    _pushed_aside,
    _other_file,
    _other_base,
    _missing_patch,
    _blamed,
)
_QUESTIONS_BACKWARDS = (judge_there, _too_far, _blanks, _pushed_aside, _blamed)
"""What a patch needs that is to be applied does not matter to one that is to be taken back."""
