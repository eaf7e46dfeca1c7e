"""Symbols that one program gets from two places. Between objects the linker complains; of two that are in archives it
silently takes one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from builder.proofs.makefile import Rule
from builder.proofs.symbols import defined, members


class Duplicate(Struct, frozen=True, order=True):
    """A symbol that several of the files which make up `program` define: "md5.o", "md5.o in str.a"."""

    program: str
    symbol: str
    files: tuple[str, ...]


def duplicates(folder: Path, rules: Mapping[str, Rule]) -> tuple[Duplicate, ...]:
    """Those of all programs that were made in `folder`, sorted."""
    known: dict[str, tuple[tuple[str, frozenset[str]], ...]] = {}
    found = []
    for rule in rules.values():
        if "load" not in rule.words[:1] or not (folder / rule.target).is_file():
            continue
        places: defaultdict[str, list[str]] = defaultdict(list)
        for name in _linked(rule):
            if name not in known:
                known[name] = tuple(_definitions(folder, name))
            for place, symbols in known[name]:
                for symbol in symbols:
                    places[symbol].append(place)
        found += [
            Duplicate(rule.target, symbol, tuple(where)) for symbol, where in places.items() if len(where) > 1
        ]
    return tuple(sorted(found))


def _linked(rule: Rule) -> tuple[str, ...]:
    """The objects and archives of a program: `load` adds the one that is called like it."""
    named = (word for word in rule.words if word.endswith((".o", ".a")))
    return tuple(dict.fromkeys((f"{rule.words[1]}.o", *named)))


def _definitions(folder: Path, name: str) -> Iterator[tuple[str, frozenset[str]]]:
    path = folder / name
    if not path.is_file():
        return
    data = path.read_bytes()
    if name.endswith(".o"):
        yield name, defined(data)
    for member, body in members(data):
        yield f"{member} in {name}", defined(body)
