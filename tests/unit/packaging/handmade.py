"""A payload made by hand: one of each kind of thing that a qmail installs, so that no compiler is needed."""

from __future__ import annotations

import sys

from builder.packaging.accounts import Accounts, Group, User
from builder.packaging.package import Label
from builder.packaging.payload import Entry, Kind, LeftOut, Payload
from builder.toolchains.platforms import Platform

MUSL = Platform(id="linux-musl-amd64", arch="amd64", libc="musl", zig_target="x86_64-linux-musl")
NATIVE = Platform(id="native", arch="amd64", libc="glibc")

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_ROOT = User(name="root", id=0, group="nofiles", home="/var/qmail")
_QUEUE = User(name="qmailq", id=64014, group="qmail", home="/var/qmail")
_SEND = User(name="qmails", id=64012, group="qmail", home="/var/qmail")
_QMAIL = Group(name="qmail", id=64010)
_NOFILES = Group(name="nofiles", id=64011)


def payload(home: str = "/var/qmail") -> Payload:
    return Payload(
        home=home,
        entries=(
            _entry(home, "dir", 0o755, _ROOT),
            _entry(f"{home}/alias", "dir", 0o2755, _ROOT),
            _entry(f"{home}/bin", "dir", 0o755, _ROOT),
            _entry(f"{home}/bin/qmail-queue", "file", 0o4711, _QUEUE, b"\x7fELF queue"),
            _entry(f"{home}/bin/qmail-send", "file", 0o711, _ROOT, b"\x7fELF" * 1000),
            _entry(f"{home}/queue", "dir", 0o750, _QUEUE),
            _entry(f"{home}/queue/lock", "dir", 0o750, _QUEUE),
            _entry(f"{home}/queue/lock/tcpto", "file", 0o644, _SEND, bytes(1024), state=True),
            _entry(f"{home}/queue/lock/trigger", "fifo", 0o622, _SEND, state=True),
        ),
        accounts=Accounts(users=(_ROOT, _QUEUE, _SEND), groups=(_QMAIL, _NOFILES)),
        left_out=(LeftOut(path=f"{home}/man/cat8/qmail-send.0", reason="no nroff"),),
    )


def decompressed(data: bytes) -> bytes:
    return zstd.decompress(data)


def _entry(
    path: str, kind: Kind, mode: int, owner: User, data: bytes | None = None, *, state: bool = False
) -> Entry:
    return Entry(
        path=path,
        kind=kind,
        mode=mode,
        uid=owner.id,
        user=owner.name,
        gid=_QMAIL.id,
        group=_QMAIL.name,
        data=data,
        state=state,
    )


def label(platform: Platform = MUSL) -> Label:
    return Label(
        name="bigconc",
        version="1.06",
        maintainer="Jane Doe <jane@example.org>",
        summary="netqmail 1.06 with big concurrency",
        description=(
            "A first paragraph, which is long enough to be broken into lines before it ends, as it should.",
            "A second.",
        ),
        platform=platform,
    )
