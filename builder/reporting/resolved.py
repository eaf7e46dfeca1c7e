"""What `resolve` found, as text for a person and as JSON for programs."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence

from builder.patching.findings import Owner
from builder.recipes.again import Again
from builder.reporting.json import dumps
from builder.reporting.screen import Screen, printable
from builder.resolving.report import Disputed, Resolution, Resolved
from builder.resolving.values import State

RESOLVE_SCHEMA = 1
_COLOURS = {State.APPLIES: "green", State.KEPT: "green", State.RESOLVED: "green"}
_WORDS = {
    State.APPLIES: "applies",
    State.KEPT: "has its fix-up",
    State.RESOLVED: "resolved",
    State.CONFLICT: "CONFLICT",
    State.SEMANTIC: "DOES NOT WORK",
    State.BY_HAND: "STALE, made by hand",
    State.CONTAINED: "is there already",
    State.FAILS: "FAILS",
    State.SKIPPED: "left out",
}
_NAME = 24


def render_json(found: Resolution) -> str:
    """The whole of it as JSON."""
    return dumps(
        {
            "schema_version": RESOLVE_SCHEMA,
            "id": found.id,
            "base": found.base,
            "base_tree": found.base_tree,
            "patches": found.patches,
        }
    )


def render_text(found: Resolution, screen: Screen, again: Again, *, proof: Sequence[str] = ()) -> str:
    """A block for each patch. `again` is how the series was selected, `proof` are the flags that say what is compiled."""
    return "".join(f"{line}\n" for patch in found.patches for line in _patch(patch, screen, again, proof))


def _patch(patch: Resolved, screen: Screen, again: Again, proof: Sequence[str]) -> Iterator[str]:
    word = screen.paint(_WORDS[patch.state], _COLOURS.get(patch.state, "red"))
    after = f" after {' and '.join(patch.after)}" if patch.after else ""
    needs = f", on top of {' and '.join(patch.needs)}" if patch.needs else ""
    note = f": {patch.note}" if patch.note else ""
    yield printable(f"{patch.name:{_NAME}} ") + word + printable(f"{after}{needs}{note}")
    if patch.settled and patch.state is not State.KEPT:
        counts = Counter(one.how for one in patch.settled)
        kinds = ", ".join(f"{count} {how}" for how, count in sorted(counts.items()))
        yield f"  {len(patch.settled)} region(s) that both change: {kinds}"
        for one in patch.settled:
            where = f" in {one.function}()" if one.function else ""
            yield printable(f"    {one.path}:{one.line}{where}: {one.how}: {one.note}")
    if patch.proof and patch.state is not State.KEPT:
        yield printable(f"  proof: {patch.proof}")
    if patch.compiled:
        yield printable(f"  compiled: make it, {patch.compiled}")
    for line in patch.error.splitlines():
        yield printable(f"  {line}")
    if patch.file:
        yield printable(f"  {'wrote' if patch.written else 'with'} {patch.file}")
    if patch.replaced:
        yield printable(f"  removed {patch.replaced}")
    for disputed in patch.disputed:
        yield from _region(disputed, patch, screen)
    yield from (printable(f"  {line}") for line in _advice(patch, again, proof))


def _region(one: Disputed, patch: Resolved, screen: Screen) -> Iterator[str]:
    where = f" in {one.function}()" if one.function else ""
    place = f":{one.line}" if one.line else ""
    yield ""
    yield screen.paint(printable(f"  {one.path}{place}{where}: {one.note}"), "bold")
    if one.line:
        yield from _side("<<<<<<<", _by(one.ours_by, "+".join(patch.after)), one.ours)
        yield from _side("|||||||", "base", one.base)
        yield from _side("=======", "", one.theirs)
        yield printable(f"    >>>>>>> {_by(one.theirs_by, patch.name)}")


def _side(mark: str, name: str, text: str) -> Iterator[str]:
    yield printable(f"    {mark} {name}".rstrip())
    for line in text.splitlines():
        yield f"    {printable(line.expandtabs(8))}"


def _by(owners: Sequence[Owner], otherwise: str) -> str:
    """Who wrote a side: "tls, hunk 3; auth, hunk 1"."""
    return "; ".join(f"{owner.patch}, hunk {owner.hunk}" for owner in owners) or otherwise


def _advice(patch: Resolved, again: Again, proof: Sequence[str]) -> Iterator[str]:
    match patch.state:
        case State.CONFLICT | State.SEMANTIC:
            yield ""
            yield "To settle it yourself:"
            yield f"  {again.command('resolve', more=(*proof, '--out', 'DIR'))}"
            yield "writes the tree into DIR, with markers where something is in dispute. Edit it, then"
            yield f"  {again.command('resolve', more=(*proof, '--from', 'DIR'))}"
            yield "makes a fix-up of what you made of it."
        case State.BY_HAND:
            yield "Nothing was changed: a person made this fix-up. Edit it, or have it made anew with --force."
        case State.CONTAINED:
            yield "All that it changes is there already: take it out of the recipe."
        case State.FAILS:
            yield f"It applies neither by itself nor after others: {again.command('explain', *shlex.split(patch.typed))}"
        case _:
            return
