"""The printer for a build whose programs cannot run here: hier.c and what it calls, compiled again for this machine."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

from builder.backends.backend import Backend
from builder.compiling.build import Build
from builder.compiling.elf import Symbols, symbols_of
from builder.errors import PackageError
from builder.packaging.running import run_in

_OURS = frozenset({"h", "d", "c", "p", "z", "main"})
"""What the printer itself defines."""


def link_for_host(build: Build, tree: Path, backend: Backend, printer: str, objects: Iterable[str]) -> None:
    """Make `printer` in `tree` of the sources of hier.o and `objects`, which the tree has for the target.

    What hier.o takes from the archives is found by the names that it asks for. PackageError if a source is missing.
    """
    sources = [f"{printer}.c", *_sources(tree, objects)]
    compiler = shlex.split(build.toolchain.for_host(build.conf["conf-cc"]))
    run_in(backend, tree, *compiler, "-w", "-o", printer, *sources)


def _sources(tree: Path, objects: Iterable[str]) -> list[str]:
    """The sources of `objects` and of all that they need of the tree's other objects."""
    symbols = {path.name: symbols_of(path) for path in sorted(tree.glob("*.o"))}
    owners = _owners(symbols)
    wanted: list[str] = []
    waiting = list(objects)
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.append(name)
            asked = symbols[name].undefined - _OURS if name in symbols else frozenset()
            waiting += sorted(owners[symbol] for symbol in asked if symbol in owners)
    sources = [Path(name).with_suffix(".c").name for name in wanted]
    missing = [source for source in sources if not (tree / source).is_file()]
    if missing:
        raise PackageError(
            f"hier() needs {', '.join(missing)} to run here, which the tree does not have.",
            hint="Build on a machine that can run what it compiles.",
        )
    return sources


def _owners(symbols: dict[str, Symbols]) -> dict[str, str]:
    """The object that defines a name; programs' own objects are no part of an archive."""
    return {
        symbol: name
        for name, found in reversed(symbols.items())
        if "main" not in found.defined
        for symbol in found.defined
    }
