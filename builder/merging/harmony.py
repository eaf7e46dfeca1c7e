"""Against false harmony: what merges line by line and is wrong all the same.

Each side is right by itself. Together they may define a name twice, call a function whose parameters the other changed,
use what the other removed, or have two labels for one case. Each of these is looked for in what the sides added, so that
nothing needs to be parsed in a merge where no name comes up twice; what is found makes the file a conflict.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product

from builder.merging.both_added import dangling
from builder.merging.dispute import Kind
from builder.merging.edits import Side
from builder.merging.entries import stand_alone
from builder.merging.merged import How, Region
from builder.merging.outline import Kind as UnitKind
from builder.merging.outline import Unit, named
from builder.merging.tokens import plain, wording
from builder.patching.functions import enclosing, mistakes

_WORD = re.compile(rb"[A-Za-z_]\w*")
_HEAD = re.compile(
    rb"(?!extern\b|typedef\b|return\b|else\b)[A-Za-z_][\w \t*]*?[ \t*]?([A-Za-z_]\w*)[ \t]*\(([^()]*)\)(?![ \t]*[;,])"
)
"""The head of a function's definition, in the first column; a name and its parameters."""
_OBJECT = re.compile(
    rb"(?!extern\b|typedef\b|return\b|goto\b|else\b)[A-Za-z_][\w \t*]*[ \t*]([A-Za-z_]\w*)[ \t]*(?:\[[^\]]*\][ \t]*)*(?:=|;|,)"
)
"""A variable's declaration in the first column."""
_MORE_OBJECTS = re.compile(rb",[ \t]*\**[ \t]*([A-Za-z_]\w*)")
_MACRO = re.compile(rb"[ \t]*#[ \t]*define[ \t]+([A-Za-z_]\w*)")
_LOCAL = re.compile(
    rb"[ \t]+(?:(?:static|const|register|unsigned|signed)[ \t]+)*(?:(?:struct|union|enum)[ \t]+\w+|"
    rb"(?!return\b|goto\b|else\b|case\b)[A-Za-z_]\w*)(?:[ \t]+\**|[ \t]*\*+[ \t]*)([A-Za-z_]\w*)[ \t]*(?:\[[^\]]*\][ \t]*)*(?:=[^;]*)?[;,]"
)
_CASE = re.compile(rb"\s*case\s+([^:]+):")
_ENTRY = re.compile(
    rb"[ \t]*(?:,?[ \t]*\{[ \t]*|[cdhpz]\(auto_qmail,[ \t]*(?=\"))((?:\"[^\"]*\"[ \t]*,?[ \t]*)+)"
)
"""The strings that an entry of a table, or what hier.c installs, begins with."""
_TARGET = re.compile(rb"([\w.$()/%+-]+(?:[ \t]+[\w.$()/%+-]+)*)[ \t]*:(?!=)")
_ROUND = (
    ("block", re.compile(rb"\{"), re.compile(rb"\}")),
    ("#if", re.compile(rb"(?m)^[ \t]*#[ \t]*if"), re.compile(rb"(?m)^[ \t]*#[ \t]*endif")),
)
"""What can be put round lines, with what opens and what closes it."""
_CONTEXT = 3
"""Lines above a list in which it shows whether they end in a condition."""
_WINDOW = 120
"""Lines above and below a region in which its surroundings end."""


@dataclass(frozen=True)
class News:
    """What a side brought into a file, and what it took away."""

    added: tuple[bytes, ...]
    removed: tuple[bytes, ...]

    @cached_property
    def words(self) -> Counter[bytes]:
        """The identifiers of the added lines."""
        return Counter(_WORD.findall(b"".join(self.added)))

    @cached_property
    def removed_words(self) -> Counter[bytes]:
        return Counter(_WORD.findall(b"".join(self.removed)))

    @cached_property
    def defines(self) -> frozenset[bytes]:
        """The names that are defined outside of functions."""
        return frozenset(_defined(self.added))

    @cached_property
    def defines_no_more(self) -> frozenset[bytes]:
        return frozenset(_defined(self.removed)) - self.defines

    @cached_property
    def heads(self) -> dict[bytes, bytes]:
        """The functions whose parameters are not what they were, each with its new ones."""
        before = dict(_heads(self.removed))
        return {
            name: inner
            for name, inner in _heads(self.added)
            if before.get(name, inner).split() != inner.split()
        }

    @cached_property
    def cases(self) -> frozenset[bytes]:
        return frozenset(_firsts(_case, self.added))

    @cached_property
    def locals(self) -> frozenset[bytes]:
        return frozenset(_firsts(_local, self.added))

    @cached_property
    def entries(self) -> frozenset[bytes]:
        """What the new entries of tables begin with."""
        return frozenset(_firsts(_entry, self.added))

    @cached_property
    def targets(self) -> frozenset[bytes]:
        return frozenset(_firsts(_target, self.added))


