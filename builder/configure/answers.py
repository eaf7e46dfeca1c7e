"""What a Makefile's probes would answer if they ran on the target, each with the assertion that proves it.

An assertion stands in the generated file itself or is compiled in the program's place: for the target, by its
compiler, with its headers. So a wrong answer does not compile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from builder.sources.tree import Tree
from builder.toolchains.platforms import FREEBSD_MAJOR, Platform

_SPAWN_PROOF = "proof_spawn.c"
_GROUPS_PROOF = "proof_groups.c"


def _assertion(condition: str, what: str) -> bytes:
    return f'_Static_assert({condition},"{what}");\n'.encode()


_GROUPS = b"#include <sys/types.h>\n" + _assertion("sizeof(gid_t) > sizeof(short)", "groups are no shorts")
"""What setgroups() takes. A system where it takes shorts is older than any platform here."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The text of a file that a rule makes by running `programs`; None if the tree is not the one that it is for."""

    programs: frozenset[str]
    text: Callable[[Tree], bytes | None]


def _uint32(tree: Tree) -> bytes | None:
    """unsigned int, as everywhere where unsigned long has more than 32 bits."""
    file = tree.get("uint32.h1")
    return (
        None
        if file is None
        else file.data + _assertion("sizeof(uint32) == 4 && sizeof(unsigned long) == 8", "uint32")
    )


def _no_short_groups(_: Tree) -> bytes:
    return _GROUPS


def _no_pipe_bug(_: Tree) -> bytes:
    """select() on a named pipe that nobody writes to waits, on Linux and FreeBSD. This alone nothing can prove here."""
    return b""


PROBES: Mapping[str, Answer] = {
    "uint32.h": Answer(frozenset({"tryulong32"}), _uint32),
    "hasshsgr.h": Answer(frozenset({"chkshsgr", "tryshsgr"}), _no_short_groups),
    "hasnpbg1.h": Answer(frozenset({"trynpbg1"}), _no_pipe_bug),
}
"""By the file that a rule makes."""


def systype(platform: Platform) -> bytes:
    """What find-systype would find: which files make-load and makelib write depends on it."""
    if platform.os == "freebsd":
        return f"freebsd-{FREEBSD_MAJOR}.0-release-:{platform.arch}-:-:-:-\n".encode()
    return f"linux-:-:-:{'x86_64' if platform.arch == 'amd64' else 'aarch64'}-:-\n".encode()


def chkspawn(tree: Tree, spawn: int) -> dict[str, bytes] | None:
    """A stand-in for chkspawn, which refuses a conf-spawn that an fd_set is too small for. None if there is no chkspawn.c.

    What else it says, of delivery numbers, was checked before by the limits of base and patches.
    """
    source = tree.get("chkspawn.c")
    if source is None:
        return None
    if b'"select.h"' not in source.data:
        return _stand_in("chkspawn", "", b"")
    room = _assertion(f"(sizeof(fd_set) * 8 - 5) / 2 >= {spawn}", "fd_set is too small for conf-spawn")
    return _stand_in("chkspawn", _SPAWN_PROOF, b'#include "select.h"\n' + room)


def chkshsgr() -> dict[str, bytes]:
    """A stand-in for chkshsgr, which stops the build of whoever is neither root nor in any supplementary group.

    It only makes sure that tryshsgr, which asks whether groups are shorts, is able to. The assertion knows.
    """
    return _stand_in("chkshsgr", _GROUPS_PROOF, _GROUPS)


def _stand_in(program: str, name: str, proof: bytes) -> dict[str, bytes]:
    """A script in the place of a program, which compiles the proof `name`; without one it is content with everything."""
    if not name:
        return {
            program: f"#!/bin/sh\n# In the place of {program}: it would ask nothing of the system.\n".encode()
        }
    script = (
        f"#!/bin/sh\n# In the place of {program}: what it would find out when it runs, the compiler knows.\n"
    )
    return {program: f"{script}exec ./compile {name}\n".encode(), name: proof}
