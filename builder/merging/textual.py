"""The merge of a text file that both sides changed: where their changes meet, a region is settled or in dispute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from builder.merging import makefile
from builder.merging.asides import Aside, told
from builder.merging.companions import carry
from builder.merging.dispute import Dispute, Kind, in_doubt, kind_of
from builder.merging.edits import Meeting, Side, meetings
from builder.merging.extracted import defined_before_use, follow
from builder.merging.harmony import Merge, broken, discord
from builder.merging.markers import marked
from builder.merging.merged import How, MergedFile, Region
from builder.merging.settle import settle
from builder.merging.twice import without_twice
from builder.patching.difference import Change
from builder.patching.functions import around
from builder.sources.tree import File

_CONTEXT = 3
"""Lines above a dispute that a strategy may look at."""
_NO_C = "The changes of both sides together are no C: a brace or a statement would be left open."


def merge_edits(
    path: str, base: File, ours: Side, theirs: Side, *, mode: int, names: tuple[str, str]
) -> MergedFile:
    """Merge two sides of a file: from their bytes (`side_of`) or as the applier has them (`side_of_owned`)."""
    work = _Work(kind_of(path), base, ours.base, names)
    merge = work.merged(ours, theirs)
    conflict = ""
    if _is_settled(merge.regions):
        refused = broken(merge)
        if refused:
            merge = work.by_regions(ours, theirs, refused)
        else:
            conflict = discord(merge)
    file = File(b"".join(merge.merged), mode)
    return MergedFile(path=path, file=file, regions=tuple(merge.regions), conflict=conflict)


def _is_settled(regions: Sequence[Region]) -> bool:
    return all(region.how is not How.CONFLICT for region in regions)


@dataclass(frozen=True, slots=True)
class _Work:
    """The merge of one file of a kind."""

    kind: Kind
    base: File
    lines: tuple[bytes, ...]
    """Those of the base."""
    names: tuple[str, str]

    def merged(self, ours: Side, theirs: Side) -> Merge:
        """The merge, with all that there is to make regions agree."""
        asides: list[Aside] = []
        if self.kind is Kind.MAKE:
            ours, theirs, asides = carry(ours, theirs, self.names)
        if self.kind in {Kind.C, Kind.MAKE}:
            theirs, twice = without_twice(self.kind, ours, theirs)
            asides += twice
        merge = self.by_regions(ours, theirs)
        if asides:
            merge = replace(merge, regions=told(merge.regions, asides, merge.merged))
        return self._followed(merge) or merge

    def by_regions(self, ours: Side, theirs: Side, refused: frozenset[int] = frozenset()) -> Merge:
        """The merge with each region by itself. Those that begin at a line in `refused` are in dispute whatever their
        lines say."""
        merged: list[bytes] = []
        regions: list[Region] = []
        at = 0
        for meeting in self._meetings(ours, theirs):
            merged += self.lines[at : meeting.start]
            at = meeting.end
            if not meeting.theirs_changes:
                merged += ours.lines[slice(*meeting.ours)]
            elif not meeting.ours_changes:
                merged += theirs.lines[slice(*meeting.theirs)]
            else:
                region = self._region(meeting, ours, theirs, len(merged), refused)
                merged += region.merged
                regions.append(region)
        merged += self.lines[at:]
        return Merge(
            kind=self.kind,
            ours=ours,
            theirs=theirs,
            merged=tuple(merged),
            regions=regions,
            names=self.names,
        )

    def _meetings(self, ours: Side, theirs: Side) -> Sequence[Meeting]:
        spans = makefile.spans(self.lines) if self.kind is Kind.MAKE else None
        return list(meetings(ours.changes, theirs.changes, spans))

    def _followed(self, merge: Merge) -> Merge | None:
        """The merge if one side made a function of what the other moved, and nothing else is in dispute."""
        disputed = [region for region in merge.regions if region.how is How.CONFLICT]
        if self.kind is not Kind.C or len(disputed) != 1:
            return None
        followed = follow(merge.ours, merge.theirs, disputed[0], self.names)
        if followed is None:
            return None
        again = self.by_regions(followed.ours, followed.theirs)
        if not _is_settled(again.regions) or not defined_before_use(again.merged, followed.call):
            return None
        # The sides were changed to be merged; a report shows them as they are.
        met = {meeting.start: meeting for meeting in self._meetings(merge.ours, merge.theirs)}
        regions = []
        for region in again.regions:
            place = met[region.base_start]
            was = region.base_start == disputed[0].base_start
            shown = replace(
                region,
                ours=merge.ours.lines[slice(*place.ours)],
                theirs=merge.theirs.lines[slice(*place.theirs)],
                how=How.MOVED if was else region.how,
                note=followed.note if was else region.note,
            )
            regions.append(shown)
        return replace(again, regions=regions)

    def _region(
        self, meeting: Meeting, ours: Side, theirs: Side, merged_start: int, refused: frozenset[int]
    ) -> Region:
        start, end = meeting.start, meeting.end
        dispute = Dispute(
            kind=self.kind,
            function=self._function(start, end),
            before=self.lines[max(start - _CONTEXT, 0) : start],
            base=self.lines[start:end],
            ours=ours.lines[slice(*meeting.ours)],
            theirs=theirs.lines[slice(*meeting.theirs)],
            ours_changes=_relative(meeting.ours_changes, start, meeting.ours[0]),
            theirs_changes=_relative(meeting.theirs_changes, start, meeting.theirs[0]),
        )
        settled = in_doubt(_NO_C) if start in refused else settle(dispute)
        lines = settled.lines
        if settled.how is How.CONFLICT:
            lines = marked(dispute.base, dispute.ours, dispute.theirs, self.names)
        return Region(
            how=settled.how,
            function=dispute.function,
            base_start=start,
            merged_start=merged_start,
            base=dispute.base,
            ours=dispute.ours,
            theirs=dispute.theirs,
            merged=lines,
            note=settled.note,
            shared=settled.shared,
        )

    def _function(self, start: int, end: int) -> str:
        """The function that both sides of an insertion, or all lines of a change, are in."""
        if self.kind is not Kind.C:
            return ""
        before, after = (start - 1, start) if start == end else (start, end - 1)
        return around(self.base.data, before, after)


def _relative(changes: Sequence[Change], old: int, new: int) -> tuple[Change, ...]:
    return tuple(
        Change(change.old_start - old, change.old_end - old, change.new_start - new, change.new_end - new)
        for change in changes
    )
