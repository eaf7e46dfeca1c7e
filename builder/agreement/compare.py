"""The comparison of this project's engine with GNU patch, case by case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from builder.agreement import differences
from builder.agreement.case import Case, Difference
from builder.agreement.cases import cases
from builder.agreement.gnu import Fate, GnuPatch, Result, Section
from builder.errors import UsageError
from builder.patching.apply import Applied, apply
from builder.patching.findings import FileOutcome, HunkOutcome
from builder.patching.parse import parse
from builder.patching.patch import Patch
from builder.recipes.model import ApplyPolicy
from builder.sources.tree import File, Tree

BATCH = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A case in which the two engines differ, and how."""

    case: Case
    fuzz: int
    reverse: bool
    what: str


@dataclass(slots=True)
class Tally:
    """What a comparison came to. `deliberate` counts the listed differences by rule."""

    cases: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    deliberate: Counter[str] = field(default_factory=Counter)
    disagreements: list[Disagreement] = field(default_factory=list)


def compare_many(count: int, *, seed: int) -> Iterator[Tally]:
    """Compare `count` cases and give the same tally again after every batch, filled further."""
    random = Random(seed)  # noqa: S311 - the same cases again, not secrets
    tally = Tally()
    while tally.cases < count:
        fuzz, reverse = random.choice((0, 1, 2, 2, 3)), random.random() < 0.1
        gnu = GnuPatch(fuzz=fuzz, reverse=reverse)
        compare(list(cases(random, min(BATCH, count - tally.cases))), gnu, tally, fuzz=fuzz, reverse=reverse)
        yield tally


def compare(batch: Sequence[Case], gnu: GnuPatch, tally: Tally, *, fuzz: int, reverse: bool) -> None:
    """Compare some cases and add what came of it to the tally."""
    for case, result in zip(batch, gnu.results(batch), strict=True):
        tally.cases += 1
        try:
            patches = [parse("p", data, strip=1) for data in case.patches]
        except UsageError as error:
            rule = differences.of_refusal(error, result)
            tally.outcomes["refused"] += 1
            if rule is None:
                what = f"we refuse it ({error.what}), GNU patch exits {result.exit_codes}"
                tally.disagreements.append(Disagreement(case=case, fuzz=fuzz, reverse=reverse, what=what))
            elif rule:
                tally.deliberate[rule] += 1
            continue
        applied = apply(
            Tree(case.files), patches, ApplyPolicy(fuzz=fuzz, other_functions=True), reverse=reverse
        )
        tally.outcomes.update(outcome.status.value for outcome in applied.patches)
        found = list(differing(case, applied, result))
        if not found:
            continue
        rule = differences.of_outcome(case, patches, found, result, left(case, applied), reverse=reverse)
        if rule is None and reverse and any(len(patch.files) > 1 for patch in patches):
            rule = _backwards(case, patches, applied, gnu)
        if rule is None:
            what = "; ".join(difference.text for difference in found)
            tally.disagreements.append(Disagreement(case=case, fuzz=fuzz, reverse=reverse, what=what))
        else:
            tally.deliberate[rule] += 1


def _backwards(case: Case, patches: Sequence[Patch], applied: Applied, gnu: GnuPatch) -> str | None:
    """The rule for a difference that is none when GNU patch gets the diffs as we take them back, the last one first."""
    turned = tuple(
        patch.header
        + b"".join(patch.data[slice(*change.span)] for change in reversed(patch.files))
        + patch.trailer
        for patch in patches
    )
    (result,) = gnu.results([replace(case, patches=turned, alone=True)])
    result = replace(result, sections=tuple(tuple(reversed(parts)) for parts in result.sections))
    found = list(differing(case, applied, result))
    if not found:
        return "backwards"
    return differences.of_outcome(case, patches, found, result, left(case, applied), reverse=True)


def differing(case: Case, applied: Applied, result: Result) -> Iterator[Difference]:
    """In what the two outcomes of a case differ; nothing if they agree."""
    turns = zip(applied.patches, result.sections, result.exit_codes, strict=True)
    for number, (outcome, sections, code) in enumerate(turns, 1):
        if int(bool(outcome.failures)) != code:
            yield Difference("exit", f"patch {number}: exit {code}, ours: {outcome.status.value}")
        elif len(outcome.files) != len(sections):
            yield Difference("hunks", f"patch {number}: {len(sections)} files, ours: {len(outcome.files)}")
        else:
            for file, section in zip(outcome.files, sections, strict=True):
                for what in _file_differs(file, section):
                    yield Difference("hunks", f"patch {number}: {what}", file.path)
    ours = left(case, applied)
    for path in sorted({*ours, *result.files}):
        here, there = ours.get(path), result.files.get(path)
        if (here and here.data) != (there and there.data):
            yield Difference("data", f"the file {path}: {there}, ours: {here}", path)
        elif applied.ok and here != there:
            yield Difference("mode", f"the file {path}: {there}, ours: {here}", path)


def left(case: Case, applied: Applied) -> dict[str, File]:
    """The files as far as the patches got, with the modes of before where one failed."""
    if applied.ok:
        return dict(applied.tree)
    files = {path: file for path, file in case.files.items() if path not in applied.gone}
    for path, lines in applied.owned.items():
        files[path] = File(lines.data)
    return files


def _file_differs(file: FileOutcome, section: Section) -> Iterator[str]:
    left_over = any(hunk.n == 0 and not hunk.status.applied for hunk in file.hunks)
    failed = section.skipped or not all(fate.applied for fate in section.hunks.values())
    # Where a hunk failed we leave it at that.
    if left_over != section.left_over and not failed:
        yield f"left over {section.left_over}, ours: {left_over}"
    for hunk in file.hunks:
        expected = section.hunks.get(hunk.n, Fate(applied=True))
        expected = Fate(applied=False) if section.skipped else expected
        if hunk.n and not _same(expected, hunk):
            yield f"hunk {hunk.n}: {expected}, ours: {hunk.status.value} at {hunk.line}, offset {hunk.offset}, fuzz {hunk.fuzz}"


def _same(expected: Fate, hunk: HunkOutcome) -> bool:
    if not expected.applied or not hunk.status.applied:
        return expected.applied == hunk.status.applied
    return (expected.offset, expected.fuzz) == (hunk.offset, hunk.fuzz) and expected.line in (None, hunk.line)
