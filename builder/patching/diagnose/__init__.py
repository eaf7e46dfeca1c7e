"""Why hunks failed: the verdict on each, whoever is in its way, and what to do next.

The door: `diagnose(rejects, background)`, run only when somebody is going to read it.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from builder.patching.applied import Applied, Reject
from builder.patching.diagnose.background import Background
from builder.patching.diagnose.examine import Examined
from builder.patching.diagnose.judge import judge
from builder.patching.diagnose.judgement import Judgement
from builder.patching.diagnose.values import Diagnosis, Difference, Verdict
from builder.patching.findings import HunkOutcome, HunkStatus

__all__ = ["Background", "Diagnosis", "Difference", "Verdict", "diagnose", "explain"]


def diagnose(rejects: Iterable[Reject], background: Background) -> tuple[Diagnosis, ...]:
    """What is wrong with each hunk that failed, in order; but for malformed ones, which say it themselves."""
    found = []
    last: Examined | None = None
    for reject in rejects:
        if reject.status is not HunkStatus.MALFORMED:
            # The hunks of a file come together, and what was found out about the file serves them all.
            last = Examined.of(reject, background, last)
            found.append(_diagnosis(last, judge(last)))
    return tuple(found)


def explain(applied: Applied, diagnoses: Iterable[Diagnosis]) -> Applied:
    """The same outcome with culprit, verdict and function filled in for every hunk that was diagnosed."""
    by_hunk = {(one.patch, one.path, one.patch_line): one for one in diagnoses}

    def completed(patch: str, path: str, hunk: HunkOutcome) -> HunkOutcome:
        one = by_hunk.get((patch, path, hunk.patch_line))
        if one is None or hunk.status.applied:
            return hunk
        function = one.expected_function or hunk.function
        return msgspec.structs.replace(hunk, culprit=one.owner, verdict=one.detail, function=function)

    patches = []
    for patch in applied.patches:
        files = (
            msgspec.structs.replace(
                file, hunks=tuple(completed(patch.name, file.path, hunk) for hunk in file.hunks)
            )
            for file in patch.files
        )
        patches.append(msgspec.structs.replace(patch, files=tuple(files)))
    return msgspec.structs.replace(applied, patches=tuple(patches))


def _diagnosis(examined: Examined, judgement: Judgement) -> Diagnosis:
    reject, alignment = examined.reject, examined.alignment
    return Diagnosis(
        patch=reject.patch.name,
        path=reject.path,
        n=reject.hunk.number,
        of=len(reject.change.hunks),
        patch_line=reject.hunk.patch_line,
        expected_line=reject.expected + 1,
        candidate_line=None if alignment is None else alignment.start + 1,
        similarity=0.0 if alignment is None else round(alignment.likeness, 3),
        expected_function=examined.expected_function,
        candidate_function=examined.candidate_function,
        difference=judgement.difference,
        owner=judgement.owner,
        verdict=judgement.verdict,
        detail=judgement.detail,
        next_command=judgement.next_command,
    )
