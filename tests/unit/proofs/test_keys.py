"""The digests of objects: the same where nothing that matters differs, and only there."""

from __future__ import annotations

import pytest

from builder.proofs.keys import Keys
from builder.proofs.makefile import read_makefile

FILES = {
    "Makefile": b"it: \\\nprog\n\nprog: load a.o b.o\n\t./load prog b.o\n\n"
    b"a.o: \\\ncompile a.c made.h\n\t./compile a.c\n\nb.o: compile b.c\n\t./compile b.c\n\n"
    b"made.h: compile try.c\n\t( ./compile try.c && cat made.h2 || cat made.h1 ) > made.h\n\n"
    b"compile: conf-cc\n\thead -1 conf-cc > compile\n\nload: conf-cc\n\thead -1 conf-cc > load\n",
    "a.c": b'#include <stdio.h>\n#include "a.h"\nint a;\n',
    "a.h": b' # include "deep.h"\n#include "made.h"\n',
    "deep.h": b"int deep;\n",
    "b.c": b"int b;\n",
    "try.c": b"int main() { return 0; }\n",
    "made.h1": b"1\n",
    "made.h2": b"2\n",
    "conf-cc": b"cc -O2\n",
    "README": b"words\n",
}


def keys(**changes: bytes | None) -> dict[str, str]:
    named = {name.replace("__", "."): data for name, data in changes.items()}
    files = {name: data for name, data in {**FILES, **named}.items() if data is not None}
    return dict(Keys(files, given=frozenset(), toolchain="cc 1").objects())


def differing(**changes: bytes | None) -> set[str]:
    """The objects that these changes concern, including those that then have no digest."""
    before, after = keys(), keys(**changes)
    return {name for name in ("a.o", "b.o") if before[name] != after.get(name)}


def test_every_object_has_a_digest() -> None:
    assert set(keys()) == {"a.o", "b.o"}


@pytest.mark.parametrize(
    ("changed", "data", "concerned"),
    [
        ("README", b"other", set()),
        ("b__c", b"int c;\n", {"b.o"}),
        ("deep__h", b"int d;\n", {"a.o"}),  # included by an include, and not named in the Makefile
        ("made__h1", b"3\n", {"a.o"}),  # what a generated header is made of
        ("try__c", b"int main() { return 1; }\n", {"a.o"}),
        ("stdio__h", b"int s;\n", {"a.o"}),  # a file of the tree that may now be meant by <stdio.h>
    ],
)
def test_a_change_concerns_what_includes_it(changed: str, data: bytes, concerned: set[str]) -> None:
    assert differing(**{changed: data}) == concerned


def test_the_compiler_s_flags_concern_everything() -> None:
    flags = dict(Keys({**FILES, "conf-cc": b"cc -O0\n"}, given=frozenset(), toolchain="cc 1").objects())
    other = dict(Keys(FILES, given=frozenset(), toolchain="cc 2").objects())
    for name, key in keys().items():
        assert len({key, flags[name], other[name]}) == 3


@pytest.mark.parametrize(
    "data",
    [
        b"#define H <a.h>\n#include H\n",
        b'#if __has_include("a.h")\n#endif\n',
        b'#include "sub/gone.h"\n#embed "x"\n',
    ],
)
def test_what_cannot_be_followed_has_no_digest(data: bytes) -> None:
    assert set(keys(b__c=data)) == {"a.o"}


def test_a_rule_with_variables_or_a_missing_prerequisite_has_no_digest() -> None:
    makefile = FILES["Makefile"].decode()
    for rule in (
        "b.o: compile b.c\n\t./compile $(FLAGS) b.c\n",
        "b.o: compile b.c gone.h\n\t./compile b.c\n",
    ):
        changed = makefile.replace("b.o: compile b.c\n\t./compile b.c\n", rule)
        assert set(keys(Makefile=changed.encode())) == {"a.o"}


def test_a_generated_header_that_the_makefile_does_not_name_has_no_digest() -> None:
    """Whether it is there when the object is made depends on the order: let make find out."""
    assert set(keys(b__c=b'#include "made.h"\n')) == {"a.o"}


def test_rules_are_read_as_make_reads_them() -> None:
    makefile = read_makefile(
        b"X = 1\na b: c \\\n d; echo\n\techo $@ \\\n\tmore\na: e\n# no: rule\nif: x\n\tx:=1\n"
    )
    assert makefile.rules["a"].needs == ("c", "d", "e")
    assert makefile.rules["a"].recipe == ("echo", "echo $@  \tmore")
    assert makefile.rules["b"].needs == ("c", "d")
    assert makefile.rest == ("X = 1",)
    assert set(makefile.rules) == {"a", "b", "if"}
