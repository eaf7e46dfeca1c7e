"""The verdict on a hunk whose file is not there, or that was to make a file that is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import takewhile

from builder.patching import strip
from builder.patching.diagnose.background import fits, other_levels
from builder.patching.diagnose.examine import Examined
from builder.patching.diagnose.judgement import Judgement, judgement, named
from builder.patching.diagnose.values import Verdict
from builder.patching.findings import Owner
from builder.patching.patch import Kind, Patch


def judge_target(examined: Examined) -> Judgement:
    """Why there is no file for a hunk: a strip level, another base, a patch that is missing or came before."""
    if examined.reject.change.creates:
        return _there_already(examined)
    if examined.background.reverse:
        return _other_level(examined) or _gone(examined) or _nothing_to_take_back(examined)
    return (
        _name_taken(examined)
        or _other_level(examined)
        or _gone(examined)
        or _added_elsewhere(examined)
        or _in_other_base(examined)
    )


def judge_done(examined: Examined) -> Judgement:
    """The verdict on a hunk of a file that is as a whole as the patch would make it."""
    verdict = Verdict.NOT_APPLIED if examined.background.reverse else Verdict.ALREADY_APPLIED
    return judgement(examined, verdict, examined.reject.why, owner=_taker(examined))


def _there_already(examined: Examined) -> Judgement:
    before, path = examined.reject.before, examined.reject.path
    if before.lines and before.lines == examined.hunk.new:
        return judgement(examined, Verdict.ALREADY_APPLIED, "the same file is there already")
    owner = next((owner for owner in before.owners if owner is not None), None)
    if owner is not None:
        detail = f"{named(owner)} has made or changed {path} already, with other lines"
        return judgement(examined, Verdict.REWRITTEN, detail, owner=owner)
    without = sorted(name for name, tree in examined.background.bases.items() if path not in tree)
    if before.lines:
        detail = f"the base has a file {path} of its own"
        return judgement(examined, Verdict.WRONG_BASE, detail, other=without[0] if without else "")
    return judgement(
        examined, Verdict.WRONG_BASE, "a file cannot be made here: a folder or file is in its way"
    )


def _name_taken(examined: Examined) -> Judgement | None:
    """What it renames or copies is there, but the new name is another file's, or a folder's."""
    reject, tree = examined.reject, examined.background.tree
    if reject.change.kind not in (Kind.RENAME, Kind.COPY):
        return None
    if (
        strip.find_target(reject.change, reject.strip, tree) is None
        or strip.target(reject.change, reject.strip) != reject.path
    ):
        return None
    owner = next((owner for owner in reject.before.owners if owner is not None), None)
    if owner is not None:
        return judgement(examined, Verdict.REWRITTEN, f"{reject.why}, from {named(owner)}", owner=owner)
    return judgement(examined, Verdict.WRONG_BASE, reject.why)


def _nothing_to_take_back(examined: Examined) -> Judgement:
    what = "the file that it makes" if examined.reject.change.removes else "the file that it changes"
    return judgement(examined, Verdict.NOT_APPLIED, f"{what} is not there: there is nothing to take back")


def _other_level(examined: Examined) -> Judgement | None:
    reject, tree = examined.reject, examined.background.tree
    levels = [(level, path) for level, path in other_levels(reject.change, reject.strip) if path in tree]
    best = max(levels, key=lambda each: fits(tree, each[1], examined.hunk), default=None)
    if best is None:
        return None
    detail = f"with --strip {best[0]} it is for {best[1]}, which is there"
    return judgement(examined, Verdict.WRONG_STRIP, detail, other=str(best[0]))


def _gone(examined: Examined) -> Judgement | None:
    """The base has the file, or an earlier patch made it, and an earlier patch took it away."""
    path = examined.reject.path
    owner = _taker(examined)
    if path not in examined.background.tree and owner is None:
        return None
    who = owner.patch if owner else "an earlier patch"
    return judgement(examined, Verdict.REWRITTEN, f"{who} removed or renamed {path}", owner=owner)


def _taker(examined: Examined) -> Owner | None:
    """Which earlier patch removed or renamed the file last."""
    earlier = takewhile(lambda patch: patch is not examined.reject.patch, examined.background.series)
    takers = [owner for owner, removed in _removals(earlier) if removed == examined.reject.path]
    return takers[-1] if takers else None


def _removals(patches: Iterable[Patch]) -> Iterator[tuple[Owner, str]]:
    for patch in patches:
        for change in patch.files:
            if change.removes or change.kind == "rename":
                for level in (1, 0, 2, 3):
                    yield Owner(patch=patch.name, hunk=0), strip.stripped(change.old_path, level)


def _added_elsewhere(examined: Examined) -> Judgement | None:
    background, path = examined.background, examined.reject.path
    name = background.maker_of(path, examined.reject.patch.name)
    if name is None:
        return None
    later = ", which comes after it" if name in {patch.name for patch in background.series} else ""
    return judgement(examined, Verdict.PREREQUISITE_MISSING, f"{path} is a file of {name}{later}", other=name)


def _in_other_base(examined: Examined) -> Judgement:
    reject, bases = examined.reject, examined.background.bases
    having = [
        name
        for name, tree in sorted(bases.items())
        if strip.find_target(reject.change, reject.strip, tree) is not None
    ]
    if having:
        count = {name: examined.background.fitting(reject.patch, reject.strip, name) for name in having}
        best = max(having, key=lambda name: count[name])
        return judgement(
            examined, Verdict.WRONG_BASE, f"{best} has this file, the base here has not", other=best
        )
    return judgement(examined, Verdict.PREREQUISITE_MISSING, reject.why)
