"""Makefiles are merged as lists of words."""

from __future__ import annotations

from builder.merging.merged import How
from tests.unit.merging.versions import hows, merged, said, text

RULE = text(
    """
    prog: \\
    load prog.o one.o two.o \\
    three.a
    \t./load prog one.o two.o \\
    \tthree.a `cat socket.lib`

    prog.o: \\
    compile prog.c
    \t./compile prog.c
    """
).decode()


def test_objects_of_both_however_the_lines_are_broken() -> None:
    ours = RULE.replace("two.o", "two.o base64.o")
    theirs = RULE.replace("three.a `cat socket.lib`", "three.a str.a `cat \\\n\tsocket.lib`").replace(
        "three.a\n", "three.a spf.o\n"
    )
    file = merged("Makefile", RULE, ours, theirs)
    assert file.ok
    assert hows(file) == [How.LIST]
    assert "load prog.o one.o two.o base64.o \\\nthree.a spf.o\n" in said(file)
    assert "\t./load prog one.o two.o base64.o \\\n\tthree.a str.a `cat \\\n\tsocket.lib`\n" in said(file)


def test_a_word_of_both_is_there_once_and_a_removed_one_is_gone() -> None:
    ours = RULE.replace("two.o \\\nthree.a\n", "two.o new.o a.o \\\nthree.a\n")
    theirs = RULE.replace("two.o \\\nthree.a\n", "two.o b.o new.o\n")
    file = merged("Makefile", RULE, ours, theirs)
    assert file.ok
    assert "load prog.o one.o two.o new.o a.o b.o\n" in said(file)


def test_a_word_that_one_side_removes_and_the_other_replaces_is_a_conflict() -> None:
    for change in ("other.o", "other.o more.o"):
        ours, theirs = RULE.replace(" two.o", f" {change}"), RULE.replace(" two.o", "")
        assert hows(merged("Makefile", RULE, ours, theirs)) == [How.CONFLICT]
        assert hows(merged("Makefile", RULE, theirs, ours)) == [How.CONFLICT]


def test_a_long_line_is_broken() -> None:
    name = "a_rather_long_name_of_an_object_that_is_linked.o"
    ours = RULE.replace("three.a\n", f"three.a {name}\n")
    theirs = RULE.replace("three.a\n", f"three.a other_{name}\n")
    assert f"three.a {name} \\\nother_{name}\n" in said(merged("Makefile", RULE, ours, theirs))


def test_rules_of_both() -> None:
    file = merged("Makefile", RULE, RULE + "a: \\\nb\n", RULE + "c: \\\nd\n")
    assert hows(file) == [How.BOTH_ADDED]
    assert said(file).endswith("a: \\\nb\nc: \\\nd\n")


def test_two_rules_for_one_target_are_a_conflict() -> None:
    file = merged("Makefile", RULE, RULE + "a: \\\nb\n", RULE + "a: \\\nd\n")
    assert not file.ok
    apart = merged("Makefile", RULE, "a: x\n\n" + RULE, RULE + "a: y\n")
    assert apart.conflict == "Both sides add a rule for a, in different places or ways."


def test_an_equal_rule_at_another_place_is_there_once() -> None:
    rule = "a.o: \\\ncompile a.c\n\t./compile a.c\n"
    file = merged("Makefile", RULE, rule + "\n" + RULE, RULE + "\n" + rule)
    assert file.ok
    assert said(file).count("./compile a.c") == 1


def test_commands_that_are_no_lists_stay_in_dispute() -> None:
    base = "a: b\n\tsed s/1/2/ b > a\n"
    assert not merged("Makefile", base, base.replace("1", "3"), base.replace("2", "4")).ok


PROGRAMS = "".join(f"p{n}: \\\nload ip.o x{n}.o\n\t./load p{n} ip.o x{n}.o\n\n" for n in range(3))


def test_an_object_that_goes_with_another_everywhere_goes_with_it_in_new_rules() -> None:
    ours = PROGRAMS.replace("ip.o", "ip.o strs.o")
    theirs = PROGRAMS + "new: \\\nload ip.o new.o\n\t./load new \\\n\tip.o new.o\n"
    for file in (
        merged("Makefile", PROGRAMS, ours, theirs),
        merged("Makefile", PROGRAMS, theirs, ours),
    ):
        assert file.ok
        assert hows(file) == [How.CARRIED, How.CARRIED]
        assert "load ip.o strs.o new.o\n\t./load new \\\n\tip.o strs.o new.o\n" in said(file)


def test_an_object_that_goes_with_another_only_sometimes_does_not() -> None:
    ours = PROGRAMS.replace("ip.o x0", "ip.o strs.o x0").replace("ip.o x1", "ip.o strs.o x1")
    theirs = PROGRAMS + "new: \\\nload ip.o new.o\n"
    assert "load ip.o new.o\n" in said(merged("Makefile", PROGRAMS, ours, theirs))


def test_a_rule_that_one_side_removes_and_the_other_changes_is_a_conflict() -> None:
    ours = RULE[: RULE.index("prog.o: ")]
    theirs = RULE.replace("compile prog.c\n\t", "compile prog.c str.h\n\t")
    assert not merged("Makefile", RULE, ours, theirs).ok
    assert not merged("Makefile", RULE, theirs, ours).ok
    # The same within one region: the rule goes, and a list of it gets another word.
    assert not merged(
        "Makefile", RULE, "prog.o: a\n", RULE.replace("two.o", "2.o").replace("prog.c", "p.c")
    ).ok
