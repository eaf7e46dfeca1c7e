"""`doctor`: what this machine can do, and how to get what is missing."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass

from builder import process
from builder.backends import sandbox
from builder.checks import limits
from builder.commands.common import to_json
from builder.errors import BackendError, BuilderError
from builder.recipes.library import Library
from builder.sources.store import Store, default_store
from builder.toolchains.toolchain import zig_program

DOCTOR_SCHEMA = 1

_TOOLS = (
    ("make", "make", "every build", True),
    ("git", "git", "bases that come from a repository", False),
    ("gcc", "gcc libc6-dev", "the platform native and the checks spawn-fortify and spawn-asan", False),
    ("clang", "clang", "the platform native, if there is no gcc", False),
    ("gdb", "gdb", "backtraces of programs that crash in checks", False),
    ("perl", "perl", "recipes with TLS, whose OpenSSL is compiled once for each platform of zig", False),
    ("dpkg-deb", "dpkg", "looking into the .deb files that are made", False),
    ("mmdebstrap", "mmdebstrap", "making the images of the backend docker", False),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about this machine. `needed` says that no build works without it."""

    subject: str
    good: bool
    text: str
    needed: bool = False


def doctor(library: Library, *, as_json: bool, engine: str | None = None) -> None:
    """Print what was found. BackendError if something is missing that every build needs."""
    findings = list(examine(library, engine))
    if as_json:
        print(to_json({"schema_version": DOCTOR_SCHEMA, "findings": findings}))
    else:
        for finding in findings:
            print(
                f"{'ok' if finding.good else 'MISSING' if finding.needed else 'no':8} {finding.subject:12} {finding.text}"
            )
    missing = [finding for finding in findings if finding.needed and not finding.good]
    if missing:
        raise BackendError(
            f"Builds do not work here without: {', '.join(f.subject for f in missing)}.", hint=missing[0].text
        )


def examine(library: Library, engine: str | None = None) -> Iterator[Finding]:
    """Everything worth knowing about this machine, and about an engine."""
    system = f"{platform.system()} {platform.release()}, {platform.machine()}, {os.cpu_count()} processors"
    yield Finding("machine", True, system)
    yield _compiler()
    for tool, package, purpose, needed in _TOOLS:
        yield _tool(tool, package, purpose, needed)
    yield from _backends(engine)
    yield _root()
    yield from _limits()
    yield _store()
    yield from _bases(library)


def _compiler() -> Finding:
    try:
        found = zig_program()
    except BuilderError as error:
        return Finding("zig", False, f"{error.what} {error.hint}", needed=True)
    return Finding("zig", True, f"the compiler of the default platform, {found}")


def _tool(tool: str, package: str, purpose: str, needed: bool) -> Finding:
    found = process.find_program(tool)
    if found is None:
        return Finding(tool, False, f"is for {purpose}; apt-get install {package}", needed=needed)
    return Finding(tool, True, f"{found}, for {purpose}", needed=needed)


def _backends(engine: str | None) -> Iterator[Finding]:
    yield Finding("local", True, "backend: compiles right here")
    why = sandbox.why_not()
    yield Finding(
        "sandbox",
        not why,
        f"backend: {why or 'compiles without a network or your files; used if none is named'}",
    )
    # Only here, since its library takes half a second to import.
    from builder.backends.engine import connected

    try:
        with connected(engine) as found:
            text = f"compiles in containers of {found.shown}, {found.version()}"
    except BuilderError as error:
        yield Finding("docker", False, f"backend: {error.what} {error.hint}")
    else:
        yield Finding("docker", True, f"backend: {text}")


def _root() -> Finding:
    if os.geteuid() == 0:
        return Finding("root", True, "the check spawn-whole runs qmail-start under qmail's own user ids")
    return Finding(
        "root",
        False,
        "not root: the check spawn-whole runs all of qmail as you; everything else needs no root",
    )


def _limits() -> Iterator[Finding]:
    for ceiling in limits.ceilings(limits.raise_limits()):
        yield Finding("limit", ceiling.deliveries >= 1000, str(ceiling))


def _store() -> Finding:
    folder = default_store()
    first = next(path for path in (folder, *folder.parents) if path.exists())
    writable = os.access(first, os.W_OK)
    text = (
        f"{folder}" if writable else f"{folder} cannot be written: set QMAIL_BUILDER_STORE to another folder"
    )
    return Finding("store", writable, text, needed=True)


def _bases(library: Library) -> Iterator[Finding]:
    store = Store(default_store())
    for base in library.all_bases():
        if base.bundled is not None:
            yield Finding("base", True, f"{base.name} comes with the builder")
        elif base.tree is not None and store.tree(base.tree) is not None:
            yield Finding("base", True, f"{base.name} is in the store")
        else:
            how = f"fetched when it is needed, or bring it: fetch {base.name} --from PATH|URL"
            yield Finding("base", False, f"{base.name} is not in the store; {how}")
