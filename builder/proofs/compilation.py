"""Whether a tree compiles, found out by `make it`, many trees fast: objects that another tree had are not made again.

Only compiling is remembered. Every tree is linked anew, its probes run anew, and what make says is what counts.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from builder import process
from builder.backends.backend import Opener
from builder.compiling.build import LIMIT, kept_by_make, write_seeds
from builder.compiling.messages import OwnerOf, explain, read_messages
from builder.configure.conf import Configured
from builder.proofs.duplicates import Duplicate, duplicates
from builder.proofs.keys import Keys
from builder.proofs.objects import Objects
from builder.sources.tree import Tree
from builder.toolchains.toolchain import Toolchain

_A_YEAR = 365 * 24 * 3600
_SHOWN = 3
_LAST_LINES = 6


class Compilation(Struct, frozen=True, kw_only=True):
    """What `make it` made of a tree."""

    ok: bool
    compiler: str
    error: str = ""
    """The first errors, each with its line and who wrote it, or the last that make said; empty if it compiles."""
    duplicates: tuple[Duplicate, ...] = ()
    compiled: int = 0
    """Objects that were compiled."""
    reused: int = 0
    """Objects that another tree had."""
    checked: int = 0
    """How many of the patches' own checks were run."""
    failed: tuple[str, ...] = ()
    """Those that found a fault or could not run, each with what it said."""
    seconds: float = 0


def compile_tree(
    configured: Configured,
    toolchain: Toolchain,
    *,
    where: Opener,
    folder: Path,
    objects: Objects,
    owner_of: OwnerOf,
    jobs: int = 1,
) -> Compilation:
    """Run `make it` on a tree in `folder`, which is made. What make would now make again is nothing."""
    if where.here:
        process.require_program("make", package="make")
    began = time.monotonic()
    configured.tree.write(folder)
    write_seeds(configured.seeds, folder)
    keys = Keys(_sources(configured), given=frozenset(configured.seeds), toolchain=toolchain.version)
    wanted = dict(keys.objects())
    reused = [name for name, key in wanted.items() if objects.take(key, folder / name)]
    # Newer than anything that make will make, so that it makes what they depend on and leaves them as they are. (Told
    # to ignore them, -o, it would not make the headers that others forget to name.)
    later = time.time() + _A_YEAR
    for name in reused:
        os.utime(folder / name, (later, later))
    command = ["make", f"-j{jobs}", "-O", *kept_by_make(configured.seeds), "it"]
    with where.open(toolchain) as backend:
        finished = backend.run(command, folder=folder, timeout=LIMIT)
    if not finished.ok:
        error = _error(finished, configured.tree, owner_of)
        return Compilation(
            ok=False, compiler=toolchain.version, error=error, seconds=time.monotonic() - began
        )
    fresh = [name for name in wanted if name not in reused and (folder / name).is_file()]
    for name in fresh:
        objects.keep(wanted[name], folder / name)
    _level(folder, configured)
    return Compilation(
        ok=True,
        compiler=toolchain.version,
        duplicates=duplicates(folder, keys.rules),
        compiled=len(fresh),
        reused=len(reused),
        seconds=time.monotonic() - began,
    )


def _level(folder: Path, configured: Configured) -> None:
    """Give all that was made one time, so that a later make, after somebody changed a source, makes what it must."""
    now = time.time()
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and (name not in configured.tree or name in configured.seeds):
            os.utime(path, (now, now))


def _sources(configured: Configured) -> Mapping[str, bytes]:
    return {**{path: file.data for path, file in configured.tree.items()}, **configured.seeds}


def _error(finished: process.Finished, tree: Tree, owner_of: OwnerOf) -> str:
    errors = [one for one in read_messages(finished.output, owner_of) if one.kind == "error"]
    if errors:
        return "\n".join(explain(one, tree) for one in errors[:_SHOWN])
    return "\n".join(finished.text.splitlines()[-_LAST_LINES:])
