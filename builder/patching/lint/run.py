"""The door of this room: all rules over a patch file or a patch's folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from builder.errors import UsageError
from builder.patching.lint.allow import Allowance, allowances, sift
from builder.patching.lint.content import CONTENT_RULES
from builder.patching.lint.folder import FOLDER_RULES, PatchFolder
from builder.patching.lint.headers import HEADER_RULES
from builder.patching.lint.hunks import HUNK_RULES
from builder.patching.lint.parsing import PARSER_RULES, refusal, repairs
from builder.patching.lint.problem import Problem, Rule, Severity, Subject
from builder.patching.lint.prose import PROSE_RULES
from builder.patching.lint.scan import PatchFile
from builder.patching.parse import parse
from builder.patching.parse.unpack import unpack

FILE_RULES: tuple[Rule[PatchFile], ...] = (*PROSE_RULES, *HEADER_RULES, *HUNK_RULES, *CONTENT_RULES)
ALL_RULES: tuple[Rule[PatchFile] | Rule[PatchFolder] | Rule[object], ...] = (
    *FILE_RULES,
    *FOLDER_RULES,
    *PARSER_RULES,
)

KNOWN = frozenset(rule.id for rule in ALL_RULES)


@dataclass(frozen=True, slots=True)
class Linted:
    """What was found, in order of lines, and how many findings the author allows with a reason."""

    problems: tuple[Problem, ...]
    allowed: int = 0

    @property
    def errors(self) -> int:
        return sum(problem.severity == Severity.ERROR for problem in self.problems)


def lint_file(path: str, data: bytes) -> Linted:
    """All rules over the bytes of a patch file, which reports call `path`, and what the parser says of it."""
    try:
        data = unpack(path, data)
    except UsageError as error:
        return Linted((refusal(path, error),))
    file = PatchFile(data)
    problems = list(_found(path, FILE_RULES, file))
    try:
        patch = parse(path, data)
    except UsageError as error:
        # Most of what the parser refuses a rule explains better.
        if all(problem.severity != Severity.ERROR for problem in problems):
            problems.append(refusal(path, error))
    else:
        found = {problem.rule for problem in problems}
        problems += [problem for problem in repairs(path, patch) if problem.rule not in found]
    return _sifted(path, problems, allowances(file.prose))


def lint_folder(folder: PatchFolder) -> Linted:
    """All rules over a patch's folder, but not over its patch files."""
    problems = list(_found(folder.path, FOLDER_RULES, folder))
    return _sifted(folder.path, problems, allowances(folder.toml.splitlines()))


def _found(path: str, rules: Sequence[Rule[Subject]], subject: Subject) -> Iterator[Problem]:
    for rule in rules:
        for line, text in rule.check(subject):
            yield Problem(file=path, line=line, rule=rule.id, severity=rule.severity, text=text)


def _sifted(path: str, problems: Sequence[Problem], allowed: Sequence[Allowance]) -> Linted:
    known = KNOWN | {problem.rule for problem in problems}
    kept, count = sift(path, problems, allowed, known)
    return Linted(tuple(sorted(kept, key=lambda problem: (problem.line, problem.rule))), count)
