"""What speaks against a tree that was put together: it does not compile, links a symbol twice, fails a check."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from builder.proofs.compilation import Compilation
from builder.proofs.duplicates import Duplicate


class Verdict(Struct, frozen=True, kw_only=True):
    """`error` is what speaks against it, empty if nothing does; `before`: whether that was so of a part of it, too."""

    error: str = ""
    before: bool = False


def weigh(found: Compilation, parts: Mapping[str, Callable[[], Compilation]]) -> Verdict:
    """Judge a compiled tree. `parts` compile what it was put together from, by what to call them; they are only asked
    if there is something whose fault it might be."""
    if not found.ok:
        broken = [name for name, part in parts.items() if not part().ok]
        also = f"{broken[0]} does not compile by itself. " if broken else ""
        return Verdict(error=f"{also}make it fails:\n{found.error}", before=bool(broken))
    if found.duplicates:
        usual = {_what(one) for part in parts.values() for one in part().duplicates}
        fresh = [one for one in found.duplicates if _what(one) not in usual]
        if fresh:
            return Verdict(error="\n".join(map(_in_words, fresh)))
    return Verdict(error="\n".join(found.failed))


def _what(one: Duplicate) -> tuple[str, str]:
    return one.program, one.symbol


def _in_words(one: Duplicate) -> str:
    return f"{one.program}: {one.symbol} is defined more than once: {', '.join(one.files)}"
