"""A Makefile as qmail's are: plain rules with sh commands, read to learn which of them run what was just linked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

_RUN = re.compile(r"(?<![\w./-])\./([\w.+-]+)")
_LINKED = re.compile(r"\./load\s+([\w.+-]+)|\s-o\s+([\w.+-]+)")


@dataclass(frozen=True, slots=True)
class Command:
    """A line of a recipe, put together where it goes on over several; `line` is the number of its first, from 1 on."""

    line: int
    text: str

    @property
    def runs(self) -> Iterator[tuple[int, str]]:
        """The programs that it starts as ./name, each with the number of its line in the Makefile."""
        for found in _RUN.finditer(self.text):
            yield self.line + self.text.count("\n", 0, found.start()), found[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one file is made, and of which others."""

    target: str
    needs: tuple[str, ...]
    recipe: tuple[Command, ...]

    @property
    def runs(self) -> dict[str, int]:
        """The programs that it starts as ./name, and the line of the Makefile where it does so first."""
        found: dict[str, int] = {}
        for command in self.recipe:
            for line, name in command.runs:
                found.setdefault(name, line)
        return found


@dataclass(frozen=True)
class Makefile:
    """The rules by the file that they make."""

    rules: Mapping[str, Rule]

    @cached_property
    def linked(self) -> frozenset[str]:
        """The programs that its recipes link."""
        recipes = "\n".join(command.text for rule in self.rules.values() for command in rule.recipe)
        return frozenset(first or second for first, second in _LINKED.findall(recipes))

    def reached(self, goal: str, without: Sequence[str] = ()) -> Iterator[Rule]:
        """The rules that making `goal` may follow, if the files of `without` are there already."""
        waiting, seen = [goal], set(without)
        while waiting:
            name = waiting.pop()
            if name in self.rules and name not in seen:
                seen.add(name)
                yield self.rules[name]
                waiting += self.rules[name].needs


def read_makefile(text: str) -> Makefile:
    """The rules of a Makefile; what is no rule, such as an assignment, is left out."""
    rules: dict[str, Rule] = {}
    targets: list[str] = []
    for line, logical in _logical_lines(text):
        if logical.startswith("\t"):
            for target in targets:
                old = rules[target]
                rules[target] = Rule(
                    target=target, needs=old.needs, recipe=(*old.recipe, Command(line, logical[1:]))
                )
            continue
        head = re.fullmatch(r"([^#:=\t]+):(?![:=])([^=]*)", logical.replace("\\\n", " "))
        targets = head[1].split() if head else []
        needs = tuple(head[2].split()) if head else ()
        for target in targets:
            before = rules.get(target, Rule(target=target, needs=(), recipe=()))
            rules[target] = Rule(target=target, needs=(*before.needs, *needs), recipe=before.recipe)
    return Makefile(rules)


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines with their numbers; one that ends in a backslash has the next ones in it."""
    gathered: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        gathered.append(line)
        if not line.endswith("\\"):
            yield number - len(gathered) + 1, "\n".join(gathered)
            gathered = []
    if gathered:
        yield text.count("\n") + 1, "\n".join(gathered)
