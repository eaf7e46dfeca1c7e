"""A file that both sides add, but not with the same bytes: a C file of both is the definitions of both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from builder.merging.both_added import clash, once
from builder.merging.dispute import Settled
from builder.merging.outline import Kind, Unit, units
from builder.merging.sequences import Who, chunks
from builder.patching.lines import split_lines


def both_files(ours: tuple[bytes, ...], theirs: tuple[bytes, ...]) -> Settled | None:
    """One file of two that define the same; None if they have no name in common, or one that they define differently.

    A unit of both (an include, a function: the same tokens, however they are laid out) is there once, as ours has it.
    """
    left, right = units(ours), units(theirs)
    if left is None or right is None or any(clash(one, other) for one in left for other in right):
        return None
    if not _names(left) & _names(right):
        return None
    texts: list[bytes] = []
    both: list[Unit] = []
    for chunk in chunks(_keys(left), _keys(left), _keys(right)):
        here = list(left[slice(*chunk.ours)])
        if chunk.who is Who.NOBODY:
            both += [unit for unit in here if unit.kind is not Kind.COMMENT]
        else:
            here += right[slice(*chunk.theirs)]
        texts += [unit.text for unit in here]
    lines = tuple(split_lines(b"".join(_on_lines_of_their_own(texts))))
    return once(lines, both, "; what only one of the files has is there too")


def _names(found: Sequence[Unit]) -> set[bytes]:
    return {unit.name for unit in found if unit.kind is not Kind.DIRECTIVE and unit.name}


def _keys(found: Sequence[Unit]) -> list[bytes]:
    return [b"\0".join(unit.wording) or unit.text for unit in found]


def _on_lines_of_their_own(texts: Sequence[bytes]) -> Iterator[bytes]:
    """The texts, with a line end where one of them comes from the end of a file without one."""
    for text, following in zip(texts, [*texts[1:], b""], strict=True):
        yield text + b"\n" if following and not text.endswith(b"\n") else text
