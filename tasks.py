"""The commands: `./inv build`, `invoke build` or `qmail-builder build`. Each reads its flags and calls one function.

Modules are imported inside the tasks, so that `list` and `--help` need not wait for what only a build uses.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from invoke.collection import Collection
from invoke.context import Context
from invoke.exceptions import Exit, ParseError
from invoke.program import Program
from invoke.tasks import task as invoke_task

from builder import __version__
from builder.errors import INTERRUPTED, BuilderError, UsageError

if TYPE_CHECKING:
    from builder.commands.common import Flags, Selection

Body = TypeVar("Body", bound=Callable[..., None])

_HELP = {
    "recipe": "name in a recipes/ folder, or path of a recipe file",
    "base": "name in a bases/ folder; with --patch instead of a recipe",
    "patch": "name in a patches/ folder or path of a patch file; repeat it for more, in order",
    "platform": "where it is to run: linux-musl-amd64, linux-musl-arm64, native",
    "path": "a folder with recipes/, patches/ or bases/ of your own; may be repeated",
    "out": "the folder for what is made",
    "from": "bring the base yourself: an archive, folder or git repository, as a path or URL",
    "offline": "use nothing but what is on this machine",
    "jobs": "how many processes may work at once; all processors if not given",
    "fresh": "compile even if the same was compiled before",
    "deliveries": "how many deliveries must be under way at once; conf-spawn if not given",
    "check": "only this check; may be repeated",
    "format": "text or json",
    "fuzz": "lines of context that may differ, 0 to 3",
    "max-offset": "lines that a hunk may have moved; no limit if not given",
    "strip": "leading folders to cut off the paths of patches; found out if not given",
    "conf": "another value than the recipe's: conf-spawn=1000; may be repeated",
    "kind": "recipe, patch or base",
    "what": "list, build, spawn or all",
    "rounds": "how often each thing is measured; the median counts",
    "only": "only tests whose names match, as pytest's -k",
    "fast": "leave out the tests that take more than ten seconds",
    "debug": "show where in the program an error came from",
}


def task(*, iterable: tuple[str, ...] = (), positional: tuple[str, ...] = ()) -> Callable[[Body], Any]:
    """A command: errors become one message, a hint and the documented exit code."""

    def decorate(body: Body) -> Any:
        @functools.wraps(body)
        def guarded(context: Context, **flags: Any) -> None:
            debug = bool(flags.get("debug")) or bool(os.environ.get("QMAIL_BUILDER_DEBUG"))
            try:
                body(context, **flags)
                sys.stdout.flush()
            except BuilderError as error:
                _say(error)
                if debug:
                    traceback.print_exc()
                raise Exit(code=error.exit_code) from None
            except KeyboardInterrupt:
                sys.stderr.write("\ninterrupted\n")
                raise Exit(code=INTERRUPTED) from None
            except BrokenPipeError:
                raise
            except OSError as error:
                where = f"{error.filename}: " if error.filename else ""
                _say(BuilderError(f"{where}{error.strerror or error}"))
                raise Exit(code=BuilderError.exit_code) from None

        names = body.__code__.co_varnames[1 : body.__code__.co_argcount]
        flags = {name.replace("_", "-").strip("-") for name in names}
        return invoke_task(
            name=body.__name__.rstrip("_"),
            help={name: _HELP[name] for name in sorted(flags & set(_HELP))},
            iterable=list(iterable),
            positional=list(positional),
            auto_shortflags=False,
        )(guarded)

    return decorate


def _say(error: BuilderError) -> None:
    sys.stdout.flush()
    sys.stderr.write(f"error: {error.what}\n")
    if error.hint:
        sys.stderr.write(f"  ({error.hint})\n")


def _selection(
    recipe: str | None = None,
    base: str | None = None,
    patch: list[str] | None = None,
    platform: str | None = None,
    conf: list[str] | None = None,
    path: list[str] | None = None,
) -> Selection:
    from builder.commands.common import Selection

    return Selection(
        recipe=recipe, base=base, patches=patch or (), platform=platform, conf=conf or (), paths=path or ()
    )


def _flags(*, offline: bool, from_: str | None, jobs: str | None = None, fresh: bool = False) -> Flags:
    from builder.commands.common import Flags

    return Flags(offline=offline, given=from_, jobs=jobs, fresh=fresh)


def _json(text: str) -> bool:
    if text not in ("text", "json"):
        raise UsageError(f"--format is {text!r}, but must be text or json.")
    return text == "json"


_SELECTION = ("patch", "conf", "path")


@task(iterable=_SELECTION)
def build(
    context: Context,
    recipe: str | None = None,
    base: str | None = None,
    patch: list[str] | None = None,
    platform: str | None = None,
    conf: list[str] | None = None,
    out: str = "out",
    path: list[str] | None = None,
    from_: str | None = None,
    offline: bool = False,
    jobs: str | None = None,
    fresh: bool = False,
    debug: bool = False,
) -> None:
    """Build a recipe, the quickstart if none is named: fetch, patch, configure, compile, check, package."""
    from builder.commands import build as command

    flags = _flags(offline=offline, from_=from_, jobs=jobs, fresh=fresh)
    command.build(_selection(recipe, base, patch, platform, conf, path), flags, Path(out))


@task(iterable=_SELECTION)
def package(
    context: Context,
    recipe: str | None = None,
    base: str | None = None,
    patch: list[str] | None = None,
    platform: str | None = None,
    conf: list[str] | None = None,
    out: str = "out",
    path: list[str] | None = None,
    from_: str | None = None,
    offline: bool = False,
    jobs: str | None = None,
    fresh: bool = False,
    debug: bool = False,
) -> None:
    """Build and package a recipe without running its checks."""
    from builder.commands import build as command

    flags = _flags(offline=offline, from_=from_, jobs=jobs, fresh=fresh)
    command.package(_selection(recipe, base, patch, platform, conf, path), flags, Path(out))


@task(iterable=(*_SELECTION, "check"))
def smoke(
    context: Context,
    recipe: str | None = None,
    base: str | None = None,
    patch: list[str] | None = None,
    platform: str | None = None,
    conf: list[str] | None = None,
    check: list[str] | None = None,
    deliveries: str | None = None,
    format: str = "text",
    path: list[str] | None = None,
    from_: str | None = None,
    offline: bool = False,
    jobs: str | None = None,
    debug: bool = False,
) -> None:
    """Build a recipe and run its checks, or those named with --check."""
    from builder.commands import build as command
    from builder.commands.common import number

    wanted = None if deliveries is None else number("--deliveries", deliveries, lowest=1, highest=65000)
    command.smoke(
        _selection(recipe, base, patch, platform, conf, path),
        _flags(offline=offline, from_=from_, jobs=jobs),
        checks=check or (),
        deliveries=wanted,
        as_json=_json(format),
    )


@task(iterable=_SELECTION)
def apply(
    context: Context,
    recipe: str | None = None,
    base: str | None = None,
    patch: list[str] | None = None,
    out: str | None = None,
    fuzz: str | None = None,
    max_offset: str | None = None,
    strip: str | None = None,
    format: str = "text",
    path: list[str] | None = None,
    from_: str | None = None,
    offline: bool = False,
    debug: bool = False,
) -> None:
    """Apply a recipe's patches, say what became of each hunk, and write the tree into --out."""
    from builder.commands import build as command
    from builder.commands.common import number, policy

    command.apply(
        _selection(recipe, base, patch, path=path),
        _flags(offline=offline, from_=from_),
        policy=policy(fuzz, max_offset),
        strip=None if strip is None else number("--strip", strip, highest=9),
        out=None if out is None else Path(out),
        as_json=_json(format),
    )


