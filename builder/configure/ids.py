"""User and group ids that are compiled into the programs, by platform, so that no account need exist here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace

from builder.errors import UsageError
from builder.toolchains.platforms import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Ids:
    """The eight users and two groups of qmail, under the names of conf-users and conf-groups."""

    alias: int
    qmaild: int
    qmaill: int
    root: int
    """The owner of programs and documents."""
    qmailp: int
    qmailq: int
    qmailr: int
    qmails: int
    qmail: int
    """The group of all of them but qmaild, qmaill and qmailp."""
    nofiles: int

    @classmethod
    def same(cls, uid: int, gid: int) -> Ids:
        """One user and one group for everything: what a private qmail without root runs under."""
        return cls(**{field.name: gid if field.name in GROUPS else uid for field in fields(cls)})

    def overridden(self, ids: Mapping[str, int]) -> Ids:
        """With some of the ids replaced, as a recipe's [ids] says."""
        known = {field.name for field in fields(self)}
        for name in ids:
            if name not in known:
                raise UsageError(
                    f"[ids] of the recipe names {name!r}.", hint=f"Known: {', '.join(sorted(known))}."
                )
        return replace(self, **ids)

    @property
    def by_name(self) -> dict[str, int]:
        """The ids as plain data."""
        return asdict(self)

    def auto_uids(self) -> bytes:
        """auto_uids.c as netqmail's Makefile would make it on a machine that has these accounts."""
        lines = [f"int auto_uid{letter} = {getattr(self, name)};" for letter, name in _USER_LETTERS]
        lines += [f"int auto_gid{letter} = {getattr(self, name)};" for letter, name in _GROUP_LETTERS]
        return "\n".join([*lines, ""]).encode()


USERS = ("alias", "qmaild", "qmaill", "root", "qmailp", "qmailq", "qmailr", "qmails")
"""In the order of the lines of conf-users."""
GROUPS = ("qmail", "nofiles")
"""In the order of the lines of conf-groups."""

_USER_LETTERS = tuple(zip("adlopqrs", USERS, strict=True))
_GROUP_LETTERS = tuple(zip("qn", GROUPS, strict=True))

LINUX = Ids(
    alias=64010,
    qmaild=64011,
    qmails=64012,
    qmailr=64013,
    qmailq=64014,
    qmaill=64015,
    qmailp=64016,
    root=0,
    qmail=64010,
    nofiles=64011,
)
"""In the range that Debian reserves for fixed ids; 64010 to 64015 are those of its old qmail packages."""

FREEBSD = Ids(
    alias=81,
    qmaild=82,
    qmaill=83,
    qmailp=84,
    qmailq=85,
    qmailr=86,
    qmails=87,
    root=0,
    qmail=82,
    nofiles=81,
)
"""Those of FreeBSD's ports (their UIDs and GIDs files), where the group nofiles is called qnofiles."""


def ids_of(platform: Platform) -> Ids:
    """The ids that programs for a platform have compiled in, if the recipe does not say otherwise."""
    return FREEBSD if platform.os == "freebsd" else LINUX


def conf_of(platform: Platform) -> dict[str, tuple[str, ...]]:
    """The names of accounts where a platform's differ from those of the tree."""
    return {"conf-groups": ("qmail", "qnofiles")} if platform.os == "freebsd" else {}
