"""Steps as the data that reports are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from builder.merging.merged import How
from builder.resolving.merge import in_words
from builder.resolving.owners import owners_of
from builder.resolving.report import Disputed, Resolved
from builder.resolving.values import Attempt, Step


class Named(Protocol):
    """What has a name."""

    @property
    def name(self) -> str: ...


def resolved(
    step: Step, typed: str, *, file: str = "", written: bool = False, replaced: str = ""
) -> Resolved:
    """A step as data; the paths are those of its fix-up, and of one that had to go for it."""
    attempt, fixup = step.attempt, step.fixup
    disputed = () if attempt is None or step.state.settled else tuple(_disputed(attempt))
    after: Iterable[Named] = ()
    needs: Iterable[Named] = ()
    if fixup is not None:
        after, needs = fixup.after, fixup.needs
    elif attempt is not None:
        after, needs = attempt.after, attempt.needs
    return Resolved(
        name=step.member.name,
        typed=typed,
        state=step.state,
        note=step.note,
        after=tuple(one.name for one in after),
        needs=tuple(one.name for one in needs),
        file=file,
        written=written,
        replaced=replaced,
        settled=fixup.settled if fixup is not None else (),
        disputed=disputed,
        proof=fixup.proof if fixup is not None else _proof_of(attempt),
        compiled=fixup.compiled if fixup is not None else "",
        error=step.error,
    )


def _proof_of(attempt: Attempt | None) -> str:
    if attempt is None or attempt.proof is None:
        return ""
    return in_words(attempt.proof, len(attempt.merged.files))


def _disputed(attempt: Attempt) -> Iterator[Disputed]:
    for file in attempt.merged.files:
        if file.conflict:
            yield Disputed(path=file.path, line=0, function="", note=file.conflict)
        for region in file.regions:
            if region.how is How.CONFLICT:
                yield Disputed(
                    path=file.path,
                    line=region.base_start + 1,
                    function=region.function,
                    note=region.note,
                    base=_text(region.base),
                    ours=_text(region.ours),
                    theirs=_text(region.theirs),
                    ours_by=owners_of(attempt.ours, file.path, region.ours, region.base, region.base_start),
                    theirs_by=owners_of(
                        attempt.theirs, file.path, region.theirs, region.base, region.base_start
                    ),
                )


def _text(lines: Sequence[bytes]) -> str:
    return b"".join(lines).decode("utf-8", "surrogateescape")
