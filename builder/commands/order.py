"""`order`: an order in which patches apply, the prerequisites that were found, and what cannot go together."""

from __future__ import annotations

import sys
from pathlib import Path

from builder.commands.common import Flags, Selection
from builder.commands.compared import Compared, bring_together
from builder.conflicts.graph import graph_of_order
from builder.conflicts.order import find_order
from builder.conflicts.ordered import Ordered
from builder.errors import FindingsError, UsageError
from builder.recipes.again import Again
from builder.recipes.model import ApplyPolicy
from builder.reporting import dot
from builder.reporting import order as presenter
from builder.reporting.screen import Screen
from builder.series.folder import is_name, recipe_toml
from builder.series.output import write_new

FORMATS = ("text", "json", "dot")


def order(selection: Selection, flags: Flags, *, fuzz: int, form: str, out: Path | None) -> None:
    """Find the order and show it; FindingsError if there is none that has all. `out` is a recipe file to be written."""
    if form not in FORMATS:
        raise UsageError(f"--format is {form!r}, but must be one of: {', '.join(FORMATS)}.")
    if out is not None and (out.suffix != ".toml" or not is_name(out.stem)):
        raise UsageError(
            f"--out {out} is no name for a recipe.", hint="A name that can be: recipes/mine.toml."
        )
    compared = bring_together(selection.base, selection.patches, selection.library, flags)
    ordered = _ordered(compared, ApplyPolicy(fuzz=fuzz))
    _show(ordered, form)
    if not ordered.ok:
        raise FindingsError(
            f"There is no order in which all apply: {len(ordered.left_out)} of {len(ordered.alone)} had to be left out.",
            hint=_advice(ordered, compared, selection.again(given=flags.given)),
        )
    if out is not None:
        _write_recipe(ordered, compared, out)


def _ordered(compared: Compared, policy: ApplyPolicy) -> Ordered:
    patches = {patch.name: patch for patch in compared.patches}
    required = {need.name: need for needs in compared.needs.values() for need in needs}
    return find_order(
        compared.base,
        compared.tree,
        tuple({**patches, **required}.values()),
        specs=compared.specs,
        policy=policy,
        added=tuple(name for name in required if name not in patches),
    )


def _show(ordered: Ordered, form: str) -> None:
    if form == "text":
        sys.stdout.write(presenter.as_text(ordered, Screen.of_stdout()))
        return
    graph = graph_of_order(ordered)
    sys.stdout.write(dot.render(graph) if form == "dot" else presenter.as_json(ordered, graph))


def _advice(ordered: Ordered, compared: Compared, again: Again) -> str:
    """The command that looks into the first two that do not go together."""
    pair = next(
        (core.patches for core in ordered.cores if len(core.patches) == 2 and not core.excluded), None
    )
    if pair is None:
        return "What cannot go together, and why, stands above."
    patches = (word for name in pair for word in ("--patch", compared.typed.get(name, name)))
    command = again.command("conflicts", series=("--base", ordered.base, *patches))
    return f"To see where two meet and what can be done: `{command}`."


def _write_recipe(ordered: Ordered, compared: Compared, out: Path) -> None:
    patches = [compared.typed.get(name, name) for name in ordered.order]
    toml = recipe_toml(name=out.stem, summary="Ordered by `order`.", base=ordered.base, patches=patches)
    if ordered.policy.fuzz:
        toml += f"\n[apply]\nfuzz = {ordered.policy.fuzz}\n".encode()
    write_new(out.parent, {out.name: toml})
    print(out)
