"""Which function a line is in, and whether a hunk landed in another one than it came from."""

from __future__ import annotations

import difflib

import pytest

from builder.patching.c_file import CFile
from builder.patching.functions import around, enclosing, functions, inside
from builder.patching.lines import LineIndex, split_lines
from builder.patching.moved import Move, moved
from builder.patching.parse import parse
from builder.patching.patch import Hunk
from builder.patching.place import find

FILLER = [f"int option{number} = {number};\n" for number in range(130)]

ADDRESS = """\
int addrparse(arg)
char *arg;
{
  int i;
  char ch;
  int pos;

  pos = 0;
  for (i = 0;(ch = arg[i]);++i)
    if (ch == '<') pos = i + 1;
  return pos;
}
"""

AUTH = """\
int auth_login(arg)
char *arg;
{
  char *user;
  int status;
  int pos;

  if (!authd) return 0;
  status = challenge(arg);
  return status;
}
"""

MAIN = """\
void main(argc,argv)
int argc;
char **argv;
{
  setup();
  greet();
  serve(argv);
}
"""


def c_file(lines: list[bytes]) -> CFile:
    return CFile(LineIndex(lines))


def lines_of(text: str) -> list[bytes]:
    return split_lines(text.encode())


def hunks(old: str, new: str, head: str = "") -> list[Hunk]:
    """The hunks of the difference, the first with `head` behind its second @@."""
    diff = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), "a/d.c", "b/d.c"
    )
    text = "".join(diff).replace(" @@\n", f" @@ {head}\n" if head else " @@\n", 1)
    return list(parse("p", text.encode()).files[0].hunks)


def judged(hunk: Hunk, before: str, original: str, fuzz: int = 0) -> Move | None:
    lines = lines_of(before)
    found = find(lines, hunk, guess=hunk.old_start - 1, floor=0, fuzz=fuzz)
    assert found is not None
    return moved(c_file(lines), hunk.old_start - 1, found.start, hunk, c_file(lines_of(original)))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("int f(void)\n{\n}\n", ["f"]),
        ("static char *\nf(a,b)\nint a;\nchar *b;\n{\n  return b;\n}\n", ["f"]),
        ("char *f(n)\nunsigned int n;\n{\n  return 0;\n}\n", ["f"]),
        ("main()\n{\n  f();\n}\n", ["main"]),
        ("void die() { _exit(1); }\nvoid dead() { die(); }\n", ["die", "dead"]),
        ("struct a\n{\n  int b;\n};\nint c[] =\n{\n  1\n};\n", []),
        ("#define F(x) { x }\nint f(x) int x; { return x; }\n", ["f"]),
        ("int f()\n{\n  if (a) {\n    g();\n}\n\nint h()\n{\n}\n", ["f", "h"]),
        ('/* int g() { */\nint f()\n{\n  puts("}");\n}\nint h()\n{\n}\n', ["f", "h"]),
        (
            "int f()\n{\n#ifdef A\n  if (a) {\n#else\n  if (b) {\n#endif\n  }\n}\n\nint g()\n{\n}\n",
            ["f", "g"],
        ),
        ("int f(a)\nint a;   /* why */\n\n{\n}\n", ["f"]),
        ("int f(read)\nint (*read)();\n{\n}\nint (*g())()\n{\n}\n", ["f", "g"]),
        ("int f()\n{\n  x(); } int g() {\n  y();\n}\n", ["f", "g"]),
        ("char *a = {0};\nint b[] = {1};\nint f()\n{\n  int c[] = {2};\n}\n", ["f"]),
        ("struct a { int (*b)(); };\nint f(a)\nint a;\n{\n  x(')');\n}\n", ["f"]),
        ("#ifdef A\nint f()\n{\n}\n#endif\nint g()\n{\n}\n", ["f", "g"]),
        ("int f(a,b) int a; int b; {\n}\nvoid\ng(void)\n{\n}\n", ["f", "g"]),
        ("#if A\nint f(a) {\n#else\nint f() {\n#endif\n  x();\n}\n\nint g()\n{\n}", ["f", "g"]),
        ("", []),
        ("\xff\xfe\x00 no C {{{", []),
    ],
)
def test_functions_are_found_in_every_style(text: str, names: list[str]) -> None:
    assert [function.name for function in functions(text.encode("latin-1"))] == names


def test_a_function_is_its_head_its_parameters_and_its_body() -> None:
    text = ("int x;\n\n" + MAIN + "int y;\n").encode()
    assert [enclosing(text, index) for index in range(12)] == ["", "", *["main"] * 8, "", ""]


def test_what_is_no_c_in_one_function_takes_nothing_from_the_others() -> None:
    """As substdi.c has it, where a pointer to a function is a parameter of an old head."""
    old = "static int once(op,fd)\nregister int (*op)();\nint fd;\n{\n  return op(fd);\n}\n"
    broken = "int g()\n{\n  for (;;) {\n    x(;\n}\n"
    text = (broken + old + MAIN).encode()
    found = functions(text)
    assert [function.name for function in found] == ["g", "once", "main"]
    lines = text.split(b"\n")
    assert [lines[function.first].partition(b"(")[0] for function in found] == [
        b"int g",
        b"static int once",
        b"void main",
    ]
    assert all(lines[function.last] == b"}" for function in found)


