"""The users and groups that a payload belongs to, under the names of conf-users and conf-groups."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from shlex import quote

from builder.configure.ids import GROUPS, USERS, Ids
from builder.errors import PackageError
from builder.sources.tree import Tree

ROOT = 0
_QMAIL_MEMBERS = ("qmailq", "qmailr", "qmails")
"""Whose group is qmail; the others' is nofiles (netqmail's INSTALL.ids)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    name: str
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    name: str
    id: int
    group: str
    home: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """Every account that the programs were compiled for, in the order of the conf-* files. root is among the users."""

    users: tuple[User, ...]
    groups: tuple[Group, ...]

    def commands(self) -> list[str]:
        """A package's script that makes them, but for root: everything is checked first, so that a refusal changes nothing."""
        groups = [group for group in self.groups if group.id != ROOT]
        users = [user for user in self.users if user.id != ROOT]
        return [
            *(f"check_group {quote(group.name)} {group.id}" for group in groups),
            *(f"check_user {quote(user.name)} {user.id}" for user in users),
            *(f"add_group {quote(group.name)} {group.id}" for group in groups),
            *(
                f"add_user {quote(user.name)} {user.id} {quote(user.group)} {quote(user.home)}"
                for user in users
            ),
        ]

    def user_name(self, uid: int) -> str:
        """The name of a user id; PackageError if none of the users has it."""
        return self._name(uid, {user.id: user.name for user in reversed(self.users)}, "user")

    def group_name(self, gid: int) -> str:
        """The name of a group id; PackageError if none of the groups has it."""
        return self._name(gid, {group.id: group.name for group in reversed(self.groups)}, "group")

    @staticmethod
    def _name(number: int, names: dict[int, str], kind: str) -> str:
        name = names.get(number, "root" if number == ROOT else None)
        if name is None:
            known = ", ".join(f"{name} {known}" for known, name in names.items())
            raise PackageError(
                f"hier.c gives a file to {kind} id {number}, which is none of the ids that were compiled in: {known}.",
                hint="Let hier.c use auto_uids.h, or name the id in the recipe's [ids].",
            )
        return name


def accounts_of(tree: Tree, ids: Ids, home: str) -> Accounts:
    """The accounts of a configured tree: names from its conf-users and conf-groups, numbers from `ids`.

    `home` is qmail's folder, /var/qmail. A tree without these files names its accounts as qmail does.
    """
    group_names = dict(zip(GROUPS, _lines(tree, "conf-groups", GROUPS), strict=True))
    user_names = dict(zip(USERS, _lines(tree, "conf-users", USERS), strict=True))
    return Accounts(
        users=tuple(
            User(
                name=name,
                id=getattr(ids, role),
                group=group_names["qmail" if role in _QMAIL_MEMBERS else "nofiles"],
                home=posixpath.join(home, "alias") if role == "alias" else home,
            )
            for role, name in user_names.items()
        ),
        groups=tuple(Group(name=name, id=getattr(ids, role)) for role, name in group_names.items()),
    )


def _lines(tree: Tree, path: str, standard: tuple[str, ...]) -> list[str]:
    file = tree.get(path)
    if file is None:
        return list(standard)
    lines = file.data.decode("utf-8", "surrogateescape").splitlines()[: len(standard)]
    if len(lines) < len(standard) or not all(lines):
        raise PackageError(f"{path} has to name {len(standard)} accounts, one on each of its first lines.")
    return lines
