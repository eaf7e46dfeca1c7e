"""Seeds for what cannot be run: found from a Makefile, made here, or refused with the line that would run it."""

from __future__ import annotations

import pytest

from builder.configure.cross import cross_seeds
from builder.configure.makefile import read_makefile
from builder.errors import BackendError
from builder.sources.tree import File, Tree
from builder.toolchains.platforms import platform_called

FREEBSD = platform_called("freebsd-14-arm64")
CONF = {
    "conf-qmail": b"/var/qmail\n\nprose\n",
    "conf-users": b"alias\nqmaild\n",
    "conf-break": b"-\n",
    "conf-patrn": b"002\n",
    "conf-spawn": b"120\n",
    "uint32.h1": b"typedef unsigned int uint32;\n",
}


def seeds(makefile: str, /, given: dict[str, bytes] | None = None, **files: bytes) -> dict[str, bytes]:
    data = {
        **CONF,
        **{name.replace("_", "."): text for name, text in files.items()},
        "Makefile": makefile.encode(),
    }
    tree = Tree({name: File(text) for name, text in data.items()})
    return cross_seeds(tree, FREEBSD, given=given or {}, spawn=120)


def made(command: str, program: str) -> dict[str, bytes]:
    """The seeds of a Makefile that makes x.c with one command."""
    return seeds(
        f"it: x.c\n\nx.c: \\\n{program}\n\t{command}\n\n{program}: {program}.o\n\t./load {program}\n"
    )


@pytest.mark.parametrize(
    ("program", "command", "text"),
    [
        ("auto-str", 'auto_break "`head -1 conf-break`" > x.c', b'char auto_break[] = "\\\n\\055\\\n";\n'),
        (
            "auto-str",
            "a `head -2 conf-users | tail -1` > x.c",
            b'char a[] = "\\\n\\161\\155\\141\\151\\154\\144\\\n";\n',
        ),
        (
            "auto-str",
            'a "`sed -n 2p conf-users`" > x.c',
            b'char a[] = "\\\n\\161\\155\\141\\151\\154\\144\\\n";\n',
        ),
        ("auto-int", "auto_spawn `head -1 conf-spawn` > x.c", b"int auto_spawn = 120;\n"),
        ("auto-int8", "auto_patrn `head -1 conf-patrn` > x.c", b"int auto_patrn = 2;\n"),
    ],
)
def test_constants_are_made_as_the_programs_would(program: str, command: str, text: bytes) -> None:
    assert made(f"./{program} {command}", program) == {"x.c": text}


def test_a_constant_may_be_written_beside_and_moved_into_place() -> None:
    assert made('./auto-int n "`head -n 1 conf-spawn`" > x.c.tmp\n\tmv x.c.tmp x.c', "auto-int") == {
        "x.c": b"int n = 120;\n"
    }


@pytest.mark.parametrize(
    "command",
    [
        "./auto-int n `head -1 conf-qmail` > x.c",  # no number
        "./auto-int n `head -1 conf-absent` > x.c",
        "./auto-int n `cat conf-spawn` > x.c",
        "./auto-int n `head -1 conf-spawn` > y.c",
        "./auto-int n `head -1 conf-spawn` > x.c\n\techo more >> x.c",
        "./auto-str n `head -2 conf-qmail | tail -1` > x.c",  # an empty line is no argument
    ],
)
def test_anything_else_is_refused_with_its_line(command: str) -> None:
    program = command.split(maxsplit=1)[0].removeprefix("./")
    with pytest.raises(BackendError) as error:
        made(command, program)
    assert error.value.what.startswith(f"Makefile:5: to make x.c, ./{program} would be run")
    assert "target output about to be executed on the host (refused)" in error.value.what
    assert '[answers] "x.c" =' in error.value.hint


PROBE = """\
it: hasnew.h prog
hasnew.h: trynew.c
\t( ( ./compile trynew.c \\
\t&& ./load trynew && ./trynew ) >/dev/null 2>&1 \\
\t&& echo yes || exit 0 ) > hasnew.h
prog: load prog.o
\t./load prog
check: it
\t./prog
"""


def test_a_probe_that_nothing_answers_is_refused_even_where_its_output_is_thrown_away() -> None:
    with pytest.raises(BackendError, match=r"Makefile:4: to make hasnew\.h, \./trynew would be run"):
        seeds(PROBE)


def test_the_recipe_may_answer() -> None:
    assert seeds(PROBE, {"hasnew.h": b"#define HASNEW 1\n"}) == {"hasnew.h": b"#define HASNEW 1\n"}


def test_the_known_probes_are_answered_with_assertions() -> None:
    found = seeds(
        "it: uint32.h hasshsgr.h hasnpbg1.h systype\n"
        "uint32.h: tryulong32.c\n\t./load tryulong32 && ./tryulong32 && cat uint32.h2 || cat uint32.h1\n"
        "hasshsgr.h: chkshsgr\n\t./chkshsgr || exit 1\n\t./load tryshsgr && ./tryshsgr\n"
        "chkshsgr: chkshsgr.o\n\t./load chkshsgr\n"
        "hasnpbg1.h: trynpbg1.c\n\t./load trynpbg1 && ./trynpbg1\n"
        "systype: find-systype\n\t./find-systype > systype\n"
    )
    assert found["uint32.h"].startswith(CONF["uint32.h1"] + b"_Static_assert(sizeof(uint32) == 4")
    assert b"_Static_assert(sizeof(gid_t) > sizeof(short)" in found["hasshsgr.h"]
    assert found["hasnpbg1.h"] == b""
    assert found["systype"] == b"freebsd-14.0-release-:arm64-:-:-:-\n"


def test_a_known_probe_that_runs_more_than_is_known_is_refused() -> None:
    with pytest.raises(BackendError, match=r"\./tryother would be run"):
        seeds("it: uint32.h\nuint32.h:\n\t./load tryother && ./tryother > uint32.h\n")


SPAWN = "it: spawn.o\nspawn.o: chkspawn\n\t./chkspawn\n\t./compile spawn.c\nchkspawn: chkspawn.o\n\t./load chkspawn\n"


def test_chkspawn_becomes_an_assertion_of_the_room_in_an_fd_set() -> None:
    found = seeds(SPAWN, chkspawn_c=b'#include "select.h"\n')
    assert found["chkspawn"].startswith(b"#!/bin/sh\n")
    assert found["chkspawn"].endswith(b"exec ./compile proof_spawn.c\n")
    assert b"(sizeof(fd_set) * 8 - 5) / 2 >= 120" in found["proof_spawn.c"]
    assert set(seeds(SPAWN, chkspawn_c=b"int main() {}\n")) == {"chkspawn"}
    with pytest.raises(BackendError, match=r"\./chkspawn would be run"):
        seeds(SPAWN)


def test_what_is_only_installed_or_checked_with_is_not_asked_about() -> None:
    assert seeds("it: prog\nprog: prog.o\n\t./load prog\nsetup: it\n\t./prog\n") == {}


def test_reads_rules_as_make_does() -> None:
    makefile = read_makefile(
        "# a: comment\nSHELL=/bin/sh\nX := a:b\none two: three \\\n four\n\t./load one && \\\n\t./one\nnone:\n"
    )
    assert set(makefile.rules) == {"one", "two", "none"}
    assert makefile.rules["two"].needs == ("three", "four")
    assert makefile.rules["one"].runs == {"load": 6, "one": 7}
    assert makefile.linked == {"one"}
