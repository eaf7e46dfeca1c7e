"""What a compiler said: counted per file and per patch, errors with the lines around them."""

from __future__ import annotations

from builder.compiling.messages import count_warnings, explain, read_messages
from builder.patching.findings import Owner
from builder.sources.tree import File, Tree

LOG = b"""./compile a.c
a.c:2:5: warning: unused variable 'x' [-Wunused-variable]
a.c:3:1: error: expected ';' before '}' token
In file included from a.c:1:
a.h:1:1: warning: odd [-Wodd]
./a.c:9: warning: no column here
make: *** [Makefile:1: a.o] Error 1
"""
OWNER = Owner(patch="tls", hunk=4)


def owner_of(path: str, line: int) -> Owner | None:
    return OWNER if (path, line) in (("a.c", 2), ("a.c", 3)) else None


def test_warnings_are_counted_by_file_and_by_patch() -> None:
    warnings = count_warnings(list(read_messages(LOG, owner_of)))
    assert warnings.total == 3
    assert warnings.by_file == {"a.c": 2, "a.h": 1}
    assert warnings.by_patch == {"": 2, "tls": 1}


def test_an_error_is_shown_with_its_lines_and_the_patch_that_wrote_them() -> None:
    (error,) = [message for message in read_messages(LOG, owner_of) if message.kind == "error"]
    tree = Tree({"a.c": File(b"one\ntwo\nthree\nfour\n")})
    assert explain(error, tree) == (
        "a.c:3: expected ';' before '}' token\n"
        "  (the line is from hunk 4 of tls)\n"
        "       1  one\n"
        "       2  two\n"
        "  >    3  three\n"
        "       4  four"
    )
