"""Static libraries for what is linked for other machines: compiled once for each platform, and kept in the store.

The programs of this machine's own compiler use this machine's libraries. zig has the C library and nothing else.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from builder.backends.backend import Opener
from builder.console import Progress
from builder.errors import CompileError, UsageError
from builder.recipes.model import Base
from builder.sources.tree import Tree
from builder.toolchains.platforms import Platform
from builder.toolchains.toolchain import Toolchain

_LIMIT = 3600.0
"""Seconds that compiling one library may take; OpenSSL takes two minutes on two quiet processors."""
_OPENSSL = (
    *("no-shared", "no-tests", "no-apps", "no-docs", "no-module", "no-engine", "no-legacy", "no-dso"),
    "no-threads",  # qmail has none
    *("--prefix=/usr", "--openssldir=/etc/ssl"),
    *("CC=cc", "AR=ar", "RANLIB=ranlib", "-O2", "-g0", "-fPIC"),
)
_OPENSSL_TARGETS = {
    ("freebsd", "amd64"): "BSD-x86_64",
    ("freebsd", "arm64"): "BSD-aarch64",
    ("linux", "amd64"): "linux-x86_64",
    ("linux", "arm64"): "linux-aarch64",
}


def with_library(
    toolchain: Toolchain,
    library: Base,
    source: Tree,
    *,
    platform: Platform,
    where: Opener,
    store: Path,
    progress: Progress,
    jobs: int | None = None,
) -> Toolchain:
    """The toolchain with a library's headers and archives in reach of `#include` and -l.

    It is compiled for the platform first, if the store does not have it. CompileError if that fails.
    """
    if library.name not in _COMMANDS:
        raise UsageError(
            f"There is no rule for building the library {library.name}.",
            hint=f"There are rules for: {', '.join(_COMMANDS)}.",
        )
    folder = store / "libraries" / _key(library, source, toolchain)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder.with_suffix(".lock")):
        if not folder.is_dir():
            progress.step(f"compiling {library.name} {library.version} for {platform.id}")
            _build(folder, library, source, platform=platform, toolchain=toolchain, where=where, jobs=jobs)
    return toolchain.with_static(f"{library.name} {library.version} ({source.digest})", folder)


def _build(
    folder: Path,
    library: Base,
    source: Tree,
    *,
    platform: Platform,
    toolchain: Toolchain,
    where: Opener,
    jobs: int | None,
) -> None:
    """Compile in a folder of its own and keep headers and archives, all or nothing."""
    work = Path(mkdtemp(prefix=".making-", dir=folder.parent))
    try:
        tree, kept = work / "tree", work / "kept"
        source.write(tree)
        with where.open(toolchain) as backend:
            for command in _COMMANDS[library.name](platform, jobs or os.cpu_count() or 1):
                done = backend.run(command, folder=tree, timeout=_LIMIT)
                if not done.ok:
                    last = "\n".join(done.text.splitlines()[-15:])
                    raise CompileError(
                        f"{library.name} {library.version} cannot be built for {platform.id}: "
                        f"{' '.join(command[:2])}: {done.how}.\n{last}"
                    )
        shutil.copytree(tree / "include/openssl", kept / "include/openssl")
        (kept / "lib").mkdir()
        for archive in sorted(tree.glob("*.a")):
            shutil.copy(archive, kept / "lib")
        kept.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _openssl(platform: Platform, jobs: int) -> Iterator[list[str]]:
    yield ["perl", "./Configure", _OPENSSL_TARGETS[platform.os, platform.arch], *_OPENSSL]
    yield ["make", f"-j{jobs}", "build_libs"]


_COMMANDS: Mapping[str, Callable[[Platform, int], Iterator[list[str]]]] = {"openssl": _openssl}
"""What builds each library, run at the top of its source."""


def _key(library: Base, source: Tree, toolchain: Toolchain) -> str:
    parts = (library.name, source.digest, toolchain.version, toolchain.target, *_OPENSSL)
    return f"{library.name}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:32]}"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock: of two builds that need a library one compiles it, and the other then finds it done."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
