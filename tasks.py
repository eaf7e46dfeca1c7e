"""The commands: `./inv build`, `invoke build` or `qmail-builder build`. Each reads its flags and calls one function.

Modules are imported inside the tasks, so that `list` and `--help` need not wait for what only a build uses.
"""

from __future__ import annotations

import functools
import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
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
    "platform": "where it is to run: linux-musl-amd64, freebsd-14-amd64, native, …; `list` names them all",
    "path": "a folder with recipes/, patches/ or bases/ of your own; may be repeated",
    "out": "the folder for what is made",
    "from": "bring the base yourself: an archive, folder or git repository, as a path or URL",
    "offline": "use nothing but what is on this machine",
    "jobs": "how many processes may work at once; all processors if not given",
    "fresh": "compile even if the same was compiled before",
    "backend": "where to compile: local, sandbox or docker; a sandbox if there can be one and none is named",
    "engine": "the container engine: a URL such as ssh://USER@HOST or a docker context; what DOCKER_HOST says if not given",
    "profile": "release, debug (with names and lines, to look into crashes) or sanitize (ends at undefined behaviour, too)",
    "shell": "where compiling or a check fails, open a shell in that very tree and backend",
    "cores": "keep the cores of programs that crash in DIR/cores, and say what is in the way of cores",
    "deliveries": "how many deliveries must be under way at once; conf-spawn if not given",
    "check": "only this check; may be repeated",
    "format": "text or json",
    "fuzz": "lines of context that may differ, 0 to 3",
    "max-offset": "lines that a hunk may have moved; no limit if not given",
    "strip": "leading folders to cut off the paths of patches; found out if not given",
    "conf": "another value than the recipe's: conf-spawn=1000; may be repeated",
    "kind": "recipe, patch or base",
    "what": "list, build, spawn, apply, conflicts, resolve, html, watch, cross or all",
    "cases": "how many made-up cases to compare",
    "seed": "which cases: the same number gives the same ones",
    "rounds": "how often each thing is measured; the median counts",
    "only": "only tests whose names match, as pytest's -k",
    "fast": "leave out the tests that take more than ten seconds",
    "debug": "show where in the program an error came from",
}


def task(
    *,
    iterable: tuple[str, ...] = (),
    positional: tuple[str, ...] = (),
    about: Mapping[str, str] | None = None,
) -> Callable[[Body], Any]:
    """A command: errors become one message, a hint and the documented exit code.

    `about` are help texts for flags that mean something else here than in other commands.
    """
    helps = {**_HELP, **(about or {})}

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
            help={name: helps[name] for name in sorted(flags & set(helps))},
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
    profile: str | None = None,
) -> Selection:
    from builder.commands.common import Selection

    return Selection(
        recipe=recipe,
        base=base,
        patches=patch or (),
        platform=platform,
        conf=conf or (),
        paths=path or (),
        profile=profile,
    )


def _flags(
    *,
    offline: bool,
    from_: str | None,
    jobs: str | None = None,
    fresh: bool = False,
    backend: str | None = None,
    engine: str | None = None,
    path: list[str] | None = None,
    shell: bool = False,
) -> Flags:
    from builder.commands.common import Flags

    return Flags(
        offline=offline,
        given=from_,
        jobs=jobs,
        fresh=fresh,
        backend=backend,
        engine=engine,
        paths=path or (),
        shell=shell,
    )


def _json(text: str) -> bool:
    if text not in ("text", "json"):
        raise UsageError(f"--format is {text!r}, but must be text or json.")
    return text == "json"


_SELECTION = ("patch", "conf", "path")


