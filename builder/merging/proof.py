"""The proof of a merge by its tokens: none that either side added is missing, and none that it removed is back.

For each token of a file: as many as the base has, and what ours and theirs have more or fewer. A change that both made
counts once. Which those are says the merge (`Region.shared`), but each is looked for here: in the region, both sides
must really have it. Nothing else is let pass.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

from msgspec import Struct

from builder.merging.companions import companions
from builder.merging.edits import lines_of, side_of
from builder.merging.merged import MergedFile, MergedTree, Region, Shared
from builder.merging.tokens import counted_up, plain
from builder.sources.tree import File, Tree

_ABSENT = File(b"")


class Fault(Struct, frozen=True, kw_only=True):
    """A token that is not as often in the merge as it should be, or something that the merge says and is not so."""

    path: str
    token: str
    expected: int
    found: int
    why: str = ""
    """Empty if it is a token that is missing or back."""


class Proof(Struct, frozen=True, kw_only=True):
    """Whether a merge holds what both sides added, and nothing that either removed."""

    ok: bool
    faults: tuple[Fault, ...] = ()
    disputed: tuple[str, ...] = ()
    """Files that are in dispute, of which nothing can be proved."""


def prove(base: Tree, ours: Tree, theirs: Tree, merged: MergedTree) -> Proof:
    """Count the tokens of a merge of `ours` and `theirs`, that were both made of `base`."""
    files = {file.path: file for file in merged.files}
    disputed = tuple(sorted(path for path, file in files.items() if not file.ok))
    faults: list[Fault] = []
    for path in sorted({*base, *ours, *theirs, *merged.tree}):
        sides = (base.get(path), ours.get(path), theirs.get(path), merged.tree.get(path))
        if path not in disputed and any(side is not sides[0] for side in sides):
            faults += _faults(path, *sides, files.get(path))
    return Proof(ok=not faults and not disputed, faults=tuple(faults), disputed=disputed)


def _faults(
    path: str,
    base: File | None,
    ours: File | None,
    theirs: File | None,
    merged: File | None,
    file: MergedFile | None,
) -> Iterator[Fault]:
    regions = file.regions if file is not None else ()
    for region in regions:
        yield from _false(path, region, base, ours, theirs, merged)
    if base in (ours, theirs) or ours == theirs:
        # The one side that changed it says what it must be.
        wanted = theirs if ours == base else ours
        if merged != wanted:
            yield from _differences(path, _count(wanted), _count(merged))
            if (merged is None) != (wanted is None) or _tokens(merged) != _tokens(wanted):
                yield Fault(
                    path=path,
                    token="",
                    expected=0,
                    found=0,
                    why="It is not the file of the one side that changed it.",
                )
        return
    expected = Counter(_count(ours))
    expected.update(_count(theirs))
    expected.subtract(_count(base))
    for shared in (shared for region in regions for shared in region.shared):
        expected.subtract(plain(shared.new))
        expected.update(plain(shared.base))
    for word in (word for region in regions for word in region.carried):
        expected.update(plain(word))
    yield from _differences(path, expected, _count(merged))


def _differences(path: str, expected: Counter[bytes], found: Counter[bytes]) -> Iterator[Fault]:
    for token in sorted({*expected, *found}):
        if expected[token] != found[token]:
            name = token.decode("utf-8", "backslashreplace")
            yield Fault(path=path, token=name, expected=expected[token], found=found[token])


def _tokens(file: File | None) -> tuple[bytes, ...]:
    return _plain((file or _ABSENT).data)


@lru_cache(maxsize=512)
def _plain(data: bytes) -> tuple[bytes, ...]:
    return tuple(plain(data))


@lru_cache(maxsize=512)
def _counted(data: bytes) -> Counter[bytes]:
    return Counter(_plain(data))


def _count(file: File | None) -> Counter[bytes]:
    return _counted((file or _ABSENT).data)


def _false(
    path: str, region: Region, base: File | None, ours: File | None, theirs: File | None, merged: File | None
) -> Iterator[Fault]:
    """What a region says and is not so."""
    for name, lines, start, file in (
        ("base", region.base, region.base_start, base),
        ("merged", region.merged, region.merged_start, merged),
        ("ours", region.ours, None, ours),
        ("theirs", region.theirs, None, theirs),
    ):
        if not _are_in(lines, lines_of((file or _ABSENT).data), start):
            why = f"The lines of the region at {region.merged_start + 1} are not those of {name}."
            yield Fault(path=path, token="", expected=1, found=0, why=why)
    for shared in region.shared:
        if not (_made(shared, region.base, region.ours) and _made(shared, region.base, region.theirs)):
            change = (shared.new or shared.base).decode("utf-8", "backslashreplace").strip()
            why = f"Not both sides made this change in the region at {region.merged_start + 1}."
            yield Fault(path=path, token=change, expected=2, found=1, why=why)
    if region.carried:
        known = {
            word
            for side in (ours, theirs)
            for word in companions(side_of((base or _ABSENT).data, (side or _ABSENT).data)).values()
        }
        for word in set(region.carried) - known:
            why = f"Neither side has it everywhere, as the region at {region.merged_start + 1} says."
            yield Fault(
                path=path, token=word.decode("utf-8", "backslashreplace"), expected=0, found=1, why=why
            )


def _are_in(lines: Sequence[bytes], where: Sequence[bytes], start: int | None) -> bool:
    if start is not None:
        return tuple(where[start : start + len(lines)]) == tuple(lines)
    return b"".join(lines) in b"".join(where)


def _made(shared: Shared, base: Sequence[bytes], side: Sequence[bytes]) -> bool:
    """Whether a side made a change: it has the old tokens once less in a row than the base, and the new ones once more."""
    texts = (shared.base, shared.new, b"".join(base), b"".join(side))
    return _has_made(*map(plain, texts)) or _has_made(*(plain(counted_up(text)) for text in texts))


def _has_made(
    old: Sequence[bytes], new: Sequence[bytes], before: Sequence[bytes], after: Sequence[bytes]
) -> bool:
    gone = not old or _runs(after, old) < _runs(before, old) + _runs(new, old)
    come = not new or _runs(after, new) + _runs(old, new) > _runs(before, new)
    return gone and come


def _runs(tokens: Sequence[bytes], run: Sequence[bytes]) -> int:
    return sum(tokens[at : at + len(run)] == run for at in range(len(tokens) - len(run) + 1))