@lru_cache(maxsize=1024)
def _news(side: Side) -> News:
    removed = [line for change in side.changes for line in side.base[change.old_start : change.old_end]]
    return News(tuple([line for _, line in side.added]), tuple(removed))


_Said = Callable[[bytes], bytes]
"""What a line declares, if it is of a certain kind; empty if it is not."""


def _kept(pattern: re.Pattern[bytes]) -> _Said:
    """What a pattern finds in a line, remembered: the same lines are asked for in one merge after the other."""

    @lru_cache(maxsize=8192)
    def said(line: bytes) -> bytes:
        match = pattern.match(line)
        return match[1].strip() if match else b""

    return said


_case, _local, _entry, _target = (_kept(pattern) for pattern in (_CASE, _LOCAL, _ENTRY, _TARGET))


def _firsts(say: _Said, lines: Sequence[bytes]) -> Iterator[bytes]:
    return filter(None, map(say, lines))


def _heads(lines: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    for line in lines:
        match = _HEAD.match(line)
        if match:
            yield match[1], match[2]


def _defined(lines: Sequence[bytes]) -> Iterator[bytes]:
    for line in lines:
        for pattern in (_HEAD, _MACRO):
            match = pattern.match(line)
            if match:
                yield match[1]
        match = _OBJECT.match(line)
        if match:
            yield match[1]
            yield from _MORE_OBJECTS.findall(line.partition(b"=")[0])


@dataclass(frozen=True, kw_only=True)
class Merge:
    """A merge to be looked at: what went in and what came out."""

    kind: Kind
    ours: Side
    theirs: Side
    merged: tuple[bytes, ...]
    regions: Sequence[Region]
    names: tuple[str, str]


def discord(merge: Merge) -> str:
    """Why the sides do not go together though their lines do; empty if nothing speaks against it."""
    first, second = _news(merge.ours), _news(merge.theirs)
    checks: Sequence[Callable[[Merge, News, News], str]] = ()
    if merge.kind is Kind.C:
        checks = (
            _blocks_cross,
            _defined_twice,
            _called_otherwise,
            _used_but_gone,
            _case_twice,
            _local_twice,
            _entry_twice,
        )
    elif merge.kind is Kind.MAKE:
        checks = (_target_twice,)
    return next((found for check in checks if (found := check(merge, first, second))), "")


def _blocks_cross(merge: Merge, _first: News, _second: News) -> str:
    """A block that ours put round some lines and one that theirs did may be inside of each other, or apart."""
    for (name, start, end), (other, other_start, other_end) in product(
        _wrapped(merge.ours), _wrapped(merge.theirs)
    ):
        if name == other and (start < other_start < end < other_end or other_start < start < other_end < end):
            return f"A {name} of ours and one of theirs overlap: neither is inside of the other."
    return ""


@lru_cache(maxsize=1024)
def _wrapped(side: Side) -> tuple[tuple[str, int, int], ...]:
    """The ranges of the base that a side put something round: opened in one of its changes, closed in a later one."""
    found: list[tuple[str, int, int]] = []
    for name, opening, closing in _ROUND:
        starts: list[int] = []
        for change in side.changes:
            old = b"".join(side.base[change.old_start : change.old_end])
            new = b"".join(side.lines[change.new_start : change.new_end])
            more = len(opening.findall(new)) - len(closing.findall(new))
            more -= len(opening.findall(old)) - len(closing.findall(old))
            starts += [change.old_start] * more
            found += [(name, starts.pop(), change.old_end) for _ in range(min(-more, len(starts)))]
    return tuple(found)


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


def _defined_twice(merge: Merge, first: News, second: News) -> str:
    common = first.defines & second.defines
    if not common:
        return ""
    outline = named(merge.merged)
    for name in sorted(common):
        if outline is None:
            return f"Both sides define {_text(name)}."
        found = [unit for unit in outline if unit.name == name and unit.kind is not UnitKind.DECLARATION]
        if len(found) > 1 and not _may_be_twice(found, merge, first, second):
            return f"Both sides define {_text(name)}, in different places or ways."
    return ""


def _may_be_twice(found: Sequence[Unit], merge: Merge, first: News, second: News) -> bool:
    """Whether a name may have several definitions: equal macros, or a variable that C takes for one and that one of the
    sides only uses as the other does, so that neither gets in the other's way."""
    if all(unit.kind is UnitKind.DIRECTIVE for unit in found):
        return len({unit.wording for unit in found}) == 1
    if any(unit.kind is not UnitKind.VARIABLE or b"static" in unit.wording for unit in found):
        return False
    parts = [b" ".join(unit.wording).partition(b" =") for unit in found]
    types = {part[0].removesuffix(b" ;").strip() for part in parts}
    values = [part[2] for part in parts if part[1]]
    if len(types) > 1 or len(values) > 1:
        return False
    name = found[0].name
    shared = Counter(word for region in merge.regions for piece in region.shared for word in plain(piece.new))
    return any(news.words[name] - shared[name] <= 1 for news in (first, second))


def _called_otherwise(merge: Merge, first: News, second: News) -> str:
    for changes, calls, who in ((first, second, merge.names), (second, first, merge.names[::-1])):
        for name, inner in changes.heads.items():
            if name in calls.words and _new_calls(name, calls) and not _fit(name, inner, calls):
                return f"{who[0]} changes the parameters of {_text(name)}(), {who[1]} calls it as it was."
    return ""


def _calls(name: bytes, lines: Sequence[bytes]) -> list[bytes]:
    """What is between the parentheses of each call, as far as it is on one line."""
    pattern = re.compile(rb"\b" + re.escape(name) + rb"[ \t]*\(((?:[^()]|\([^()]*\))*)\)")
    return [match[1] for line in lines if not _HEAD.match(line) for match in pattern.finditer(line)]


def _new_calls(name: bytes, news: News) -> bool:
    return bool(Counter(_calls(name, news.added)) - Counter(_calls(name, news.removed)))


def _fit(name: bytes, parameters: bytes, news: News) -> bool:
    wanted = _arguments(parameters)
    return all(_arguments(inner) == wanted for inner in _calls(name, news.added))


def _arguments(inner: bytes) -> int:
    said = wording(inner)
    depth = 0
    commas = 0
    for word in said:
        depth += {b"(": 1, b")": -1}.get(word, 0)
        commas += word == b"," and not depth
    return commas + 1 if said not in {(), (b"void",)} else 0


def _used_but_gone(merge: Merge, first: News, second: News) -> str:
    for removes, uses, who in ((first, second, merge.names), (second, first, merge.names[::-1])):
        for name in sorted(removes.defines_no_more):
            if uses.words[name] > uses.removed_words[name] and not _is_defined(name, merge.merged):
                return f"{who[0]} removes {_text(name)}, {who[1]} uses it at a new place."
    return ""


def _is_defined(name: bytes, lines: Sequence[bytes]) -> bool:
    return name in set(_defined([line for line in lines if name in line]))


def _lines_that(say: _Said, name: bytes, lines: Sequence[bytes]) -> list[int]:
    """The lines that say `name`, by their indexes."""
    # `name in line` is slow: for bytes it is first tried whether the name is a number.
    return [at for at, line in enumerate(lines) if line.find(name) >= 0 and say(line) == name]


def _is_more_often(say: _Said, name: bytes, merge: Merge) -> bool:
    """Whether the merge has more lines that say `name` than either side."""
    found = len(_lines_that(say, name, merge.merged))
    sides = (merge.ours.lines, merge.theirs.lines)
    # Most are there once, and then there is no need to look into the sides: both have it.
    return found > 1 and all(found > len(_lines_that(say, name, lines)) for lines in sides)


def _by_function(say: _Said, name: bytes, lines: Sequence[bytes]) -> Counter[str]:
    """In which functions a line says `name`, and how often."""
    found = _lines_that(say, name, lines)
    data = b"".join(lines) if found else b""
    return Counter(enclosing(data, at) for at in found)


@lru_cache(maxsize=1024)
def _by_function_of(side: Side, say: _Said, name: bytes) -> Counter[str]:
    return _by_function(say, name, side.lines)


def _more_than_either(say: _Said, name: bytes, merge: Merge) -> str | None:
    """The function that has more lines that say `name` than in either side; None if there is none."""
    merged = _by_function(say, name, merge.merged)
    ours, theirs = (_by_function_of(side, say, name) for side in (merge.ours, merge.theirs))
    return next((where for where in merged if merged[where] > max(ours[where], theirs[where])), None)


def _case_twice(merge: Merge, first: News, second: News) -> str:
    for label in sorted(first.cases & second.cases):
        where = _more_than_either(_case, label, merge)
        if where is not None:
            return f"Both sides add the case {_text(label)} to {where}()."
    return ""


def _local_twice(merge: Merge, first: News, second: News) -> str:
    for name in sorted(first.locals & second.locals):
        where = _more_than_either(_local, name, merge)
        if where is not None:
            return f"Both sides declare {_text(name)} in {where}()."
    return ""


def _entry_twice(merge: Merge, first: News, second: News) -> str:
    for key in sorted(first.entries & second.entries):
        if _is_more_often(_entry, key, merge):
            return (
                f"Both sides add an entry {_text(key).rstrip(', ')} to a list, in different places or ways."
            )
    return ""


def _target_twice(merge: Merge, first: News, second: News) -> str:
    for target in sorted(first.targets & second.targets):
        if _is_more_often(_target, target, merge):
            return f"Both sides add a rule for {_text(target)}, in different places or ways."
    return ""


def broken(merge: Merge) -> frozenset[int]:
    """The regions, by their first line in the base, whose surroundings make less sense to the grammar of C than in
    either side."""
    if merge.kind is not Kind.C:
        return frozenset()
    return frozenset(
        region.base_start
        for region in merge.regions
        if region.how not in {How.SAME, How.CONFLICT}
        and not _cannot_break(merge, region)
        and _is_broken(merge, region)
    )


def _cannot_break(merge: Merge, region: Region) -> bool:
    """Whether a region is a list of whole lines, with no condition above: what is right with one is with many."""
    if region.how is not How.LIST or not stand_alone(region.merged):
        return False
    return not dangling(merge.merged[max(region.merged_start - _CONTEXT, 0) : region.merged_start])


def _is_broken(merge: Merge, region: Region) -> bool:
    found = _mistakes(merge.merged, region.merged_start, region.merged)
    if not found:
        return False
    sides = (
        _mistakes(lines, _start(lines, part, region), part)
        for lines, part in ((merge.ours.lines, region.ours), (merge.theirs.lines, region.theirs))
    )
    return found > max(sides)


def _start(lines: Sequence[bytes], part: Sequence[bytes], region: Region) -> int:
    """Where a region is in a side: the place with its lines that is nearest to that in the base."""
    places = [
        at for at in range(len(lines) - len(part) + 1) if tuple(lines[at : at + len(part)]) == tuple(part)
    ]
    return min(places, key=lambda at: abs(at - region.base_start), default=region.base_start)


def _mistakes(lines: Sequence[bytes], start: int, part: Sequence[bytes]) -> int:
    """The mistakes in some lines and those around them, from the end of one function to the end of another."""
    first, last = start, start + len(part)
    while first > max(start - _WINDOW, 0) and not lines[first - 1].startswith(b"}"):
        first -= 1
    while last < min(start + len(part) + _WINDOW, len(lines)) and not lines[last - 1].startswith(b"}"):
        last += 1
    return mistakes(b"".join(lines[first:last]))
