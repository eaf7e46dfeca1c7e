"""Every way in which a command can fail, with the exit code that it then has.

A message says what happened, where and why; the hint says what to do next and is printed on a line of its own.
The codes are part of the interface (see README, "Exit codes").
"""

from __future__ import annotations


class BuilderError(Exception):
    """Something the user has to know about. `tasks.py` prints it and exits with `exit_code`."""

    exit_code = 1

    def __init__(self, what: str, *, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint


class FindingsError(BuilderError):
    """The command worked and found something wrong: a reject, a conflict, a difference."""

    exit_code = 1


class UsageError(BuilderError):
    """A command, recipe, patch or base file that makes no sense."""

    exit_code = 2


class NothingSelectedError(BuilderError):
    """The selection is empty: there is nothing to do."""

    exit_code = 3


class SourceError(BuilderError):
    """A base that is not at hand, or whose bytes are not the ones that were promised."""

    exit_code = 4


class CompileError(BuilderError):
    """The patched and configured tree does not build."""

    exit_code = 5


class CheckFailedError(BuilderError):
    """The built programs do not do what the recipe promises."""

    exit_code = 6


class PackageError(BuilderError):
    """The packages could not be written."""

    exit_code = 7


class BackendError(BuilderError):
    """The tools or the place that a build needs are not on this machine."""

    exit_code = 8


INTERRUPTED = 130
"""The exit code after Ctrl-C, as a shell gives it: 128 + SIGINT."""
