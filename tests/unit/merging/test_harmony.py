"""What merges line by line and is wrong all the same is a conflict."""

from __future__ import annotations

import pytest

from builder.merging.dispute import Kind
from builder.merging.edits import lines_of, side_of
from builder.merging.harmony import Merge, broken
from builder.merging.merged import How, Region
from tests.unit.merging.versions import merged, said

BASE = """
    int one;
    int two;

    void fail(s) char *s; { out(s); }

    void first()
    {
      switch(one) {
        case 1: break;
        case 2: break;
      }
      start();
      end();
    }

    void second()
    {
      two = 2;
      done();
    }
    """


def changed(*pairs: tuple[str, str]) -> str:
    """The base with some lines put in the place of others."""
    result = BASE
    for old, new in pairs:
        assert old in result
        result = result.replace(old, new, 1)
    return result


DISCORD = {
    "a function of different bodies": (
        changed(("    int one;", "    int f() { return 1; }\n    int one;")),
        changed(("    void second", "    int f() { return 2; }\n    void second")),
        "Both sides define f, in different places or ways.",
    ),
    "a variable of different types": (
        changed(("    int one;", "    char *protocol;\n    int one;")),
        changed(("    void second", '    static char *protocol = "SMTP";\n    void second')),
        "Both sides define protocol, in different places or ways.",
    ),
    "a variable that both use for themselves": (
        changed(("    int one;", "    int flag;\n    int one;"), ("start();", "start(); flag = 1;")),
        changed(("    void second", "    int flag;\n    void second"), ("done();", "done(); flag = 2;")),
        "Both sides define flag, in different places or ways.",
    ),
    "a macro": (
        changed(("    int one;", "    #define MAX 1\n    int one;")),
        changed(("    void second", "    #define MAX 2\n    void second")),
        "Both sides define MAX, in different places or ways.",
    ),
    "a call as it was": (
        changed(("void fail(s) char *s; {", "void fail(s,n) char *s; int n; {")),
        changed(("      done();", '      fail("x");\n      done();')),
        "ours changes the parameters of fail(), theirs calls it as it was.",
    ),
    "a use of what is gone": (
        changed(("    int two;\n", ""), ("      two = 2;\n", "")),
        changed(("      start();", "      start(two);")),
        "ours removes two, theirs uses it at a new place.",
    ),
    "a case": (
        changed(("        case 1: break;\n", "        case 1: break;\n        case 7: break;\n")),
        changed(("        case 2: break;\n", "        case 2: break;\n        case 7: start(); break;\n")),
        "Both sides add the case 7 to first().",
    ),
    "a local variable": (
        changed(("      switch", "      int r;\n      switch")),
        changed(("      end();", "      int r;\n      end();")),
        "Both sides declare r in first().",
    ),
}


@pytest.mark.parametrize(("ours", "theirs", "conflict"), DISCORD.values(), ids=DISCORD)
def test_discord(ours: str, theirs: str, conflict: str) -> None:
    file = merged("a.c", BASE, ours, theirs)
    assert file.conflict == conflict
    assert not file.ok


def test_the_same_name_in_two_functions_is_no_matter() -> None:
    ours = changed(("      switch", "      int r;\n      switch"))
    theirs = changed(("      two = 2", "      int r;\n      two = 2"))
    assert merged("a.c", BASE, ours, theirs).ok


def test_a_variable_that_one_side_only_uses_as_the_other_does() -> None:
    ours = changed(
        ("    int one;", "    int count;\n    int one;"),
        ("      end();", "      ++count;\n      log(count);\n      end();"),
    )
    theirs = changed(
        ("    void second", "    int count = 0;\n    void second"),
        ("      end();", "      count++;\n      end();"),
    )
    file = merged("a.c", BASE, ours, theirs)
    assert file.ok
    assert said(file).count("++") == 1


def test_a_function_of_the_same_body_at_two_places_is_there_once() -> None:
    ours = changed(("    int one;", "    int f()\n    {\n      return 1;\n    }\n    int one;"))
    theirs = changed(("    void second", "    int f() { return 1; }\n\n    void second"))
    file = merged("a.c", BASE, ours, theirs)
    assert file.ok
    assert said(file).count("return 1") == 1


def test_a_call_that_suits_the_new_parameters() -> None:
    ours = changed(("void fail(s) char *s; {", "void fail(s,n) char *s; int n; {"))
    theirs = changed(("      done();", '      fail("x",f(1,2));\n      done();'))
    assert merged("a.c", BASE, ours, theirs).ok


def test_tables_and_installed_files() -> None:
    base = 'struct commands c[] = {\n  { "a", a, 0 }\n, { "b", b, 0 }\n, { 0, x, 0 }\n} ;\n'
    ours = base.replace(', { "b"', ', { "auth", one, 0 }\n, { "b"')
    theirs = base.replace(", { 0", ', { "auth", two, 0 }\n, { 0')
    file = merged("c.c", base, ours, theirs)
    assert file.conflict == 'Both sides add an entry "auth" to a list, in different places or ways.'


def test_a_variable_of_two_types_is_a_conflict_however_it_is_used() -> None:
    ours = changed(
        ("    int one;", "    long count;\n    int one;"),
        ("      end();", "      ++count;\n      log(count);\n      end();"),
    )
    theirs = changed(
        ("    void second", "    int count = 0;\n    void second"),
        ("      end();", "      count++;\n      end();"),
    )
    assert (
        merged("a.c", BASE, ours, theirs).conflict == "Both sides define count, in different places or ways."
    )


def test_blocks_that_overlap_are_a_conflict() -> None:
    """Each side puts a block round two of three lines, and no line is touched by both."""
    base = "void f()\n{\n  one();\n  a();\n  two();\n  b();\n  three();\n}\n"
    ours = base.replace("  one();", "  if (x) {\n  one();").replace("  two();", "  two();\n  }")
    theirs = base.replace("  two();", "  if (y) {\n  two();").replace("  three();", "  three();\n  }")
    apart = base.replace("  three();", "  if (y) {\n  three();\n  }")
    assert merged("a.c", base, ours, theirs).conflict.startswith("A block of ours and one of theirs overlap")
    assert merged("a.c", base, ours, apart).ok


def test_an_else_below_what_the_other_side_made_of_the_if_is_a_conflict() -> None:
    base = changed(("      done();", "      if (two) done();"))
    ours = base.replace("if (two) done", "while (two) done")
    theirs = base.replace("done();", "done();\n      else start();")
    assert not merged("a.c", base, ours, theirs).ok
    assert merged("a.c", base, base.replace("two = 2", "two = 3"), theirs).ok


def test_what_is_no_c_together_is_found() -> None:
    sides = [b"void f()\n{\n  one();\n  two(1);\n}\n", b"void f()\n{\n  one();\n  two(2);\n}\n"]
    base = lines_of(b"void f()\n{\n  one();\n  two();\n}\n")
    for merged_line, found in ((b"  two(1,2);\n", frozenset[int]()), (b"  two((1,2;\n", frozenset({3}))):
        region = Region(
            how=How.TOKENS,
            function="f",
            base_start=3,
            merged_start=3,
            base=base[3:4],
            ours=(b"  two(1);\n",),
            theirs=(b"  two(2);\n",),
            merged=(merged_line,),
            note="",
        )
        ours, theirs = (side_of(b"".join(base), side) for side in sides)
        merge = Merge(
            kind=Kind.C,
            ours=ours,
            theirs=theirs,
            merged=(*base[:3], merged_line, *base[4:]),
            regions=[region],
            names=("ours", "theirs"),
        )
        assert broken(merge) == found
