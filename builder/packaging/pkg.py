"""FreeBSD packages, as pkg(8) reads them: a tar archive with two manifests before the files, written here.

pkg-create(8) runs on FreeBSD only. What it writes is simple: names from the root on, owners by name and number, and a
SHA256 of every file, without which pkg would install a damaged one and say nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import Any

from builder.errors import PackageError, UsageError
from builder.packaging.accounts import ROOT
from builder.packaging.archive import compress, ustar
from builder.packaging.manifest import as_json
from builder.packaging.package import Label
from builder.packaging.payload import Entry, Payload
from builder.toolchains.platforms import FREEBSD_MAJOR

COMPACT_MANIFEST = "+COMPACT_MANIFEST"
MANIFEST = "+MANIFEST"
SUM = "1$"
"""Before a sum: it is SHA256 in hexadecimal."""

_SCRIPTS = Path(__file__).parent / "scripts"
_WHEEL = "wheel"
"""FreeBSD's name of group 0."""


def pkg(payload: Payload, label: Label) -> bytes:
    """The payload as a package for pkg 1.17 or newer, which knows zstd.

    As with a .deb, installing makes the accounts first, or refuses; what the programs write to is made afterwards and
    is no part of the package. PackageError for a path or an id that the format has no room for.
    """
    installed = [_on_freebsd(entry) for entry in payload.entries if not entry.state]
    brief = _brief(payload, installed, label)
    whole = {**brief, **_contents(installed), "scripts": _scripts(payload, label)}
    manifests = [_manifest_entry(COMPACT_MANIFEST, brief), _manifest_entry(MANIFEST, whole)]
    try:
        return compress(ustar([*manifests, *installed]))
    except ValueError as error:
        raise PackageError(f"A FreeBSD package has no room for something in the payload: {error}.") from error


def file_name(label: Label) -> str:
    """What the package is called. UsageError for a version that pkg would take for something else."""
    if not re.fullmatch(r"[0-9][A-Za-z0-9.+]*", label.version):
        raise UsageError(
            f"[package] version is {label.version!r}, but that of a FreeBSD package has only letters, digits, '.' "
            "and '+'."
        )
    return f"{label.name}-{label.version}-{label.platform.id}.pkg"


def _brief(payload: Payload, installed: Iterable[Entry], label: Label) -> dict[str, Any]:
    machine = {"amd64": "x86:64", "arm64": "aarch64:64"}[label.platform.arch]
    return {
        "name": label.name,
        "origin": f"mail/{label.name}",
        "version": label.version,
        "comment": label.summary,
        "desc": _escaped("\n\n".join(label.description) or label.summary),
        "maintainer": label.maintainer,
        "www": "UNKNOWN",
        "categories": ["mail"],
        "licenselogic": "single",
        "abi": label.platform.abi,
        "arch": f"freebsd:{FREEBSD_MAJOR}:{machine}",
        "prefix": payload.home,
        "flatsize": sum(len(entry.data or b"") for entry in installed),
        "users": [user.name for user in payload.accounts.users if user.id != ROOT],
        "groups": [group.name for group in payload.accounts.groups if group.id != ROOT],
    }


def _contents(installed: Iterable[Entry]) -> dict[str, Any]:
    """What belongs to the package: pkg installs nothing that is not named here, and checks every sum."""
    files, folders = {}, {}
    for entry in installed:
        about = {"uname": entry.user, "gname": entry.group, "perm": f"{entry.mode:04o}"}
        if entry.data is None:
            folders[_escaped(entry.path)] = about
        else:
            files[_escaped(entry.path)] = {**about, "sum": SUM + hashlib.sha256(entry.data).hexdigest()}
    return {"files": files, "directories": folders}


def _scripts(payload: Payload, label: Label) -> dict[str, str]:
    """What pkg runs before and after; the names are those of pkg's manifest."""
    accounts = payload.accounts.commands()
    state = [entry for entry in payload.entries if entry.state]
    scripts = {}
    if accounts:
        scripts["pre-install"] = _script("freebsd-accounts.sh", [f"package={quote(label.name)}", *accounts])
    if state:
        scripts["post-install"] = _script("state.sh", [_make(entry) for entry in state])
        # Or pkg could not remove their folders. An upgrade removes the old package first, but its state stays.
        remove = [f'rm -f "$below"{quote(entry.path)}' for entry in state]
        scripts["pre-deinstall"] = _script("", ['test -z "${PKG_UPGRADE:-}" || exit 0', *remove])
    return scripts


def _script(functions: str, commands: Iterable[str]) -> str:
    parts = [_text("freebsd.sh"), *([_text(functions)] if functions else [])]
    return _escaped("set -e\n" + "\n".join([*parts, *commands, ""]))


def _text(name: str) -> str:
    return (_SCRIPTS / name).read_text("utf-8")


def _make(entry: Entry) -> str:
    # By number: the accounts are in the other root, whose names this one need not know.
    words = f'"$below"{quote(entry.path)} {0o777 & ~entry.mode:04o} {entry.uid}:{entry.gid}'
    return f"make_fifo {words}" if entry.kind == "fifo" else f"make_file {words} {len(entry.data or b'')}"


def _escaped(text: str) -> str:
    """pkg decodes the percent signs of paths, scripts and descriptions as those of a URL."""
    return text.replace("%", "%25").encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _on_freebsd(entry: Entry) -> Entry:
    return replace(entry, group=_WHEEL) if entry.gid == ROOT else entry


def _manifest_entry(name: str, value: Mapping[str, Any]) -> Entry:
    return Entry(
        path=name,
        kind="file",
        mode=0o644,
        uid=ROOT,
        gid=ROOT,
        user="root",
        group=_WHEEL,
        data=as_json(value),
    )