@task(
    iterable=(*_SELECTION, "recipe", "platform", "engine"),
    about={
        "recipe": f"{_HELP['recipe']}; may be repeated",
        "platform": f"{_HELP['platform']}; may be repeated",
        "engine": f"{_HELP['engine']}; several engines share the builds",
    },
)
def build(
    context: Context,
    recipe: list[str] | None = None,
    base: str | None = None,
    patch: list[str] | None = None,
    platform: list[str] | None = None,
    conf: list[str] | None = None,
    out: str = "out",
    path: list[str] | None = None,
    from_: str | None = None,
    offline: bool = False,
    jobs: str | None = None,
    fresh: bool = False,
    backend: str | None = None,
    engine: list[str] | None = None,
    profile: str | None = None,
    shell: bool = False,
    debug: bool = False,
) -> None:
    """Build a recipe, the quickstart if none is named: fetch, patch, configure, compile, check, package."""
    from builder.commands import build as command

    engines = engine or []
    flags = _flags(
        offline=offline,
        from_=from_,
        jobs=jobs,
        fresh=fresh,
        backend=backend,
        engine=engines[0] if engines else None,
        path=path,
        shell=shell,
    )
    selections = [
        _selection(one, base, patch, target, conf, path, profile)
        for one in recipe or (None,)
        for target in platform or (None,)
    ]
    if len(selections) > 1 or len(engines) > 1:
        command.build_several(selections, flags, engines, Path(out))
    else:
        command.build(selections[0], flags, Path(out))


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
    backend: str | None = None,
    engine: str | None = None,
    profile: str | None = None,
    shell: bool = False,
    debug: bool = False,
) -> None:
    """Build and package a recipe without running its checks."""
    from builder.commands import build as command

    flags = _flags(
        offline=offline,
        from_=from_,
        jobs=jobs,
        fresh=fresh,
        backend=backend,
        engine=engine,
        path=path,
        shell=shell,
    )
    command.package(_selection(recipe, base, patch, platform, conf, path, profile), flags, Path(out))


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
    backend: str | None = None,
    engine: str | None = None,
    profile: str | None = None,
    shell: bool = False,
    cores: bool = False,
    out: str = "out",
    debug: bool = False,
) -> None:
    """Build a recipe and run its checks, or those named with --check."""
    from builder.commands import build as command
    from builder.commands.common import number

    wanted = None if deliveries is None else number("--deliveries", deliveries, lowest=1, highest=65000)
    command.smoke(
        _selection(recipe, base, patch, platform, conf, path, profile),
        _flags(
            offline=offline, from_=from_, jobs=jobs, backend=backend, engine=engine, path=path, shell=shell
        ),
        checks=check or (),
        deliveries=wanted,
        as_json=_json(format),
        cores=Path(out) if cores else None,
    )


@task(
    iterable=_SELECTION,
    about={
        "format": "text, json, sarif, junit or github (annotations, and the step's summary)",
        "output": "the file for the report instead of stdout; with --format github that of the summary",
        "rejects": "write the hunks that fail as PATCH/FILE.rej into this folder",
        "dry-run": "only report: write neither the tree nor .rej files",
        "reverse": "take the patches back, the last one first",
        "tree": "a folder with the sources to patch, as they are, instead of the base's",
    },
)
def apply(
    context: Context,
    recipe: str | None = None,
    base: str | None = None,
    patch: list[str] | None = None,
    out: str | None = None,
    rejects: str | None = None,
    dry_run: bool = False,
    reverse: bool = False,
    tree: str | None = None,
    fuzz: str | None = None,
    max_offset: str | None = None,
    strip: str | None = None,
    format: str = "text",
    output: str | None = None,
    path: list[str] | None = None,
    from_: str | None = None,
    offline: bool = False,
    debug: bool = False,
) -> None:
    """Apply a recipe's patches, say what became of each hunk, and write the tree into --out."""
    from builder.commands import apply as command
    from builder.commands.common import number, policy

    command.apply(
        _selection(recipe, base, patch, path=path),
        _flags(offline=offline, from_=from_),
        policy=policy(fuzz, max_offset),
        strip=None if strip is None else number("--strip", strip, highest=9),
        wanted=command.Wanted(
            format=format,
            output=None if output is None else Path(output),
            out=None if out is None else Path(out),
            rejects=None if rejects is None else Path(rejects),
            dry_run=dry_run,
        ),
        task=command.Task(reverse=reverse, tree=None if tree is None else Path(tree)),
    )


