"""Both sides changed the same lines, but other tokens of them."""

from __future__ import annotations

from collections.abc import Sequence

from builder.merging.both_added import dangling
from builder.merging.dispute import Dispute, Kind, Settled
from builder.merging.merged import How, Shared
from builder.merging.sequences import Chunk, Who, chunks
from builder.merging.tokens import Token, tokens
from builder.patching.lines import split_lines

_MOST_TOKENS = 4000
"""Of the longest side; a dispute as large is not settled by its tokens, and would cost too much."""


def by_tokens(dispute: Dispute) -> Settled | None:
    """The lines with the changed tokens of both; None if both changed the same ones, or tokens side by side.

    The blanks before a token are those of the side that changed them, ours first: they mean nothing in C.
    """
    if not (dispute.base and dispute.ours and dispute.theirs):
        return None
    (base, base_end), (ours, ours_end), (theirs, theirs_end) = (
        tokens(lines) for lines in (dispute.base, dispute.ours, dispute.theirs)
    )
    if max(len(base), len(ours), len(theirs)) > _MOST_TOKENS:
        return None
    merged: list[bytes] = []
    shared: list[Shared] = []
    found = list(chunks(*([text for _, text in side] for side in (base, ours, theirs))))
    if dispute.kind is Kind.C and _guards_more(found, ours, theirs):
        return None
    for chunk in found:
        was, mine, yours = base[slice(*chunk.base)], ours[slice(*chunk.ours)], theirs[slice(*chunk.theirs)]
        match chunk.who:
            case Who.BOTH:
                return None
            case Who.NOBODY:
                merged += map(_unchanged, was, mine, yours)
            case Who.OURS | Who.SAME:
                merged += map(_text, mine)
            case Who.THEIRS:
                merged += map(_text, yours)
        if chunk.who is Who.SAME:
            shared.append(Shared(b"".join(map(_text, was)), b"".join(map(_text, mine))))
    end = _blanks(base_end, ours_end, theirs_end)
    lines = tuple(split_lines(b"".join(merged) + end))
    note = "The sides changed the same lines, but other words of them."
    return Settled(lines=lines, how=How.TOKENS, note=note, shared=tuple(shared))


def _guards_more(found: Sequence[Chunk], ours: Sequence[Token], theirs: Sequence[Token]) -> bool:
    """Whether one side put the head of an `if` or the like before a statement, and the other ends a statement, so that
    it is not certain what the head is for."""
    heads = [
        chunk.who
        for chunk in found
        if (chunk.who is Who.OURS and dangling(map(_text, ours[slice(*chunk.ours)])))
        or (chunk.who is Who.THEIRS and dangling(map(_text, theirs[slice(*chunk.theirs)])))
    ]
    ends = [
        chunk.who
        for chunk in found
        if (chunk.who is Who.OURS and _ends(ours[slice(*chunk.ours)]))
        or (chunk.who is Who.THEIRS and _ends(theirs[slice(*chunk.theirs)]))
    ]
    return any(head is not end for head in heads for end in ends)


def _ends(found: Sequence[Token]) -> bool:
    return any(text in {b";", b"{", b"}"} for _, text in found)


def _text(token: Token) -> bytes:
    return token[0] + token[1]


def _unchanged(base: Token, ours: Token, theirs: Token) -> bytes:
    return _blanks(base[0], ours[0], theirs[0]) + base[1]


def _blanks(base: bytes, ours: bytes, theirs: bytes) -> bytes:
    return theirs if ours == base else ours
