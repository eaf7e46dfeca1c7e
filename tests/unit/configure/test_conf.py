"""Filling in conf-* files: the first line is the value, the rest stays, and mistakes are said before compiling."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builder.configure.conf import Configured, Value, configure
from builder.configure.ids import LINUX
from builder.errors import UsageError
from builder.recipes.model import Limits
from builder.sources.tree import File, Tree
from builder.toolchains.platforms import Platform, platform_called
from builder.toolchains.toolchain import Toolchain

CC = Toolchain(name="cc", version="cc 1", compile="cc -O2", link="cc -s")
NATIVE = platform_called("native")
FREEBSD = platform_called("freebsd-14-amd64")
STOCK = Limits(spawn=255, select=True)
USERS = b"alias\nqmaild\nqmaill\nroot\nqmailp\nqmailq\nqmailr\nqmails\n\nThe \xe4 users.\n"
TREE = Tree(
    {
        "conf-spawn": File(b"120\n\nprose {{ here }}\n"),
        "conf-cc": File(b"cc -O2\n\nThis compiles.\n"),
        "conf-ld": File(b"cc -s\n"),
        "conf-users": File(USERS),
        "conf-qmail": File(b"/var/qmail\n"),
        "conf-split": File(b"23\n"),
        "conf-channels": File(b"4\n\nof a patch\n"),
        "Makefile": File(b"auto_uids.c:\n\t( ./auto-uid auto_uida `head -1 conf-users` )\n"),
    }
)


def configured(limits: Limits = STOCK, /, **values: Value) -> Configured:
    names = {name.replace("_", "-"): value for name, value in values.items()}
    return configure(TREE, values=names, defines={}, limits=limits, ids=LINUX, platform=NATIVE, toolchain=CC)


def test_only_the_first_line_changes() -> None:
    result = configured(conf_spawn=200)
    assert result.tree["conf-spawn"].data == b"200\n\nprose {{ here }}\n"
    assert result.tree["conf-users"].data == USERS
    assert result.conf["conf-spawn"] == "200"


def test_a_conf_file_of_a_patch_is_filled_in_like_any_other() -> None:
    assert configured(conf_channels=9).tree["conf-channels"].data == b"9\n\nof a patch\n"


def test_the_compiler_and_the_defines_go_into_conf_cc() -> None:
    values = {"conf-spawn": 9}
    defines: dict[str, int | str | bool] = {"ONE": 1, "YES": True, "NO": False, "PATH_X": "/a/b"}
    result = configure(
        TREE, values=values, defines=defines, limits=STOCK, ids=LINUX, platform=NATIVE, toolchain=CC
    )
    assert result.tree["conf-cc"].data == b"cc -O2 -DONE=1 -DYES -DPATH_X=/a/b\n\nThis compiles.\n"


def test_users_take_eight_lines() -> None:
    names = ("a", "b", "c", "d", "e", "f", "g", "h")
    assert (
        configured(conf_users=names).tree["conf-users"].data == b"a\nb\nc\nd\ne\nf\ng\nh\n\nThe \xe4 users.\n"
    )
    with pytest.raises(UsageError, match=r"conf-users takes 8 line\(s\), but 2 are given: a, b\."):
        configured(conf_users=("a", "b"))


def test_no_account_is_needed_because_the_ids_are_seeded() -> None:
    result = configure(
        TREE,
        values={},
        defines={},
        limits=STOCK,
        ids=replace(LINUX, qmailq=2520),
        platform=NATIVE,
        toolchain=CC,
    )
    lines = result.seeds["auto_uids.c"].decode().splitlines()
    assert lines[5] == "int auto_uidq = 2520;"
    assert [line.split()[1] for line in lines] == [f"auto_uid{c}" for c in "adlopqrs"] + [
        "auto_gidq",
        "auto_gidn",
    ]


@pytest.mark.parametrize(
    ("value", "limits", "said"),
    [
        (0, STOCK, "conf-spawn is '0', but must be a number from 1 to 255."),
        ("many", STOCK, "conf-spawn is 'many', but must be a number from 1 to 255."),
        (-3, STOCK, "conf-spawn is '-3', but must be"),
        (256, STOCK, "conf-spawn is 256, but 255 is the most that one-byte delivery numbers can hold."),
        (510, Limits(spawn=65000, select=True), "509 is the most that select's fd_set"),
        (70000, Limits(spawn=65000, select=False), "65000 is the most that two-byte"),
    ],
)
def test_conf_spawn_is_checked_against_what_the_code_holds(value: Value, limits: Limits, said: str) -> None:
    with pytest.raises(UsageError) as error:
        configured(limits, conf_spawn=value)
    assert said in error.value.what


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("conf_qmail", "var/qmail"),
        ("conf_qmail", "/var/qm ail"),
        ("conf_split", "0"),
        ("conf_cc", "cc\n-O2"),
        ("conf_nothing", "x"),
    ],
)
def test_other_values_are_checked_too(name: str, value: str) -> None:
    with pytest.raises(UsageError):
        configured(**{name: value})


def with_fd_setsize(platform: Platform, spawn: int) -> Configured:
    zig = f"zig cc -target {platform.zig_target}"
    return configure(
        TREE,
        values={"conf-spawn": spawn},
        defines={"FD_SETSIZE": 4096},
        limits=Limits(spawn=65000, select=True),
        ids=LINUX,
        platform=platform,
        toolchain=Toolchain(
            name="zig", version="zig 1", compile=f"{zig} -O2", link=zig, cross=platform == FREEBSD
        ),
    )


def test_freebsd_takes_fd_setsize_and_linux_does_not() -> None:
    assert with_fd_setsize(FREEBSD, 2045).conf["conf-spawn"] == "2045"
    with pytest.raises(UsageError, match="2045 is the most that select's fd_set of 4096 bits can watch"):
        with_fd_setsize(FREEBSD, 2046)
    with pytest.raises(UsageError, match="509 is the most"):
        with_fd_setsize(NATIVE, 510)


@pytest.mark.parametrize("name", ["conf-cc", "conf-ld"])
def test_another_compiler_would_not_keep_what_it_links_from_being_run(name: str) -> None:
    zig = f"zig cc -target {FREEBSD.zig_target}"
    toolchain = Toolchain(name="zig", version="zig 1", compile=f"{zig} -O2", link=zig, cross=True)
    with pytest.raises(UsageError, match=f"{name} is 'cc', but freebsd-14-amd64 cannot be run here"):
        configure(
            TREE,
            values={name: "cc"},
            defines={},
            limits=STOCK,
            ids=LINUX,
            platform=FREEBSD,
            toolchain=toolchain,
        )


def test_chkshsgr_is_replaced_so_that_anybody_may_build() -> None:
    """The program refuses whoever is neither root nor in any further group; the compiler knows the answer for all."""
    makefile = File(b"it: chkshsgr\nchkshsgr: chkshsgr.o\n\t./load chkshsgr \n")
    result = configure(
        TREE.changed({"Makefile": makefile}),
        values={},
        defines={},
        limits=STOCK,
        ids=LINUX,
        platform=NATIVE,
        toolchain=CC,
    )
    assert result.seeds["chkshsgr"].startswith(b"#!/bin/sh\n")
    assert b"sizeof(gid_t) > sizeof(short)" in result.seeds["proof_groups.c"]