@task(
    iterable=_SELECTION,
    positional=("name",),
    about={
        "name": "the patch, by its name or path in the series",
        "hunk": "only this hunk, by its number in its file, even if it applied; all that failed if not given",
        "file": "only hunks for this file of the tree",
        "tree": "a folder with the sources to patch, as they are, instead of the base's",
    },
)
def explain(
    context: Context,
    name: str,
    hunk: str | None = None,
    file: str | None = None,
    recipe: str | None = None,
    base: str | None = None,
    patch: list[str] | None = None,
    tree: str | None = None,
    fuzz: str | None = None,
    max_offset: str | None = None,
    strip: str | None = None,
    format: str = "text",
    path: list[str] | None = None,
    from_: str | None = None,
    offline: bool = False,
    debug: bool = False,
) -> None:
    """Say why hunks of a patch fail in a recipe, or how one applied, and who is to blame: `explain P --hunk N`."""
    from builder.commands import explain as command
    from builder.commands.common import number, policy

    command.explain(
        command.Question(patch=name, hunk=None if hunk is None else number("--hunk", hunk), file=file),
        _selection(recipe, base, patch, path=path),
        _flags(offline=offline, from_=from_),
        policy=policy(fuzz, max_offset),
        strip=None if strip is None else number("--strip", strip, highest=9),
        tree=None if tree is None else Path(tree),
        as_json=_json(format),
    )


@task(
    iterable=("patch", "path"),
    about={
        "base": "the base to compare them on, netqmail-1.06 if not given; A,B,C: a table of what applies on each",
        "patch": "name in a patches/ folder or path of a patch file; repeat it; all for the base if none is named",
        "fuzz": "lines of context that may differ, 0 to 3; 2 if not given, as with patch",
        "format": "text, json, sarif or html; for several bases text, markdown or json",
        "compile": "also find out what compiles",
        "platform": "what --compile compiles for; native if not given",
        "watch": "stay, and say what changes whenever one of the patch files is saved",
        "output": "the file for the report instead of stdout",
        "html": "also write everything as one page for a browser into this file",
        "scheduler": "hand the pairs to the Dask cluster at this address (tcp://HOST:PORT)",
    },
)
def conflicts(
    context: Context,
    base: str | None = None,
    patch: list[str] | None = None,
    fuzz: str | None = None,
    format: str = "text",
    output: str | None = None,
    html: str | None = None,
    compile: bool = False,
    platform: str | None = None,
    watch: bool = False,
    jobs: str | None = None,
    scheduler: str | None = None,
    path: list[str] | None = None,
    from_: str | None = None,
    offline: bool = False,
    debug: bool = False,
) -> None:
    """Say of every two patches what becomes of one after the other. Exit code 1 if some do not go together."""
    from builder.commands.common import number

    selection, flags = (
        _selection(base=base, patch=patch, platform=platform, path=path),
        _flags(offline=offline, from_=from_, jobs=jobs),
    )
    allowed = 2 if fuzz is None else number("--fuzz", fuzz, highest=3)
    report = None if output is None else Path(output)
    if html is not None and (watch or "," in (base or "")):
        raise UsageError(
            "--html is a page of one base's pairs: it goes neither with --watch nor with several bases."
        )
    if scheduler is not None and (watch or "," in (base or "")):
        raise UsageError(
            "--scheduler is for one base's pairs: it goes neither with --watch nor with several bases."
        )
    if watch:
        from builder.commands import watch as watching

        if compile or output or format != "text":
            raise UsageError("--watch prints text: it goes with none of --compile, --format and --output.")
        watching.watch(selection, flags, fuzz=allowed)
        return
    if base and "," in base:
        from builder.commands import bases

        bases.bases(selection, flags, fuzz=allowed, compiling=compile, form=format, output=report)
        return
    from builder.commands import conflicts as command

    command.conflicts(
        selection,
        flags,
        fuzz=allowed,
        compiling=compile,
        scheduler=scheduler,
        wanted=command.Wanted(
            format=format,
            output=report,
            html=None if html is None else Path(html),
        ),
    )


