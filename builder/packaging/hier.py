"""What a tree would install where, learnt from its own hier(): linked with a printer instead of the installer."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from pathlib import Path

from builder import process
from builder.backends.local import Local, local
from builder.compiling.build import Build
from builder.errors import CompileError, PackageError

_PRINTER = Path(__file__).with_name("printer.c")
_LINE = re.compile(
    r"(?P<name>[hdcpz])\t(?P<mode>[0-7]+)\t(?P<uid>-?\d+)\t(?P<gid>-?\d+)\t(?P<length>\d+)"
    r"\t(?P<home>/[^\t]*)\t(?P<below>[^\t]*)(?:\t(?P<file>[^\t]+))?"
)
_HINT = "hier.c may call h, d, c, p and z with the arguments that qmail-1.03 gives them, and no others."
_SECONDS = 120
"""More than compiling one small file ever takes, even where zig first builds its C library."""


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
        with local(build.toolchain) as backend:
            _link(build, tree, backend)
            printed = _run(backend, tree, f"./{_PRINTER.stem}")
    except CompileError as error:
        raise PackageError(
            f"hier() cannot be asked what belongs into a package. {error.what}", hint=_HINT
        ) from error
    return printed.decode("utf-8", "surrogateescape")


def _link(build: Build, tree: Path, backend: Local) -> None:
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
        _run(backend, tree, "./compile", name)
    # Only what hier.o asks for is taken from an archive. Twice, since one archive may need another before it.
    archives = sorted(path.name for path in tree.glob("*.a"))
    _run(backend, tree, "./load", _PRINTER.stem, *objects, *archives, *archives)


def _run(backend: Local, tree: Path, *argv: str) -> bytes:
    try:
        finished = backend.run(list(argv), folder=tree, timeout=_SECONDS)
    except OSError as error:
        raise PackageError(
            f"hier() cannot be asked what belongs into a package: {argv[0]} does not run here: {error.strerror}.",
            hint="Build on a machine that can run what it compiles.",
        ) from error
    if not finished.ok:
        raise CompileError(f"{process.quoted(argv)} failed: {finished.how}.\n{finished.text.strip()}")
    return finished.output


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