@task(iterable=("path",), positional=("base",))
def fetch(
    context: Context,
    base: str | None = None,
    from_: str | None = None,
    out: str | None = None,
    path: list[str] | None = None,
    offline: bool = False,
    debug: bool = False,
) -> None:
    """Get a base, or all of them with `fetch all`, into the store; --out writes its tree into a new folder."""
    from builder.commands import fetch as command

    names = () if base in (None, "all") else (base,)
    flags = _flags(offline=offline, from_=from_)
    command.fetch(names, _selection(path=path), flags, None if out is None else Path(out))


@task(iterable=("path",))
def list_(context: Context, path: list[str] | None = None, format: str = "text", debug: bool = False) -> None:
    """Show the recipes, patches, bases and platforms that there are."""
    from builder.commands.listing import show_list
    from builder.recipes.library import Library

    show_list(Library.of(tuple(path or ())), as_json=_json(format))


@task(iterable=("path",))
def doctor(
    context: Context, path: list[str] | None = None, format: str = "text", debug: bool = False
) -> None:
    """Say what this machine can and cannot do, and how to get what is missing."""
    from builder.commands import doctor as command
    from builder.recipes.library import Library

    command.doctor(Library.of(tuple(path or ())), as_json=_json(format))


@task()
def schema(context: Context, kind: str = "recipe") -> None:
    """Print the JSON Schema of recipe, patch or base files, for editors."""
    from builder.commands.schema import show_schema

    show_schema(kind)


@task()
def check(context: Context) -> None:
    """Run the linters and the type checker on this project."""
    from builder.commands.quality import check as run

    run()


@task()
def test(context: Context, only: str | None = None, fast: bool = False) -> None:
    """Run this project's tests; --only EXPRESSION as pytest's -k."""
    from builder.commands.quality import test as run

    run([*(("-k", only) if only else ()), *(("-m", "not slow") if fast else ())])


@task()
def bench(context: Context, what: str = "all", rounds: str = "3") -> None:
    """Measure what the README promises, side by side in one run."""
    from builder.commands.bench import bench as run
    from builder.commands.common import number

    run(what, rounds=number("--rounds", rounds, lowest=1, highest=99))


class _Program(Program):
    """invoke's own program, but with exit code 2 for a command line that it does not understand."""

    def parse_collection(self) -> None:
        try:
            super().parse_collection()
        except ParseError as error:
            self._refuse(error)

    def parse_tasks(self) -> None:
        try:
            super().parse_tasks()
        except ParseError as error:
            self._refuse(error)

    @staticmethod
    def _refuse(error: ParseError) -> NoReturn:
        _say(UsageError(str(error), hint="--list shows the commands, --help COMMAND the flags of one"))
        raise Exit(code=UsageError.exit_code) from None


def main() -> None:
    """The console script qmail-builder, and what ./inv runs."""
    # Whoever ends us politely wants what Ctrl-C does: everything that we started ended, nothing half done.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Under the name by which it was called, so that what --help shows can be typed.
    called = Path(sys.argv[0]).name
    program = _Program(
        binary="./inv" if called == "tasks.py" else called,
        namespace=Collection.from_module(sys.modules[__name__]),
        version=__version__,
        name="qmail-builder",
    )
    try:
        program.run()
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has gone (`… | head`): that is no error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