@task(
    iterable=("patch", "path"),
    about={
        "base": "the base that they are for; netqmail-1.06 if not given",
        "patch": "name in a patches/ folder or path of a patch file; repeat it; all for the base if none is named",
        "fuzz": "lines of context that may differ, 0 to 3; 0 if not given",
        "format": "text, json or dot (the dependency graph, for Graphviz)",
        "out": "write the order as a recipe into this new file: recipes/mine.toml",
    },
)
def order(
    context: Context,
    base: str | None = None,
    patch: list[str] | None = None,
    fuzz: str | None = None,
    format: str = "text",
    out: str | None = None,
    path: list[str] | None = None,
    from_: str | None = None,
    offline: bool = False,
    debug: bool = False,
) -> None:
    """Find an order in which patches apply, what they need, and which cannot go together. Exit code 1 if there is none."""
    from builder.commands import order as command
    from builder.commands.common import number

    command.order(
        _selection(base=base, patch=patch, path=path),
        _flags(offline=offline, from_=from_),
        fuzz=number("--fuzz", fuzz or "0", highest=3),
        form=format,
        out=None if out is None else Path(out),
    )


@task(
    iterable=_SELECTION,
    about={
        "compile": "prove each fix-up: make it, no symbol twice, the patches' own checks",
        "platform": "where it is compiled for; the recipe's own, or native with --base and --patch",
        "out": "write the merged tree into this new folder, with markers where something is in dispute",
        "from": "that folder, edited: it settles the first patch that needs a person",
        "dry-run": "only report: write nothing",
        "force": "make fix-ups anew that are right, or that a person made",
    },
)
def resolve(
    context: Context,
    recipe: str | None = None,
    base: str | None = None,
    patch: list[str] | None = None,
    platform: str | None = None,
    compile: bool = False,
    out: str | None = None,
    from_: str | None = None,
    dry_run: bool = False,
    force: bool = False,
    fuzz: str | None = None,
    max_offset: str | None = None,
    format: str = "text",
    jobs: str | None = None,
    path: list[str] | None = None,
    offline: bool = False,
    debug: bool = False,
) -> None:
    """Merge patches that do not apply after others, and write what they become as fix-ups. Exit code 1 if one needs you."""
    from builder.commands import resolve as command
    from builder.commands.common import policy

    command.resolve(
        _selection(recipe, base, patch, platform, path=path),
        _flags(offline=offline, from_=None, jobs=jobs),
        policy=policy(fuzz, max_offset),
        wish=command.Wish(
            format=format,
            out=None if out is None else Path(out),
            edited=None if from_ is None else Path(from_),
            compile=compile,
            dry_run=dry_run,
            force=force,
        ),
    )


@task(
    iterable=("path",),
    positional=("name",),
    about={
        "name": "what the patch is to be called, or a patch that lacks a variant for the base",
        "base": "the base to change, if no recipe names it",
        "recipe": "change the tree after this recipe's patches, or those before NAME if it has it",
        "edit": "write the tree into this new folder, to be edited there",
        "from": "the edited folder",
        "summary": "what the patch does, in one line",
        "license": "under which licence it may be passed on, such as 0BSD",
        "out": "the folder with patches/; the current one if not given",
    },
)
def new_patch(
    context: Context,
    name: str,
    base: str | None = None,
    recipe: str | None = None,
    edit: str | None = None,
    from_: str | None = None,
    summary: str | None = None,
    license: str | None = None,
    out: str | None = None,
    path: list[str] | None = None,
    offline: bool = False,
    debug: bool = False,
) -> None:
    """Edit a copy, get a patch: --edit DIR writes the tree, --from DIR makes a patch of what was changed in it."""
    from builder.commands import new_patch as command

    if (edit is None) == (from_ is None):
        raise UsageError("new-patch has two steps: --edit DIR writes a tree, --from DIR makes a patch of it.")
    wish = command.Wish(name=name, summary=summary, license=license, out=None if out is None else Path(out))
    selection, flags = _selection(recipe, base, path=path), _flags(offline=offline, from_=None)
    if edit is not None:
        command.write_for_editing(wish, selection, flags, Path(edit))
    else:
        command.make(wish, selection, flags, Path(from_ or ""))


