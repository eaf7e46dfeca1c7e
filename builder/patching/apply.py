"""Applying patches to a tree in memory: all or nothing, with every hunk accounted for and every line's owner known.

The door of this room: `apply(tree, patches) -> Applied`. What becomes of a hunk is what GNU patch 2.7.6 makes of it when
it is called once for each patch as

    patch -p<level> -F<fuzz> -N -f --no-backup-if-mismatch        (with -R if the patches are to be taken back)

so every hunk is tried by itself, and nothing is guessed about a patch that looks as if it were applied already. Where
this engine is stricter is listed in builder/agreement/differences.py, which `invoke fuzz` holds it to.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from builder.patching.applied import Applied, OwnedLines, Reject, Removed
from builder.patching.file_change import PatchWork
from builder.patching.findings import HunkStatus, PatchOutcome
from builder.patching.memory import Memory, Whole
from builder.patching.patch import Patch
from builder.patching.reverse import reverse_change
from builder.patching.state import State
from builder.recipes.model import ApplyPolicy
from builder.sources.tree import Tree

__all__ = ["Applied", "OwnedLines", "Reject", "Removed", "apply"]

_STRICT = ApplyPolicy()
_WORST_FIRST = (
    HunkStatus.MALFORMED,
    HunkStatus.NO_TARGET,
    HunkStatus.REJECTED,
    HunkStatus.MISPLACED,
    HunkStatus.ALREADY_APPLIED,
    HunkStatus.FUZZ,
    HunkStatus.OFFSET,
    HunkStatus.CLEAN,
)


def apply(
    tree: Tree, patches: Sequence[Patch], policy: ApplyPolicy = _STRICT, *, reverse: bool = False
) -> Applied:
    """Apply `patches` in order and say of each hunk what became of it.

    A failing hunk does not stop the series: the hunks and patches after it are tried all the same, so that one run
    shows everything that is wrong; the tree that comes out is then the one that went in. With `reverse` the patches
    are taken back instead, in the order given: hand in a series with its last patch first.
    """
    state = State(tree)
    outcomes: list[PatchOutcome] = []
    rejects: list[Reject] = []
    for patch in patches:
        whole = (_take_back if reverse else _apply_patch)(state, patch, policy)
        outcomes.append(whole.outcome)
        rejects += whole.rejects
    failed = any(not outcome.status.applied for outcome in outcomes)
    return Applied(
        tree=tree if failed else state.result(),
        patches=tuple(outcomes),
        owned=MappingProxyType(state.owned),
        rejects=tuple(rejects),
        gone=MappingProxyType(state.gone),
    )


def _apply_patch(state: State, patch: Patch, policy: ApplyPolicy) -> Whole:
    memory = Memory.of(state.base)
    known = memory.known(patch, state.base, policy)
    if not state.is_base(known.paths):
        whole = _worked_out(PatchWork(state, patch, patch.files, policy, known))
    elif known.whole is not None:
        whole = known.whole
        state.join(whole.state)
    else:
        whole = _worked_out(PatchWork(State(state.base), patch, patch.files, policy, known))
        known.keep_whole(whole)
        state.join(whole.state)
    memory.count(known)
    return whole


def _take_back(state: State, patch: Patch, policy: ApplyPolicy) -> Whole:
    # The last change to a file comes first, but is reported last.
    changes = [reverse_change(change) for change in reversed(patch.files)]
    return _worked_out(PatchWork(state, patch, changes, policy, reverse=True))


def _worked_out(work: PatchWork) -> Whole:
    done = work.apply()
    files = tuple([one.outcome for one in (reversed(done) if work.reverse else done)])
    found = {hunk.status for file in files for hunk in file.hunks}
    status = next((status for status in _WORST_FIRST if status in found), HunkStatus.CLEAN)
    outcome = PatchOutcome(name=work.patch.name, strip=work.level, status=status, files=files)
    return Whole(outcome, tuple([reject for one in done for reject in one.rejects]), work.state)
