"""What a Makefile says, as far as it says it plainly: which file is made of which, and how.

Not make: no variable is filled in and no pattern followed. Whoever reads this asks `Rule.plain` before relying on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_RULE = re.compile(r"([^\s#:=][^:=]*?)\s*::?(?!=)([^=]*)")
_WORD = re.compile(r"[\w./+@%-]+")
_VARIABLE = re.compile(r"\$(?![<@?^*])")


@dataclass(frozen=True, slots=True)
class Rule:
    """How one file is made. `needs` are its prerequisites, `recipe` the lines for the shell."""

    target: str
    needs: tuple[str, ...]
    recipe: tuple[str, ...]

    @property
    def plain(self) -> bool:
        """Whether nothing in it stands for something that is written elsewhere."""
        texts = (text.replace("$$", "") for text in (*self.needs, *self.recipe))  # $$ is the shell's own $
        return not any(_VARIABLE.search(text) or "%" in text for text in texts)

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the recipe that may be names of files, in order."""
        found = (word.removeprefix("./") for line in self.recipe for word in _WORD.findall(line))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Makefile:
    """The rules by target, and all else that is in the file: variables, conditions, comments."""

    rules: Mapping[str, Rule]
    rest: tuple[str, ...]


def read_makefile(data: bytes) -> Makefile:
    """The rules of a Makefile. Several rules for one target become one, as they do for make."""
    rules: dict[str, Rule] = {}
    rest: list[str] = []
    targets: Sequence[str] = ()
    for line in _logical_lines(data.decode("utf-8", "surrogateescape")):
        rule = _RULE.fullmatch(line)
        if line.startswith("\t") and targets:
            _add(rules, targets, (), (line.strip(),))
        elif rule is not None:
            targets = rule[1].split()
            needs, _, command = rule[2].partition(";")
            _add(rules, targets, needs.split(), (command.strip(),) if command.strip() else ())
        elif line.strip() and not line.startswith("#"):
            targets = ()
            rest.append(line)
    return Makefile(rules, tuple(rest))


def _add(
    rules: dict[str, Rule], targets: Sequence[str], needs: Sequence[str], recipe: tuple[str, ...]
) -> None:
    for target in targets:
        known = rules.get(target, Rule(target, (), ()))
        rules[target] = Rule(target, (*known.needs, *needs), known.recipe + recipe)


def _logical_lines(text: str) -> Iterator[str]:
    """The lines, those that end with a backslash joined to the next."""
    pending = ""
    for line in text.split("\n"):
        if line.endswith("\\"):
            pending += line[:-1] + " "
        else:
            yield pending + line
            pending = ""
    if pending:
        yield pending
