"""What `apply` found, as one value: the presenters of this room make text, JSON, SARIF, JUnit or annotations of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from builder.patching.diagnose.values import Diagnosis
from builder.patching.findings import HunkOutcome, HunkStatus, Owner, PatchOutcome
from builder.patching.patch import Hunk, Patch
from builder.reporting.rules import Rule, parse_rule, rule_for, severity


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchFile:
    """A patch of the series. `path` is relative to the user's repository where it lies in one, with slashes."""

    patch: Patch
    path: str
    sha256: str
    fixup: str = ""
    """The name of the fix-up's file, if the series has the patch as a fix-up says."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """A series that was applied. `id` is "recipe@platform" or the base's name."""

    id: str
    base: str
    base_tree: str
    """The digest of the base's tree."""
    patches: tuple[PatchOutcome, ...]
    files: tuple[PatchFile, ...]
    """The patch files, in the same order."""
    diagnoses: tuple[Diagnosis, ...] = ()

    def __iter__(self) -> Iterator[tuple[PatchFile, PatchOutcome]]:
        return iter(zip(self.files, self.patches, strict=True))

    def diagnosis(self, patch: str, path: str, hunk: HunkOutcome) -> Diagnosis | None:
        """Why a hunk failed, if that was asked."""
        return self._by_hunk.get((patch, path, hunk.patch_line))

    @cached_property
    def _by_hunk(self) -> Mapping[tuple[str, str, int], Diagnosis]:
        return {(one.patch, one.path, one.patch_line): one for one in self.diagnoses}

    def line_of(self, owner: Owner, path: str) -> tuple[PatchFile, int] | None:
        """The patch file and the line in it of the hunk that owns lines of the file at `path`."""
        for file, outcome in self:
            if outcome.name == owner.patch:
                hunks = (hunk for target in outcome.files if target.path == path for hunk in target.hunks)
                lines = (hunk.patch_line for hunk in hunks if hunk.n == owner.hunk)
                # A renamed file is there under another name: then the patch as a whole is all that can be named.
                return file, max(next(lines, 1), 1)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing worth saying of a patch, with where it is in the patch file and, for a hunk, in the tree."""

    rule: Rule
    file: PatchFile
    patch_line: int
    message: str
    path: str = ""
    """The file of the tree; empty for a note on the patch file itself."""
    line: int = 1
    text_hash: str = ""
    """SHA256 of what is found fault with: the hunk's lines, not their numbers, so that it stays when they move."""
    owner: Owner | None = None
    """Who is in the way."""


def findings(report: Report) -> list[Finding]:
    """Everything that is not clean, worst first, otherwise in the order of the series."""
    found = [finding for file, outcome in report for finding in _of_patch(report, file, outcome)]
    return sorted(found, key=lambda finding: severity(finding.rule))


def _of_patch(report: Report, file: PatchFile, outcome: PatchOutcome) -> Iterator[Finding]:
    hunks = {hunk.patch_line: hunk for change in file.patch.files for hunk in change.hunks}
    for target in outcome.files:
        for hunk in target.hunks:
            diagnosis = report.diagnosis(outcome.name, target.path, hunk)
            rule = rule_for(hunk.status, diagnosis.verdict if diagnosis else None)
            if rule is None:
                continue
            yield Finding(
                rule=rule,
                file=file,
                patch_line=max(hunk.patch_line, 1),
                message=message(target.path, hunk, diagnosis),
                path=target.path,
                line=max((diagnosis and diagnosis.candidate_line) or hunk.line, 1),
                text_hash=_hash_of(hunks.get(hunk.patch_line)),
                owner=(diagnosis and diagnosis.owner) or hunk.culprit,
            )
    for note in file.patch.notes:
        yield Finding(
            rule=parse_rule(note.rule),
            file=file,
            patch_line=max(note.line, 1),
            message=note.text,
            text_hash=hashlib.sha256(note.text.encode("utf-8", "surrogateescape")).hexdigest(),
        )


def _hash_of(hunk: Hunk | None) -> str:
    total = hashlib.sha256()
    for line in hunk.lines if hunk else ():
        total.update(line.kind.encode() + line.text)
    return total.hexdigest()


def message(path: str, hunk: HunkOutcome, diagnosis: Diagnosis | None = None) -> str:
    """What became of a hunk that is not clean, in a sentence or two."""
    head = f"{path}: {called(hunk.n, diagnosis.of if diagnosis else None)}"
    match hunk.status:
        case HunkStatus.OFFSET:
            return f"{head} applied at line {hunk.line}, {distance(hunk.offset)}."
        case HunkStatus.FUZZ:
            far = f", {distance(hunk.offset)}" if hunk.offset else ""
            return f"{head} applied at line {hunk.line} only with fuzz {hunk.fuzz}{far}."
        case _:
            word, why = (
                (diagnosis.verdict.value, diagnosis.detail)
                if diagnosis
                else (hunk.status.value, hunk.verdict)
            )
            return f"{head} was not applied ({word.replace('-', ' ')}): {sentence(why)}"


def called(number: int, of: int | None = None) -> str:
    """A hunk in words: "hunk 3 of 7". Number 0 is the file as a whole."""
    if not number:
        return "the file as a whole"
    return f"hunk {number}" if of is None else f"hunk {number} of {of}"


def distance(offset: int) -> str:
    """An offset in words: "3 lines later"."""
    lines = "line" if abs(offset) == 1 else "lines"
    return f"{abs(offset)} {lines} {'later' if offset > 0 else 'earlier'}"


def sentence(text: str) -> str:
    """`text` with a full stop."""
    return text if text.endswith((".", "!", "?")) else f"{text}."
