"""An order of patches as text and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from builder.conflicts.graph import Graph
from builder.conflicts.ordered import Core, Failure, Needed, Ordered, Rule
from builder.reporting.json import dumps
from builder.reporting.report import called
from builder.reporting.screen import Screen, printable

ORDER_SCHEMA = 1

_COLOURS = {"clean": "green", "offset": "yellow", "fuzz": "yellow"}
_REASONS = {
    Rule.REQUIRES: "its patch.toml requires it",
    Rule.AFTER: "its patch.toml says so",
    Rule.ORDER: "the other way round it does not apply",
}


class OrderReport(Ordered, frozen=True, kw_only=True):
    """What `order --format json` prints."""

    schema_version: int
    graph: Graph


def as_json(ordered: Ordered, graph: Graph) -> str:
    """The whole of it as JSON."""
    return dumps(OrderReport(schema_version=ORDER_SCHEMA, graph=graph, **msgspec.structs.asdict(ordered)))


def as_text(ordered: Ordered, screen: Screen) -> str:
    """The order, and why it is so."""
    return "".join(f"{line}\n" for line in _lines(ordered, screen))


def _lines(ordered: Ordered, screen: Screen) -> Iterator[str]:
    every = len(ordered.alone)
    placed = "all" if ordered.ok else f"{len(ordered.order)} of"
    fuzz = f"fuzz {ordered.policy.fuzz}" if ordered.policy.fuzz else "no fuzz"
    yield f"{ordered.base}: an order of {placed} {every} patches, with {fuzz}"
    yield ""
    width = max(map(len, ordered.alone), default=0)
    for number, (name, status) in enumerate(zip(ordered.order, ordered.statuses, strict=True), 1):
        extra = "  added: another requires it" if name in ordered.added else ""
        shown = screen.paint(status, _COLOURS[status])
        yield f"{number:4}  {printable(name):{width}}  {shown}{extra}"
    for name in ordered.left_out:
        yield f"   -  {printable(name):{width}}  {screen.paint('left out', 'red')}"
    yield from _block("Prerequisites that were found", _prerequisites(ordered), screen)
    yield from _block("What decides the order", _decisions(ordered), screen)
    yield from _block("These cannot go together", map(_core, ordered.cores), screen)
    if not ordered.complete:
        yield ""
        yield "There were too many possibilities to try them all: a better answer may exist."


def _block(title: str, entries: Iterable[str], screen: Screen) -> Iterator[str]:
    for number, entry in enumerate(entries):
        if number == 0:
            yield ""
            yield f"{title}:"
        for at, line in enumerate(screen.wrapped(printable(entry), indent=4)):
            yield f"  {line}" if at == 0 else f"    {line}"


def _prerequisites(ordered: Ordered) -> Iterator[str]:
    ways: dict[str, list[Needed]] = {}
    for needed in ordered.needed:
        ways.setdefault(needed.patch, []).append(needed)
    for patch, needs in ways.items():
        choices = ", or ".join(_listed(needed.before) for needed in needs)
        yield f"{choices} must come before {patch}, which does not apply by itself"


def _decisions(ordered: Ordered) -> Iterator[str]:
    """The rules that are about what was given, but for those that stand above already."""
    for rule in ordered.rules:
        if rule.rule in _REASONS:
            yield f"{rule.first} before {rule.second}: {_REASONS[rule.rule]}"


def _core(core: Core) -> str:
    if len(core.patches) == 1:
        return f"{core.patches[0]} applies in no place{_where(core.failures)}"
    if core.excluded:
        return f"{_listed(core.patches)}: a patch.toml excludes it"
    return f"{_listed(core.patches)}{_where(core.failures)}"


def _where(failures: Sequence[Failure]) -> str:
    """What fails, one patch after the other: ": tls fails in Makefile (hunk 2) and qmail.c (hunks 1, 3)"."""
    by_patch: dict[str, list[str]] = {}
    for failure in failures:
        by_patch.setdefault(failure.patch, []).append(f"{failure.path} ({_hunks(failure.hunks)})")
    said = "; ".join(f"{patch} fails in {_listed(places)}" for patch, places in by_patch.items())
    return f": {said}" if said else ""


def _hunks(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return called(numbers[0])
    return f"hunks {', '.join(map(str, numbers))}"


def _listed(names: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
