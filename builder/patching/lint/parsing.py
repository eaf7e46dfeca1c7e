"""What the parser says of a patch, as findings: what it had to put right, and why it refuses one.

The parser knows the rules; here is only what each of its ids is about.
"""

from __future__ import annotations

from collections.abc import Iterator

from builder.errors import UsageError
from builder.patching.lint.problem import Problem, Rule, Severity
from builder.patching.parse.error import PatchError
from builder.patching.patch import Patch


def _nothing(_: object) -> Iterator[tuple[int, str]]:
    """The parser has looked already."""
    return iter(())


def _rules(severity: Severity, about: dict[str, str]) -> tuple[Rule[object], ...]:
    return tuple(Rule(name, severity, text, _nothing) for name, text in about.items())


PARSER_RULES = (
    *_rules(
        Severity.ERROR,
        {
            "ambiguous-name": "A git header without quotes whose two names cannot be told apart.",
            "combined-diff": "A merge's diff (@@@), which is against two files at once.",
            "damaged-archive": "A compressed patch that does not unpack.",
            "lost-hunk": "A hunk that would get lost.",
            "malformed-binary": "A git binary patch that does not unpack.",
            "malformed-head": "A file's header that makes no sense.",
            "malformed-hunk": "A hunk that makes no sense.",
            "no-diff": "A file without any diff in it.",
            "no-file": "A change that names no file.",
            "plain-diff": "A diff without context, as plain diff makes it.",
            "special-file": "A link, a device or a submodule.",
            "too-much": "More bytes, files or hunks than any patch has.",
        },
    ),
    *_rules(
        Severity.WARNING,
        {
            "blank-context-lost": "An empty line of context without its leading space.",
            "blank-line": "An empty line between the halves of a hunk.",
            "comment": "A comment line inside a hunk.",
            "context-space-eaten": "A line of context without its leading space.",
            "cut-short": "A patch that ends in the middle of a line.",
            "file-without-hunks": "A file's header with no hunk below it.",
            "half-missing": "A context diff that may end before the new half of its last hunk.",
            "indented": "A diff that is indented as a whole.",
            "prose-like-hunk": "Text that looks like the head of a hunk.",
        },
    ),
)


def repairs(path: str, patch: Patch) -> Iterator[Problem]:
    """What the parser had to put right."""
    for note in patch.notes:
        yield Problem(file=path, line=note.line, rule=note.rule, severity=Severity.WARNING, text=note.text)


def refusal(path: str, error: UsageError) -> Problem:
    """Why the parser does not take the patch."""
    rule, line = (error.rule, max(error.line, 1)) if isinstance(error, PatchError) else ("malformed-hunk", 1)
    # The error is for a person who did not ask for this file; here file and line stand before the text.
    text = error.what.removeprefix(f"Patch {path}, line {line}: ").removeprefix(f"Patch {path} ").rstrip(".")
    return Problem(file=path, line=line, rule=rule, severity=Severity.ERROR, text=text)
