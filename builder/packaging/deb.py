"""Debian packages, deb(5), written here and not by a packager.

The packager nfpm knows owners by name only and writes 0 for every number. dpkg goes by the names, but whoever unpacks
such a package in another way gets a qmail-queue that is setuid root. Here names and numbers are both right.
"""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from shlex import quote

from builder.packaging.accounts import ROOT
from builder.packaging.archive import compress, tar
from builder.packaging.package import Label
from builder.packaging.payload import Entry, Kind, Payload
from builder.sources.tree import EPOCH

_SCRIPTS = Path(__file__).parent / "scripts"
_TOP = "./"


def deb(payload: Payload, label: Label) -> bytes:
    """The payload as a package for a dpkg that knows zstd (Debian 12, Ubuntu 18.04 and newer).

    Installing makes the accounts first, with the numbers that are compiled in, or refuses; then the files that the
    programs write to (`Entry.state`), which are no part of the package itself, so that an upgrade leaves them alone.
    """
    installed = [entry for entry in payload.entries if not entry.state]
    control = {
        "control": _control(installed, label, accounts=bool(payload.accounts.commands())),
        "md5sums": _md5sums(installed),
        **_scripts(payload, label),
    }
    members = {
        "debian-binary": b"2.0\n",
        "control.tar.zst": compress(tar(_control_entries(control), top=_TOP)),
        "data.tar.zst": compress(tar([*_parents(installed), *installed], top=_TOP)),
    }
    return b"!<arch>\n" + b"".join(_member(name, data) for name, data in members.items())


def _member(name: str, data: bytes) -> bytes:
    """A file in an ar archive, at an even offset."""
    header = f"{name:<16}{EPOCH:<12}{ROOT:<6}{ROOT:<6}{'100644':<8}{len(data):<10}`\n".encode()
    return header + data + b"\n" * (len(data) % 2)


def _control(installed: list[Entry], label: Label, *, accounts: bool) -> bytes:
    # Debian's policy: whole KiB of each file, and one for everything that is no file.
    kilobytes = sum(-(-len(entry.data) // 1024) if entry.data is not None else 1 for entry in installed)
    fields = {
        "Package": label.name,
        "Version": label.version,
        "Architecture": label.platform.arch,
        "Maintainer": label.maintainer,
        "Installed-Size": str(kilobytes),
        # Before: the accounts must be there when dpkg unpacks the first file.
        "Pre-Depends": "passwd" if accounts else "",
        "Depends": "" if label.platform.static else "libc6",
        "Section": "mail",
        "Priority": "optional",
        "Description": _description(label),
    }
    return "".join(f"{key}: {value}\n" for key, value in fields.items() if value).encode()


def _description(label: Label) -> str:
    paragraphs = [
        textwrap.fill(" ".join(text.split()), 78, break_long_words=False) for text in label.description
    ]
    return "\n".join([label.summary, *textwrap.indent("\n.\n".join(paragraphs), " ").splitlines()])


def _md5sums(installed: list[Entry]) -> bytes:
    """What `dpkg --verify` compares with; md5 is the format's choice."""
    lines = [
        f"{hashlib.md5(entry.data, usedforsecurity=False).hexdigest()}  {entry.path.lstrip('/')}\n"
        for entry in installed
        if entry.data is not None
    ]
    return "".join(lines).encode("utf-8", "surrogateescape")


def _scripts(payload: Payload, label: Label) -> dict[str, bytes]:
    """The maintainer scripts that the payload needs."""
    accounts = payload.accounts.commands()
    state = [entry for entry in payload.entries if entry.state]
    scripts = {}
    if accounts:
        commands = [f"package={quote(label.name)}", *accounts]
        scripts["preinst"] = _script("install|upgrade", commands, functions="accounts.sh")
    if state:
        scripts["postinst"] = _script("configure", [_make(entry) for entry in state], functions="state.sh")
        # Or dpkg could not remove their folders. Mail in the queue keeps its folders, and accounts stay.
        remove = [f"rm -f {quote(entry.path)}" for entry in state]
        scripts["prerm"] = _script("remove", remove)
    return scripts


def _script(when: str, commands: list[str], *, functions: str = "") -> bytes:
    library = f"\n{(_SCRIPTS / functions).read_text('utf-8')}" if functions else ""
    body = "".join(f"  {command}\n" for command in commands)
    text = f'#!/bin/sh\nset -e\n{library}\ncase "$1" in\n{when})\n{body}  ;;\nesac\n'
    return text.encode("utf-8", "surrogateescape")


def _make(entry: Entry) -> str:
    words = f"{quote(entry.path)} {0o777 & ~entry.mode:04o} {quote(f'{entry.user}:{entry.group}')}"
    return f"make_fifo {words}" if entry.kind == "fifo" else f"make_file {words} {len(entry.data or b'')}"


def _parents(installed: Iterable[Entry]) -> list[Entry]:
    """The folders above the payload, which a package has to name. dpkg leaves alone those that exist."""
    described = {entry.path for entry in installed}
    above = {parent.as_posix() for path in described for parent in PurePosixPath(path).parents}
    return [_roots(path, 0o755) for path in above - described]


def _control_entries(files: Mapping[str, bytes]) -> list[Entry]:
    plain = ("control", "md5sums")
    entries = [_roots(f"/{name}", 0o644 if name in plain else 0o755, data) for name, data in files.items()]
    return [_roots("/", 0o755), *entries]


def _roots(path: str, mode: int, data: bytes | None = None) -> Entry:
    kind: Kind = "dir" if data is None else "file"
    return Entry(path=path, kind=kind, mode=mode, uid=ROOT, gid=ROOT, user="root", group="root", data=data)
