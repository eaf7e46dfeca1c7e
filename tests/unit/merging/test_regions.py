"""Each way to settle a region, and what it refuses."""

from __future__ import annotations

import pytest

from builder.merging.merged import How
from tests.unit.merging.versions import hows, merged, said, text


def body(before: str = "", check: str = "  check(arg);", after: str = "") -> str:
    """A function with something put in before a call, behind it, or in its place."""
    lines = ["void mail(arg) char *arg;", "{", "  start(arg);", "  step(arg);"]
    lines += [line for line in (before, check, after) if line]
    return "\n".join([*lines, "  step(arg);", "  seen = 1;", "}", ""])


SETTLED = {
    "the same change of both is there once": (
        "mail.c", body(), body(check="  check(arg,1);"), body(check="  check(arg,1);") + "\nint x;\n",
        How.SAME, body(check="  check(arg,1);") + "\nint x;\n",
    ),
    "neighbouring lines": (
        "mail.c", body(), body(before="  log(arg);"), body(check="  if (!known) check(arg);"),
        How.LINES, body(before="  log(arg);", check="  if (!known) check(arg);"),
    ),
    "other tokens of one line": (
        "mail.c", body(), body(check="  check(arg,1);"), body(check="  r = check(arg);"),
        How.TOKENS, body(check="  r = check(arg,1);"),
    ),
    "two blocks at one place, in the order of the series": (
        "mail.c", body(), body(before="  if (bad(arg)) return;"), body(before="  if (late(arg)) { die(); }"),
        How.BOTH_ADDED, body(before="  if (bad(arg)) return;\n  if (late(arg)) { die(); }"),
    ),
    "a condition stays above the statement that it is for": (
        "mail.c", body(), body(before="  if (wanted)"), body(before="  log(arg);"),
        How.BOTH_ADDED, body(before="  log(arg);\n  if (wanted)"),
    ),
    "a condition above a statement that became another single one": (
        "mail.c", body(), body(before="  if (wanted)"), body(check="  if (!known) check(arg);"),
        How.LINES, body(before="  if (wanted)", check="  if (!known) check(arg);"),
    ),
    "a declaration goes before statements": (
        "mail.c", body(), body(before="  log(arg);"), body(before="  int r;\n\n  r = 1;"),
        How.BOTH_ADDED, body(before="  int r;\n\n  log(arg);\n  r = 1;"),
    ),
    "lines put in before a rewritten one are lines put in": (
        "mail.c", body(), body(before="  log(arg);"), body(check="  count();\n  check(arg); checked(arg);"),
        How.BOTH_ADDED, body(before="  log(arg);\n  count();", check="  check(arg); checked(arg);"),
    ),
    "what both count is counted once": (
        "mail.c", body(), body(before="  ++n;\n  log(arg);"), body(before="  n++;"),
        How.BOTH_ADDED, body(before="  ++n;\n  log(arg);"),
    ),
    "includes": (
        "mail.c", '#include "a.h"\n\nint x;\n', '#include "a.h"\n#include "b.h"\n#include "c.h"\n\nint x;\n',
        '#include "a.h"\n#include "c.h"\n#include "d.h"\n\nint x;\n',
        How.LIST, '#include "a.h"\n#include "b.h"\n#include "c.h"\n#include "d.h"\n\nint x;\n',
    ),
    "declarations, of which one side moves some away": (
        "mail.c", "f()\n{\n}\nint one;\nint two;\ng() { }\n", "f()\n{\n}\nint one;\nint new;\nint two;\ng() { }\n",
        "int one;\nint two;\nf()\n{\n}\ng() { }\n",
        How.LIST, "int one;\nint two;\nf()\n{\n}\nint new;\ng() { }\n",
    ),
    "entries of a table of commands": (
        "mail.c", 'struct commands c[] = {\n  { "rcpt", rcpt, 0 }\n, { 0, unimpl, 0 }\n} ;\n',
        'struct commands c[] = {\n  { "rcpt", rcpt, 0 }\n, { "auth", auth, flush }\n, { 0, unimpl, 0 }\n} ;\n',
        'struct commands c[] = {\n  { "rcpt", rcpt, 0 }\n, { "starttls", tls, flush }\n, { 0, unimpl, 0 }\n} ;\n',
        How.LIST,
        ('struct commands c[] = {\n  { "rcpt", rcpt, 0 }\n, { "auth", auth, flush }\n'
         ', { "starttls", tls, flush }\n, { 0, unimpl, 0 }\n} ;\n'),
    ),
    "names of files": (
        "TARGETS", "a.o\nz.o\n", "a.o\nb.o\nc.o\nz.o\n", "a.o\nc.o\nd.o\nz.o\n", How.LIST, "a.o\nb.o\nc.o\nd.o\nz.o\n",
    ),
    "what hier.c installs": (
        "hier.c", 'void hier()\n{\n  c(auto_qmail,"bin","a",1,2,0755);\n}\n',
        'void hier()\n{\n  c(auto_qmail,"bin","a",1,2,0755);\n  c(auto_qmail,"bin","b",1,2,0755);\n}\n',
        'void hier()\n{\n  c(auto_qmail,"bin","a",1,2,0755);\n  c(auto_qmail,"bin","c",1,2,0755);\n}\n',
        How.LIST,
        ('void hier()\n{\n  c(auto_qmail,"bin","a",1,2,0755);\n  c(auto_qmail,"bin","b",1,2,0755);\n'
         '  c(auto_qmail,"bin","c",1,2,0755);\n}\n'),
    ),
    "a function of both, laid out differently, is there once": (
        "mail.c", "int x;\n", "int x;\n\nint f(a) int a;\n{\n  return a + 1;\n}\n\nint g() { return 1; }\n",
        "int x;\n\nint\nf(a)\n\tint a;\n{\n\treturn a + 1;\n}\n\nint h() { return 2; }\n",
        How.FUNCTION,
        "int x;\n\nint f(a) int a;\n{\n  return a + 1;\n}\n\nint g() { return 1; }\n\nint h() { return 2; }\n",
    ),
    "a declaration that one side takes out and the other changes": (
        "mail.c", "int x;\n\nextern char *f();\nextern void g();\n\nint y;\n", "int x;\n\nint y;\n",
        "int x;\n\nextern void *f();\nextern void g();\n\nint y;\n",
        How.LIST, "int x;\n\nextern void *f();\nint y;\n",
    ),
    "a new section of a manual page comes last": (
        "qmail.8", ".TP 5\n.I one\nOne.\n.SH SEE\nx\n", ".TP 5\n.I one\nOne.\n.SH ENV\nE.\n.SH SEE\nx\n",
        ".TP 5\n.I one\nOne.\n.TP 5\n.I two\nTwo.\n.SH SEE\nx\n",
        How.BOTH_ADDED, ".TP 5\n.I one\nOne.\n.TP 5\n.I two\nTwo.\n.SH ENV\nE.\n.SH SEE\nx\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("path", "base", "ours", "theirs", "how", "wanted"), SETTLED.values(), ids=SETTLED)
def test_settled(path: str, base: str, ours: str, theirs: str, how: How, wanted: str) -> None:
    file = merged(path, base, ours, theirs)
    assert file.ok
    assert hows(file) == [how]
    assert said(file) == wanted
    region = file.regions[0]
    assert region.note.endswith(".")
    lines = said(file).encode().splitlines(keepends=True)
    assert tuple(lines[region.merged_start : region.merged_start + len(region.merged)]) == region.merged


@pytest.mark.parametrize("guard", ["if (stop) {", "each (stop) {"])
def test_a_block_in_two_functions_is_no_function_of_both(guard: str) -> None:
    """What both put into a function each is wanted in both, though a block with a head may look like a function."""
    block = f"  {guard}\n    die();\n  }}\n"
    first, second = "void f()\n{\n  a();\n", "  b();\n}\n\nvoid g()\n{\n  c();\n"
    rest = "  d();\n}\n"
    file = merged(
        "mail.c", first + second + rest, first + block + second + rest, first + second + block + rest
    )
    assert file.ok
    assert said(file) == first + block + second + block + rest


DISPUTED = {
    "the same token": ("mail.c", body(), body(check="  check(arg,1);"), body(check="  check(arg,2);")),
    "tokens side by side": ("mail.c", body(), body(check="  check(arg,1);"), body(check="  check(args);")),
    "removed and changed": ("mail.c", body(), body(check=""), body(check="  check(arg,2);")),
    "two conditions for one statement": (
        "mail.c", body(), body(before="  if (a)"), body(before="  if (b)"),
    ),
    "a condition above two statements of the other": (
        "mail.c", body(), body(before="  if (a)"), body(check="  check(arg); more(arg); again(arg);"),
    ),
    "what comes behind a return": ("mail.c", body(), body(before="  return;"), body(before="  log(arg);")),
    "half of a block": ("mail.c", body(), body(before="  while (1) {\n    x();"), body(before="  log(arg);")),
    "half of a condition of the preprocessor": (
        "mail.c", body(), body(before="#ifdef A\n  x();"), body(before="  log(arg);"),
    ),
    "an else": ("mail.c", body(), body(before="  else x();"), body(before="  log(arg);")),
    "part of an expression": ("mail.c", body(), body(before="  x("), body(before="  y(")),
    "a function defined twice": (
        "mail.c", "int x;\n", "int x;\n\nint f() { return 1; }\n", "int x;\n\nint f() { return 2; }\n",
    ),
    "a variable removed by one side and changed by the other": (
        "mail.c", "int a;\nint one;\nint two;\nint b;\n", "int a;\nint b;\n", "int a;\nlong one;\nint two;\nint b;\n",
    ),
    "an entry replaced by each side": ("TARGETS", "a.o\nb.o\nz.o\n", "a.o\nleft.o\nz.o\n", "a.o\nright.o\nz.o\n"),
    "an entry replaced by one side and removed by the other": (
        "TARGETS", "a.o\nb.o\nz.o\n", "a.o\nleft.o\nz.o\n", "a.o\nz.o\n",
    ),
    "an include removed by one side and replaced, with more of them, by the other": (
        "mail.c", '#include "a.h"\n#include "b.h"\n\nint x;\n', '#include "a.h"\n\nint x;\n',
        '#include "a.h"\n#include "c.h"\n#include "d.h"\n\nint x;\n',
    ),
    "a declaration changed by each side": (
        "mail.c", "extern char *f();\nint x;\n", "extern void *f();\nint x;\n", "extern int f();\nint x;\n",
    ),
    "places of conf-users": ("conf-users", "alias\nqmaild\n", "alias\nqmaild\nx\n", "alias\nqmaild\ny\n"),
    "a continued line": ("run.sh", "a \\\nb\n", "a \\\nx \\\nb\n", "a \\\ny \\\nb\n"),
}  # fmt: skip


@pytest.mark.parametrize(("path", "base", "ours", "theirs"), DISPUTED.values(), ids=DISPUTED)
def test_in_dispute(path: str, base: str, ours: str, theirs: str) -> None:
    file = merged(path, base, ours, theirs)
    assert How.CONFLICT in hows(file)
    assert not file.ok


def test_markers() -> None:
    file = merged("a.txt", "one\ntwo\nthree\n", "one\n2\nthree\n", "one\nzwei\nthree\n")
    assert said(file) == ("one\n<<<<<<< ours\n2\n||||||| base\ntwo\n=======\nzwei\n>>>>>>> theirs\nthree\n")


def test_a_call_follows_the_statement_that_the_other_side_moved() -> None:
    base = text(
        """
        void out(s) char *s; { write(s); }

        void data()
        {
          read();
          if (size) if (!left) { out("552 too big"); return; }
          done();
        }
        """
    ).decode()
    extracted = base.replace('out("552 too big");', "too_big();").replace(
        "\nvoid data", '\nvoid too_big() { out("552 too big"); }\nvoid data'
    )
    moved = base.replace('out("552 too big");', "err_size();").replace(
        "\nvoid data", '\nvoid err_size()\n{\n  log("size");\n  out("552 too big");\n}\nvoid data'
    )
    file = merged("data.c", base, extracted, moved)
    assert file.ok
    assert How.MOVED in hows(file)
    assert (
        'void too_big() { out("552 too big"); }\nvoid err_size()\n{\n  log("size");\n  too_big();\n}'
        in said(file)
    )
    assert "{ err_size(); return; }" in said(file)
    # The other way round the function would be used above its definition.
    assert not merged("data.c", base, moved, extracted).ok