@task(
    iterable=("patch", "path"),
    about={
        "patch": "name in a patches/ folder or path of a patch file; all patches if none is named",
        "rules": "only say which rules there are",
        "format": "text, json, sarif or github (annotations)",
    },
)
def lint(
    context: Context,
    patch: list[str] | None = None,
    rules: bool = False,
    format: str = "text",
    path: list[str] | None = None,
    debug: bool = False,
) -> None:
    """Say what is wrong or risky in patches, without applying them: `lint P…`. Exit code 1 if there is an error."""
    from builder.commands import lint as command
    from builder.recipes.library import Library

    if rules:
        command.show_rules()
    else:
        command.lint(patch or (), Library.of(tuple(path or ())), form=format)


@task(
    iterable=("path",),
    positional=("name",),
    about={
        "name": "the patch, as the recipe names it",
        "recipe": "the recipe in whose place it is to be exact",
        "base": "the base to be exact for; another than the recipe's, or without a recipe the bare one",
        "out": "the file to write instead of the patch's own",
    },
)
def refresh(
    context: Context,
    name: str,
    recipe: str | None = None,
    base: str | None = None,
    fuzz: str | None = None,
    max_offset: str | None = None,
    out: str | None = None,
    path: list[str] | None = None,
    offline: bool = False,
    debug: bool = False,
) -> None:
    """Rewrite a patch so that it applies with no offset and no fuzz in its place; nothing else of it changes."""
    from builder.commands import refresh as command
    from builder.commands.common import policy

    command.refresh(
        name,
        _selection(recipe, base, path=path),
        _flags(offline=offline, from_=None),
        policy=policy(fuzz, max_offset),
        out=None if out is None else Path(out),
    )


@task(
    iterable=("path",),
    positional=("source",),
    about={
        "source": "a folder with a series file (quilt, debian/patches), a folder of mails, an mbox, a git repository",
        "range": "the commits of a git repository: v1..v2",
        "base": "the base that the series is for",
        "name": "what the recipe is to be called; after the folder if not given",
        "out": "the folder for patches/ and recipes/; the current one if not given",
    },
)
def import_series(
    context: Context,
    source: str,
    base: str | None = None,
    name: str | None = None,
    range: str | None = None,
    out: str = ".",
    path: list[str] | None = None,
    offline: bool = False,
    debug: bool = False,
) -> None:
    """Take over a series of patches: a folder for each, and a recipe that has them in order."""
    from builder.commands import series as command

    command.bring_in(
        Path(source),
        _selection(base=base, path=path),
        _flags(offline=offline, from_=None),
        name=name,
        range_=range,
        out=Path(out),
    )


