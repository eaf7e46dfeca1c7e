"""Filling in the conf-* files: the value on the first line (or lines), the prose below kept as it is.

Every value is checked here, so that a mistake is said before anything is compiled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jinja2

from builder.configure.answers import chkshsgr
from builder.configure.cross import cross_seeds
from builder.configure.ids import GROUPS, USERS, Ids
from builder.errors import UsageError
from builder.recipes.ceiling import FD_SET, spawn_ceiling
from builder.recipes.model import Limits
from builder.sources.tree import File, Tree
from builder.toolchains.platforms import Platform
from builder.toolchains.toolchain import Toolchain

Value = int | str | tuple[str, ...]

_MULTILINE = {"conf-users": len(USERS), "conf-groups": len(GROUPS)}
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """A tree that is ready for make. `seeds` are generated files that make must take as they are (make -o)."""

    tree: Tree
    seeds: Mapping[str, bytes]
    conf: Mapping[str, str]
    """The first line of each conf-* file."""
    ids: Ids


def configure(
    tree: Tree,
    *,
    values: Mapping[str, Value],
    defines: Mapping[str, int | str | bool],
    limits: Limits,
    ids: Ids,
    platform: Platform,
    toolchain: Toolchain,
    answers: Mapping[str, str] = MappingProxyType({}),
) -> Configured:
    """Fill in the conf-* files of `tree` and make what would need accounts on this machine, or the target itself.

    `values` are what base and recipe say, by file name; what neither says stays as the tree has it. `answers` are
    files that the Makefile would make by running a program for the target, as the recipe gives them.
    """
    for name in values:
        if name not in tree:
            known = ", ".join(path for path in tree if path.startswith("conf-"))
            raise UsageError(f"[conf] names {name}, but the tree has no such file.", hint=f"It has: {known}.")
    fd_set = _fd_set(defines, platform)
    changes: dict[str, File | None] = {}
    for path in (path for path in tree if re.fullmatch(r"conf-[a-z0-9-]+", path)):
        value = values.get(path)
        if value is not None:
            _check(path, value, limits, fd_set)
        context = {"value": value, "toolchain": toolchain, "defines": _flags(defines)}
        changes[path] = File(_rendered(path, tree[path].data, context), tree[path].mode)
    configured = tree.changed(changes)
    conf = {path: _lines(configured[path].data)[0] for path in changes}
    _check_spawn(conf.get("conf-spawn", "1"), limits, fd_set)
    seeds = _uids(configured, ids)
    if toolchain.cross:
        _check_compilers(conf, platform)
        given = {**seeds, **{name: text.encode() for name, text in answers.items()}}
        seeds = cross_seeds(configured, platform, given=given, spawn=int(conf.get("conf-spawn", "1")))
    elif b"./load chkshsgr " in _makefile(configured):
        seeds |= chkshsgr()
    return Configured(tree=configured, seeds=seeds, conf=conf, ids=ids)


def _uids(tree: Tree, ids: Ids) -> dict[str, bytes]:
    """auto_uids.c, where the Makefile would look up accounts to make it."""
    return {"auto_uids.c": ids.auto_uids()} if b"./auto-uid " in _makefile(tree) else {}


def _makefile(tree: Tree) -> bytes:
    return tree["Makefile"].data if "Makefile" in tree else b""


def _check_compilers(conf: Mapping[str, str], platform: Platform) -> None:
    """Only our own compiler's programs are kept from being run here."""
    start = f"zig cc -target {platform.zig_target} "
    for name in ("conf-cc", "conf-ld"):
        if not f"{conf.get(name, start)} ".startswith(start):
            raise UsageError(
                f"{name} is {conf[name]!r}, but {platform.id} cannot be run here: it must begin with {start.strip()!r}."
            )


def _fd_set(defines: Mapping[str, int | str | bool], platform: Platform) -> int:
    """The bits of an fd_set: FreeBSD's header takes FD_SETSIZE, those of Linux do not. Compiling proves it."""
    wanted = str(defines.get("FD_SETSIZE", FD_SET))
    return int(wanted) if platform.os == "freebsd" and wanted.isdecimal() else FD_SET


def _flags(defines: Mapping[str, int | str | bool]) -> str:
    words = []
    for name, value in defines.items():
        if not re.fullmatch(r"[A-Za-z_]\w*", name):
            raise UsageError(f"[defines] names {name!r}, which is no name of a C macro.")
        if isinstance(value, str) and not re.fullmatch(r"[\w./:@+-]*", value):
            raise UsageError(f"[defines] {name}: {value!r} has characters that a shell would take apart.")
        if value is not False:
            words.append(f"-D{name}" if value is True else f"-D{name}={value}")
    return " ".join(words)


def _rendered(path: str, original: bytes, context: Mapping[str, Any]) -> bytes:
    lines = _lines(original)
    head = _MULTILINE.get(path, 1)
    template = _environment().get_or_select_template([f"{path}.j2", "conf.j2"])
    text = template.render(lines=lines[:head], prose="".join(f"{line}\n" for line in lines[head:]), **context)
    return text.encode("utf-8", "surrogateescape")


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,  # noqa: S701 - conf-* files are no HTML
    )


def _lines(data: bytes) -> list[str]:
    return data.decode("utf-8", "surrogateescape").splitlines() or [""]


def _check(path: str, value: Value, limits: Limits, fd_set: int) -> None:
    lines = value if isinstance(value, tuple) else (str(value),)
    wanted = _MULTILINE.get(path, 1)
    if len(lines) != wanted:
        raise UsageError(f"{path} takes {wanted} line(s), but {len(lines)} are given: {', '.join(lines)}.")
    if any("\n" in line or "\0" in line for line in lines):
        raise UsageError(f"{path}: a value is one line of text.")
    if path == "conf-spawn":
        _check_spawn(lines[0], limits, fd_set)
    elif path == "conf-split" and not (lines[0].isdecimal() and int(lines[0]) > 0):
        raise UsageError(f"conf-split is {lines[0]!r}, but must be a number from 1 on (best a prime).")
    elif path == "conf-patrn" and not re.fullmatch(r"[0-7]{3,4}", lines[0]):
        raise UsageError(f"conf-patrn is {lines[0]!r}, but must be an octal mode such as 002.")
    elif path == "conf-break" and len(lines[0]) != 1:
        raise UsageError(f"conf-break is {lines[0]!r}, but must be one character.")
    elif path == "conf-qmail" and not re.fullmatch(r"/[\w./+-]*[\w+-]", lines[0]):
        raise UsageError(f"conf-qmail is {lines[0]!r}, but must be an absolute path without spaces.")


def _check_spawn(value: str, limits: Limits, fd_set: int) -> None:
    ceiling = spawn_ceiling(limits, fd_set)
    if not value.isdecimal() or int(value) < 1:
        raise UsageError(f"conf-spawn is {value!r}, but must be a number from 1 to {ceiling.most}.")
    if int(value) > ceiling.most:
        raise UsageError(
            f"conf-spawn is {value}, but {ceiling.most} is the most that {ceiling.why}.",
            hint=f"To change that, {ceiling.advice}.",
        )