def test_asked_for_one_place_it_says_the_same_as_of_the_whole_file() -> None:
    text = ("int x;\n" + ADDRESS + "\n#ifdef A\n" + AUTH + "#endif\n" + MAIN + "int y;\n").encode()
    known = functions(text)
    for before in range(-1, text.count(b"\n") + 2):
        for after in range(max(before, 0), before + 20):
            assert around(text, before, after) == inside(known, before, after)


def test_the_heading_is_the_last_line_that_begins_a_name_as_diff_sees_it() -> None:
    lines = lines_of(ADDRESS + "\n" + MAIN)
    assert c_file(lines).heading(5) == b"char *arg;"
    assert c_file(lines).heading(13) == b"char *arg;"
    assert c_file(lines).heading(14) == b"void main(argc,argv)"
    assert c_file(lines).heading(0) == b""


def test_deep_nesting_and_huge_files_are_no_error() -> None:
    assert functions(b"int f() " + b"{" * 20000) == (functions(b"int f() " + b"{" * 20000))
    assert functions(b"x" * (2 << 20)) == ()
    assert len(functions(b"int f()\n{\n}\n" * 5000)) == 5000


FORCED = AUTH.replace("  int pos;\n", "  int pos;\n  if (forced && !secure) return need_tls();\n")


@pytest.mark.parametrize(
    "head", ["", "int auth_login(arg)", 'void need_auth(arg) char *arg; { out("503"); }', "char *arg;"]
)
def test_a_check_for_the_auth_function_that_lands_in_addrparse_is_misplaced(head: str) -> None:
    """As a real patch does it on stock netqmail: made for a file with AUTH and TLS in it, it lands 586 lines early."""
    stock = "".join(FILLER) + "\n" * 8 + ADDRESS + "\n" + MAIN
    rich = "".join(FILLER) + "\n" * 594 + AUTH + "\n" + MAIN
    (hunk,) = hunks(rich, rich.replace(AUTH, FORCED), head)
    lines = lines_of(stock)
    found = find(lines, hunk, guess=hunk.old_start - 1, floor=0, fuzz=2)
    assert found is not None
    assert (found.fuzz, found.start - (hunk.old_start - 1)) == (2, -586)
    move = moved(c_file(lines), hunk.old_start - 1, found.start, hunk, c_file(lines))
    assert move is not None
    assert move.landed == "addrparse"


def test_the_expected_function_is_told_where_the_hunk_or_its_heading_names_it() -> None:
    stock = ADDRESS + "\n" + MAIN
    rich = AUTH + "\n" + ADDRESS + "\n" + MAIN
    (hunk,) = hunks(rich, rich.replace(AUTH, FORCED), "int auth_login(arg)")
    assert judged(hunk, stock, stock, fuzz=3) == Move(expected="auth_login", landed="addrparse")


def test_lines_that_moved_a_whole_function_are_no_misplacement() -> None:
    base = ADDRESS + "\n" + AUTH + "\n" + MAIN
    (hunk,) = hunks(base, base.replace("  status =", "  log(arg);\n  status ="), "char *arg;")
    assert judged(hunk, AUTH.replace("auth_login", "other") + base, base) is None
    assert judged(hunk, "int more;\n" * 500 + base, base) is None


def test_a_heading_names_the_function_before_a_hunk_that_begins_in_front_of_a_head() -> None:
    base = ADDRESS + "\n" + AUTH + "\n" + MAIN
    hunk = hunks(
        base, base.replace("int auth_login(arg)\n", "int tries;\n\nint auth_login(arg)\n"), "char *arg;"
    )[0]
    assert judged(hunk, "int more;\n" * 9 + base, base) is None
    (hunk,) = hunks(base, base.replace("  setup();\n", "  setup();\n  log();\n"), "int auth_login(arg)")
    assert judged(hunk, "int more;\n" * 9 + base, base) is None


def test_a_function_put_in_before_the_hunk_is_no_misplacement_though_the_heading_differs() -> None:
    base = ADDRESS + "\n\n\nint tries;\nint limit;\n\n" + MAIN
    (hunk,) = hunks(base, base.replace("int limit;\n", "int limit;\nint left;\n"), "int addrparse(arg)")
    grown = base.replace("\n\n\nint tries", "\n" + AUTH + "\n\nint tries", 1)
    assert judged(hunk, grown, base, fuzz=1) is None


def test_a_renamed_function_is_the_same_function() -> None:
    base = ADDRESS + "\n" + AUTH + "\n" + MAIN
    (hunk,) = hunks(base, base.replace("  status =", "  log(arg);\n  status ="))
    assert judged(hunk, "int more;\n" + base.replace("auth_login", "auth_any"), base) is None


def test_a_block_that_two_functions_share_belongs_to_the_one_in_the_base() -> None:
    block = "  a();\n  b();\n  c();\n  d();\n  e();\n  f();\n"
    one, two = (
        f"void one()\n{{\n  int i;\n{block}  x();\n}}\n\n",
        f"void two()\n{{\n  int i;\n{block}  y();\n}}\n\n",
    )
    base = two + one
    (hunk,) = hunks(base, base.replace(one, one.replace("  c();\n", "  c();\n  new();\n")), "void one()")
    changed = two + one.replace("  b();\n", "  bb();\n")
    move = judged(hunk, changed, base)
    assert move == Move(expected="one", landed="two")


def test_a_far_place_without_any_witness_is_believed_if_only_one_place_matches() -> None:
    base = ADDRESS + "\n" + AUTH + "\n" + MAIN
    other = "int more;\n" * 40 + base
    (hunk,) = hunks(other, other.replace("  status =", "  log(arg);\n  status ="))
    assert judged(hunk, base, base) is None
