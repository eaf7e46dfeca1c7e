"""What a package carries: every folder and file that the tree's own hier() installs, with owner and mode."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from builder.compiling.build import Build
from builder.errors import CompileError, PackageError
from builder.packaging.accounts import ROOT, Accounts, accounts_of
from builder.packaging.hier import Call, calls_of

Kind = Literal["dir", "file", "fifo"]

_CAT_PAGE = "a formatted copy of a manual page: it would need nroff here, and man formats the page itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that is installed. `data` is None but for files; `mode` has the setuid, setgid and sticky bits."""

    path: str
    kind: Kind
    mode: int
    uid: int
    gid: int
    user: str
    group: str
    data: bytes | None = None
    state: bool = False
    """Whether the programs write to it once installed: an upgrade must not replace it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A file that hier() installs and the payload has not."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """`entries` and `left_out` are in the order of their paths; `home` is qmail's folder."""

    home: str
    entries: tuple[Entry, ...]
    accounts: Accounts
    left_out: tuple[LeftOut, ...] = ()


def payload_of(build: Build) -> Payload:
    """The payload of a compiled tree, which stays as it is: the work is done in a copy beside it.

    PackageError if the tree does not say what belongs into a package, if it names a file that neither is there nor
    can be made, if its programs do not run on this machine, or if there is no room for the copy.
    """
    try:
        # Beside the tree and not in /tmp, which some machines do not let programs run from.
        with tempfile.TemporaryDirectory(dir=build.folder.parent, prefix=".payload-") as scratch:
            tree = Path(scratch) / "tree"
            shutil.copytree(build.folder, tree, symlinks=True)
            return _gathered(build, tree)
    except OSError as error:
        # shutil gathers several errors into one without an errno.
        raise PackageError(
            f"The payload cannot be put together in {build.folder.parent}: {error.strerror or error}.",
            hint="Make room there and make it writable, then run this again.",
        ) from error


def _gathered(build: Build, tree: Path) -> Payload:
    calls = calls_of(build, tree)
    missing = {call.source for call in calls if call.name == "c" and not (tree / call.source).is_file()}
    cat_pages = {name for name in missing if name.endswith(".0")}
    _make(build, tree, missing - cat_pages)
    home = next((call.path for call in calls if call.name == "h"), calls[0].path)
    accounts = accounts_of(build.tree, build.ids, home)
    # A later call for the same path wins, as it does when installing.
    entries = {call.path: _entry(call, tree, accounts) for call in calls if call.source not in cat_pages}
    left_out = sorted(call.path for call in calls if call.source in cat_pages)
    return Payload(
        home=home,
        entries=tuple(entries[path] for path in sorted(entries)),
        accounts=accounts,
        left_out=tuple(LeftOut(path=path, reason=_CAT_PAGE) for path in left_out),
    )


def _make(build: Build, tree: Path, names: Iterable[str]) -> None:
    """Make what `make it` leaves out: the manual pages whose text depends on conf-*."""
    names = sorted(names)
    if not names:
        return
    try:
        build.make(names, folder=tree)
    except CompileError as error:
        lacking = [name for name in names if not (tree / name).is_file()]
        raise PackageError(
            f"hier.c installs {', '.join(lacking)}, which cannot be made. {error.what}",
            hint="A patch that adds a file to hier.c must bring the file, or a rule for it in the Makefile.",
        ) from error


def _entry(call: Call, tree: Path, accounts: Accounts) -> Entry:
    uid, gid = _root_for_any(call.uid), _root_for_any(call.gid)
    return Entry(
        path=call.path,
        kind="fifo" if call.name == "p" else "file" if call.name in "cz" else "dir",
        mode=call.mode,
        uid=uid,
        gid=gid,
        user=accounts.user_name(uid),
        group=accounts.group_name(gid),
        data=(tree / call.source).read_bytes()
        if call.name == "c"
        else bytes(call.length)
        if call.name == "z"
        else None,
        state=call.name in "pz",
    )


def _root_for_any(number: int) -> int:
    """-1 is djb's word for "whoever installs", and that is root."""
    return ROOT if number == -1 else number
