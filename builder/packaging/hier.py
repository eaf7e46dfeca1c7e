"""What a tree would install where, learnt from its own hier(): linked with a printer instead of the installer."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path

from builder.backends.backend import Backend
from builder.compiling.build import Build
from builder.errors import CompileError, PackageError
from builder.packaging.host_printer import link_for_host
from builder.packaging.running import run_in

_PRINTER = Path(__file__).with_name("printer.c")
_LINE = re.compile(
    r"(?P<name>[hdcpz])\t(?P<mode>[0-7]+)\t(?P<uid>-?\d+)\t(?P<gid>-?\d+)\t(?P<length>\d+)"
    r"\t(?P<home>/[^\t]*)\t(?P<below>[^\t]*)(?:\t(?P<file>[^\t]+))?"
)
_HINT = "hier.c may call h, d, c, p and z with the arguments that qmail-1.03 gives them, and no others."


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of hier(): h and d make a folder, c copies a file, z makes a file of zeros, p makes a fifo."""

    name: str
    path: str
    """Absolute and without "..", as everything that ends in a package."""
    mode: int
    uid: int
    gid: int
    length: int = 0
    """Bytes of zeros that z writes."""
    source: str = ""
    """What c copies: a file at the top of the compiled tree."""


def calls_of(build: Build, tree: Path) -> tuple[Call, ...]:
    """The calls of hier() in their order.

    `tree` is a copy of the compiled tree, which is written to. PackageError if it has no hier() of qmail's kind, or
    if its programs do not run on this machine.
    """
    for name in ("hier.c", "compile", "load"):
        if not (tree / name).is_file():
            raise PackageError(
                f"The compiled tree has no {name}, so that nothing says what belongs into a package.",
                hint="Packages can be made of bases that install through hier.c, as qmail-1.03 and netqmail-1.06 do.",
            )
    lines = _printed(build, tree).split("\n")[:-1]
    if not lines:
        raise PackageError("hier() of the compiled tree installs nothing.")
    return tuple(_parsed(line) for line in lines)


def _printed(build: Build, tree: Path) -> str:
    try:
        with build.where.open(build.toolchain) as backend:
            _link(build, tree, backend)
            printed = run_in(backend, tree, f"./{_PRINTER.stem}")
    except CompileError as error:
        raise PackageError(
            f"hier() cannot be asked what belongs into a package. {error.what}", hint=_HINT
        ) from error
    return printed.decode("utf-8", "surrogateescape")


def _link(build: Build, tree: Path, backend: Backend) -> None:
    """Link the printer with hier.o, the auto_* constants that hier.c includes, and the tree's archives."""
    constants = re.findall(r'^#include "(auto_\w+)\.h"', (tree / "hier.c").read_text("latin-1"), re.MULTILINE)
    ours = {_PRINTER.name: _PRINTER.read_bytes()}
    if "auto_uids" in constants and not (tree / "auto_uids.c").exists():
        # The programs of notqmail look their ids up when they run; a package must know them before.
        ours["auto_uids.c"] = build.ids.auto_uids()
    objects = ["hier.o", *(f"{name}.o" for name in constants)]
    build.make([name for name in objects if name.replace(".o", ".c") not in ours], folder=tree)
    for name, text in ours.items():
        (tree / name).write_bytes(text)
    if build.toolchain.cross:
        link_for_host(build, tree, backend, _PRINTER.stem, objects)
        return
    for name in ours:
        run_in(backend, tree, "./compile", name)
    # Only what hier.o asks for is taken from an archive. Twice, since one archive may need another before it.
    archives = sorted(path.name for path in tree.glob("*.a"))
    run_in(backend, tree, "./load", _PRINTER.stem, *objects, *archives, *archives)


def _parsed(line: str) -> Call:
    match = _LINE.fullmatch(line)
    words = [word for word in match.group("home", "below", "file") if word] if match else []
    path = posixpath.join("", *words)
    if not match or posixpath.normpath(path) != path:
        raise PackageError(f"hier.c installs something under a name that no package can hold: {line!r}.")
    return Call(
        name=match["name"],
        path=path,
        mode=int(match["mode"], 8),
        uid=int(match["uid"]),
        gid=int(match["gid"]),
        length=int(match["length"]),
        source=match["file"] or "",
    )