@task(
    iterable=_SELECTION,
    about={
        "format": "quilt, dpkg (debian/patches with DEP-3 headers) or git (mails for git am)",
        "out": "the folder to write into; nothing in it is overwritten",
    },
)
def export_series(
    context: Context,
    recipe: str | None = None,
    base: str | None = None,
    patch: list[str] | None = None,
    format: str = "quilt",
    out: str = "series",
    path: list[str] | None = None,
    from_: str | None = None,
    offline: bool = False,
    debug: bool = False,
) -> None:
    """Write a recipe's patches as a series for quilt, dpkg-source or git am."""
    from builder.commands import series as command

    command.give_out(
        _selection(recipe, base, patch, path=path),
        _flags(offline=offline, from_=from_),
        form=format,
        out=Path(out),
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


@task(
    iterable=("path", "word"),
    about={
        "word": "what to do, without the flag: build NAME…, list, or verify [NAME…]",
        "mirror": "the archive to take packages from; the one of this machine's own packages if not given",
        "from": "build: bring the release yourself, as a path or URL (base.txz of FreeBSD)",
        "again": "verify: make the images anew and compare",
    },
)
def image(
    context: Context,
    word: list[str] | None = None,
    mirror: str | None = None,
    from_: str | None = None,
    again: bool = False,
    format: str = "text",
    path: list[str] | None = None,
    debug: bool = False,
) -> None:
    """The images that containers are made from: `image build NAME…`, `image list`, `image verify [NAME…] [--again]`."""
    from builder.commands import image as command
    from builder.recipes.library import Library

    library = Library.of(tuple(path or ()))
    action, *names = word or [""]
    if action == "build" and names:
        command.build(names, library, mirror=mirror, given=from_)
    elif action == "list" and not names:
        command.show(library, as_json=_json(format))
    elif action == "verify":
        command.verify(names, library, again=again, mirror=mirror)
    else:
        raise UsageError("It is: image build NAME…, image list, or image verify [NAME…].")


@task(iterable=("path",))
def list_(context: Context, path: list[str] | None = None, format: str = "text", debug: bool = False) -> None:
    """Show the recipes, patches, bases and platforms that there are."""
    from builder.commands.listing import show_list
    from builder.recipes.library import Library

    show_list(Library.of(tuple(path or ())), as_json=_json(format))


@task(
    iterable=("path",),
    about={
        "clean": "remove what killed builders left: containers, folders, and images and caches of yesterday"
    },
)
def doctor(
    context: Context,
    engine: str | None = None,
    clean: bool = False,
    path: list[str] | None = None,
    format: str = "text",
    debug: bool = False,
) -> None:
    """Say what this machine can and cannot do, and how to get what is missing; or, with --clean, clean up."""
    from builder.recipes.library import Library

    library = Library.of(tuple(path or ()))
    if clean:
        from builder.commands.clean import clean as run

        run(library, engine)
    else:
        from builder.commands import doctor as command

        command.doctor(library, as_json=_json(format), engine=engine)


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


@task(positional=("file",), about={"file": "a FreeBSD package, .pkg"})
def verify(context: Context, file: str, debug: bool = False) -> None:
    """Read a package back without unpacking it: sums, names, owners and modes. Exit code 1 if anything is wrong."""
    from builder.commands import verify as command

    command.verify(Path(file))


@task()
def fuzz(context: Context, cases: str = "5000", seed: str = "1") -> None:
    """Compare the patch engine with GNU patch on made-up cases."""
    from builder.commands.common import number
    from builder.commands.fuzz import fuzz as run

    run(number("--cases", cases, lowest=1), number("--seed", seed))


@task()
def bench(context: Context, what: str = "all", rounds: str = "3") -> None:
    """Measure what the README promises, side by side in one run."""
    from builder.commands.bench import bench as run
    from builder.commands.common import number

    run(what, rounds=number("--rounds", rounds, lowest=1, highest=99))


_MANY = {"lint": "--patch", "image": "--word"}
"""Commands that take any number of words, and the flag that each word stands for: invoke itself knows no such."""


def _spelled_out(argv: list[str]) -> list[str]:
    """The command line with a flag before each of the words that follow such a command.

    >>> _spelled_out(["inv", "lint", "tls", "a.patch", "--format", "json"])
    ['inv', 'lint', '--patch', 'tls', '--patch', 'a.patch', '--format', 'json']
    """
    spelled: list[str] = []
    flag = ""
    for position, word in enumerate(argv):
        flag = "" if word.startswith("-") else flag
        spelled += [flag, word] if flag else [word]
        if position == 1:
            flag = _MANY.get(word, "")
    return spelled


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
    # A patch is a hundred thousand small values without cycles. By default Python would look through all of them again
    # and again, in vain, which is a sixth of the time that patching takes.
    gc.set_threshold(100_000, 50, 1000)
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
        program.run(_spelled_out(sys.argv))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has gone (`… | head`): that is no error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
