"""Why hunks fail: the verdict, who is in the way, where it comes closest, and what to do next."""

from __future__ import annotations

import difflib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from builder.patching.apply import apply
from builder.patching.diagnose import Background, Diagnosis, Difference, Verdict, diagnose, explain
from builder.patching.findings import Owner
from builder.patching.parse import parse
from builder.patching.patch import Patch
from builder.recipes.again import Again
from builder.recipes.model import ApplyPolicy
from builder.sources.tree import File, Tree

DAEMON = """\
#include "auth.h"
#include "exit.h"

int flagauth = 0;

void die_read() { _exit(1); }

void greet(host)
char *host;
{
  out("220 ");
  out(host);
  out(" ESMTP\\r\\n");
  flush();
}

int addrparse(arg)
char *arg;
{
  int i;
  char ch;

  for (i = 0;(ch = arg[i]);++i)
    if (ch == '<') return i + 1;
  return 0;
}

void quit()
{
  out("221 bye\\r\\n");
  flush();
  _exit(0);
}
"""


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


def patch(
    name: str, old: str, new: str, path: str = "smtpd.c", *, prefix: tuple[str, str] = ("a/", "b/")
) -> Patch:
    lines = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), prefix[0] + path, prefix[1] + path
    )
    return parse(name, "".join(lines).encode())


def tree(text: str = DAEMON, path: str = "smtpd.c", **others: str) -> Tree:
    files = {path: text, **{name.replace("_", "."): other for name, other in others.items()}}
    return Tree({name: File(data.encode()) for name, data in files.items()})


@dataclass(frozen=True, kw_only=True)
class Case:
    """A series that fails at its last patch, and what is to be said of it."""

    series: tuple[Patch, ...]
    verdict: Verdict
    detail: str
    next_command: str
    base: Tree = field(default_factory=tree)
    bases: Mapping[str, Tree] = field(default_factory=dict)
    known: Mapping[str, Patch] = field(default_factory=dict)
    policy: ApplyPolicy = field(default_factory=ApplyPolicy)
    reverse: bool = False
    owner: Owner | None = None
    difference: Difference | None = None


def found(case: Case) -> tuple[Diagnosis, ...]:
    applied = apply(case.base, case.series, case.policy, reverse=case.reverse)
    background = Background(
        tree=case.base,
        base="here",
        series=case.series,
        reverse=case.reverse,
        bases=case.bases,
        known=case.known,
        again=Again(series=("--recipe", "mine")),
    )
    return diagnose(applied.rejects, background)


BYE = changed(DAEMON, "221 bye", "221 goodbye")
LOUD = changed(DAEMON, "221 bye", "221 BYE")
LOGGED = changed(DAEMON, '  out(" ESMTP\\r\\n");\n', '  out(" ESMTP\\r\\n");\n  log(host);\n')
NAMED = changed(DAEMON, "  out(host);\n", '  out(host ? host : "unknown");\n')
COUNTED = changed(DAEMON, "char *arg;\n{\n  int i;\n", "char *arg;\n{\n  int i;\n  int count;\n")
COUNTING = changed(COUNTED, "  int count;\n", "  int count;\n  int errors;\n")
MOVED = "int more;\n" * 60 + DAEMON
NEWER = (
    DAEMON.replace('"220 "', '"220-"')
    .replace('" ESMTP', '" ESMTP notqmail')
    .replace("  flush();\n}\n\nint", "  flush();\n  rest();\n}\n\nint")
)
TABBED = DAEMON.replace('  out("221', '\tout("221').replace("  flush();\n  _exit", "\tflush();\n\t_exit")
STAMPS = b"--- a/smtpd.c\t2020-05-05 10:00:00\n+++ b/smtpd.c\t2019-01-01 10:00:00\n"

RENAME_AND_CHANGE = (
    b"diff --git a/tls.c b/ssl.c\nrename from tls.c\nrename to ssl.c\n"
    b"--- a/tls.c\n+++ b/ssl.c\n@@ -1 +1 @@\n-x\n+y\n"
)

CASES = {
    "already applied by an earlier patch": Case(
        series=(patch("one", DAEMON, BYE), patch("two", DAEMON, BYE)),
        verdict=Verdict.ALREADY_APPLIED,
        detail="its change is there already, from hunk 1 of one",
        next_command="./inv explain two --hunk 1 --recipe mine",
        owner=Owner(patch="one", hunk=1),
    ),
    "already applied in the base": Case(
        series=(patch("two", DAEMON, BYE),),
        base=tree(BYE),
        verdict=Verdict.ALREADY_APPLIED,
        detail="its change is there already",
        next_command="./inv explain two --hunk 1 --recipe mine",
    ),
    "already applied but for the context": Case(
        series=(
            patch("one", DAEMON, changed(COUNTING, "  char ch;\n", "  char c;\n")),
            patch("two", DAEMON, COUNTING),
        ),
        verdict=Verdict.ALREADY_APPLIED,
        detail="the lines that it adds are there already, from hunk 1 of one",
        next_command="./inv explain two --hunk 1 --recipe mine",
        owner=Owner(patch="one", hunk=1),
    ),
    "rewritten": Case(
        series=(patch("one", DAEMON, LOUD), patch("two", DAEMON, BYE)),
        verdict=Verdict.REWRITTEN,
        detail="hunk 1 of one changed the lines that it wants to change too",
        next_command="./inv resolve --recipe mine",
        owner=Owner(patch="one", hunk=1),
        difference=Difference(line=30, expected='··out("221·bye\\r\\n");', found='··out("221·BYE\\r\\n");'),
    ),
    "context changed": Case(
        series=(patch("one", DAEMON, NAMED), patch("two", DAEMON, LOGGED)),
        verdict=Verdict.CONTEXT_CHANGED,
        detail="hunk 1 of one changed lines around its change",
        next_command="./inv refresh two --recipe mine --fuzz 2",
        owner=Owner(patch="one", hunk=1),
        difference=Difference(line=12, expected="··out(host);", found='··out(host·?·host·:·"unknown");'),
    ),
    "lines put in between": Case(
        series=(
            patch("one", DAEMON, changed(DAEMON, '  out("220 ");\n', '  out("220 ");\n  nap();\n')),
            patch("two", DAEMON, LOGGED),
        ),
        verdict=Verdict.CONTEXT_CHANGED,
        detail="hunk 1 of one put lines between its lines",
        next_command="./inv refresh two --recipe mine --fuzz 1",
        owner=Owner(patch="one", hunk=1),
        difference=Difference(line=12, expected="··out(host);", found="··nap();"),
    ),
    "context taken away": Case(
        series=(
            patch("one", DAEMON, changed(DAEMON, '  out("220 ");\n', "")),
            patch("two", DAEMON, LOGGED),
        ),
        verdict=Verdict.CONTEXT_CHANGED,
        detail="hunk 1 of one changed lines around its change",
        next_command="./inv refresh two --recipe mine --fuzz 1",
        owner=Owner(patch="one", hunk=1),
        difference=Difference(line=11, expected='··out("220·");', found="··out(host);"),
    ),
    "appended where the file must end": Case(
        series=(
            patch("one", "a\nb\nc\nd\n", "a\nb\nc\nd\nmine\n", "TARGETS"),
            patch("two", "a\nb\nc\nd\n", "a\nb\nc\nd\nours\n", "TARGETS"),
        ),
        base=tree("a\nb\nc\nd\n", "TARGETS"),
        verdict=Verdict.CONTEXT_CHANGED,
        detail="hunk 1 of one put lines after its last one, which must be the file's last",
        next_command="./inv refresh two --recipe mine --fuzz 3",
        owner=Owner(patch="one", hunk=1),
        difference=Difference(line=5, expected="", found="mine"),
    ),
    "a whole function taken away": Case(
        series=(
            patch("one", DAEMON, DAEMON[: DAEMON.index("void quit")]),
            patch("two", DAEMON, BYE),
        ),
        verdict=Verdict.REWRITTEN,
        detail="hunk 1 of one changed the lines that it wants to change too",
        next_command="./inv resolve --recipe mine",
        owner=Owner(patch="one", hunk=1),
    ),
    "made for a patch that another one changed": Case(
        series=(
            patch("one", DAEMON, COUNTED),
            patch("other", COUNTED, changed(COUNTED, "int count;", "long count;")),
            patch("two", COUNTED, COUNTING),
        ),
        verdict=Verdict.CONTEXT_CHANGED,
        detail="hunk 1 of other changed lines around its change",
        next_command="./inv refresh two --recipe mine --fuzz 3",
        owner=Owner(patch="other", hunk=1),
        difference=Difference(line=21, expected="··int·count;", found="··long·count;"),
    ),
    "a known patch is missing": Case(
        series=(patch("two", COUNTED, COUNTING),),
        known={"counter": patch("counter", DAEMON, COUNTED), "bye": patch("bye", DAEMON, BYE)},
        verdict=Verdict.PREREQUISITE_MISSING,
        detail="it builds on counter: «int count;» comes from there",
        next_command="./inv apply --base here --patch counter --patch two",
        difference=Difference(line=21, expected="··int·count;", found="··char·ch;"),
    ),
    "the patch that is missing comes later": Case(
        series=(patch("two", COUNTED, COUNTING), patch("counter", DAEMON, COUNTED)),
        verdict=Verdict.PREREQUISITE_MISSING,
        detail="it builds on counter, which comes after it: «int count;» comes from there",
        next_command="./inv apply --base here --patch counter --patch two",
    ),
    "a name that only a known patch has": Case(
        series=(
            patch(
                "two",
                changed(DAEMON, "  int i;\n", "  int i;\n  long errorcount = 1;\n"),
                changed(DAEMON, "  int i;\n", "  int i;\n  long errorcount = 1;\n  int two;\n"),
            ),
        ),
        known={
            "count": patch("count", DAEMON, changed(DAEMON, "int flagauth", "int errorcount;\nint flagauth"))
        },
        verdict=Verdict.PREREQUISITE_MISSING,
        detail="it builds on count: «errorcount» comes from there",
        next_command="./inv apply --base here --patch count --patch two",
    ),
    "nobody knows its lines": Case(
        series=(patch("two", "nothing like it\n", "1\n", "conf-spawn"),),
        base=tree("120\n", "conf-spawn"),
        verdict=Verdict.PREREQUISITE_MISSING,
        detail="the lines that it expects are not in this base: wrong base, or a patch before it is missing",
        next_command="./inv list",
    ),
    "another base": Case(
        series=(patch("two", NEWER, changed(NEWER, "  rest();\n", "  rest();\n  log();\n")),),
        bases={"older": tree(BYE), "newer": tree(NEWER)},
        verdict=Verdict.WRONG_BASE,
        detail="it is for newer, which has the lines of 1 of its patch's 1 hunks; here has those of 0",
        next_command="./inv apply --base newer --patch two",
    ),
    "another strip level": Case(
        series=(parse("two", b"--- x/sub/smtpd.c\n+++ x/sub/smtpd.c\n@@ -1 +1 @@\n-top\n+new\n", strip=1),),
        base=tree("not this\n", "sub/smtpd.c", **{"smtpd.c": "top\n"}),
        verdict=Verdict.WRONG_STRIP,
        detail="with --strip 2 it is for smtpd.c, and fits",
        next_command="./inv apply --base here --patch two --strip 2",
    ),
    "only blanks": Case(
        series=(patch("two", TABBED, changed(TABBED, "221 bye", "221 goodbye")),),
        verdict=Verdict.WHITESPACE,
        detail="only blanks differ from what it expects",
        next_command="./inv lint --patch two",
        difference=Difference(line=30, expected='→out("221·bye\\r\\n");', found='··out("221·bye\\r\\n");'),
    ),
    "a file with CRLF": Case(
        series=(patch("two", DAEMON, BYE),),
        base=tree(DAEMON.replace("\n", "\r\n")),
        verdict=Verdict.WHITESPACE,
        detail="the file has CRLF line ends and the patch has not",
        next_command="./inv lint --patch two",
        difference=Difference(line=27, expected="", found="␍"),
    ),
    "no line end at the end": Case(
        series=(parse("two", b"--- a/v\n+++ b/v\n@@ -1,2 +1,2 @@\n-one line\n+first line\n last line\n"),),
        base=tree("one line\nlast line", "v"),
        verdict=Verdict.WHITESPACE,
        detail="only the line end at the end of the file differs",
        next_command="./inv lint --patch two",
        difference=Difference(line=2, expected="last·line", found="last·line␄"),
    ),
    "old and new swapped, by their names": Case(
        series=(patch("two", BYE, DAEMON, prefix=("new/", "new.orig/")),),
        verdict=Verdict.REVERSED,
        detail="it is the wrong way round: its old side is the newer one, and its change is there already",
        next_command="./inv apply --base here --patch two --reverse",
    ),
    "old and new swapped, by their times": Case(
        series=(parse("two", STAMPS + b"@@ -1 +1 @@\n-new line\n+old line\n"),),
        base=tree("old line\n"),
        verdict=Verdict.REVERSED,
        detail="it is the wrong way round: its old side is the newer one, and its change is there already",
        next_command="./inv apply --base here --patch two --reverse",
    ),
    "further than allowed": Case(
        series=(patch("two", DAEMON, BYE),),
        base=tree(MOVED),
        policy=ApplyPolicy(max_offset=10),
        verdict=Verdict.MOVED,
        detail="it fits 60 lines later, at line 87: further than the recipe allows, or above the hunk before it",
        next_command="./inv apply --recipe mine --max-offset 60",
    ),
    "a file of another base": Case(
        series=(patch("two", "x\n", "y\n", "tls.c"),),
        bases={"other": tree("x\n", "tls.c")},
        verdict=Verdict.WRONG_BASE,
        detail="other has this file, the base here has not",
        next_command="./inv apply --base other --patch two",
    ),
    "a file of a known patch": Case(
        series=(patch("two", "x\n", "y\n", "tls.c"),),
        known={"tls": parse("tls", b"--- /dev/null\n+++ b/tls.c\n@@ -0,0 +1 @@\n+x\n")},
        verdict=Verdict.PREREQUISITE_MISSING,
        detail="tls.c is a file of tls",
        next_command="./inv apply --base here --patch tls --patch two",
    ),
    "a file that an earlier patch removed": Case(
        series=(
            parse("one", b"--- a/v\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"),
            patch("two", "x\n", "y\n", "v"),
        ),
        base=tree("x\n", "v"),
        verdict=Verdict.REWRITTEN,
        detail="one removed or renamed v",
        next_command="./inv resolve --recipe mine",
        owner=Owner(patch="one", hunk=0),
    ),
    "a file that is nowhere": Case(
        series=(patch("two", "x\n", "y\n", "tls.c"),),
        verdict=Verdict.PREREQUISITE_MISSING,
        detail="the file is not in the tree: wrong base, or a patch that adds it is missing",
        next_command="./inv list",
    ),
    "a file with another strip level": Case(
        series=(
            parse(
                "two", b"--- x/y/z/smtpd.c\n+++ x/y/z/smtpd.c\n@@ -4 +4 @@\n-int flagauth = 0;\n+x\n", strip=1
            ),
        ),
        verdict=Verdict.WRONG_STRIP,
        detail="with --strip 3 it is for smtpd.c, which is there",
        next_command="./inv apply --base here --patch two --strip 3",
    ),
    "a new file that another patch has made": Case(
        series=(
            parse("one", b"--- /dev/null\n+++ b/tls.c\n@@ -0,0 +1 @@\n+x\n"),
            parse("two", b"--- /dev/null\n+++ b/tls.c\n@@ -0,0 +1 @@\n+y\n"),
        ),
        verdict=Verdict.REWRITTEN,
        detail="hunk 1 of one has made or changed tls.c already, with other lines",
        next_command="./inv resolve --recipe mine",
        owner=Owner(patch="one", hunk=1),
    ),
    "the same new file": Case(
        series=(
            parse("one", b"--- /dev/null\n+++ b/tls.c\n@@ -0,0 +1 @@\n+x\n"),
            parse("two", b"--- /dev/null\n+++ b/tls.c\n@@ -0,0 +1 @@\n+x\n"),
        ),
        verdict=Verdict.ALREADY_APPLIED,
        detail="its change is there already, from hunk 1 of one",
        next_command="./inv explain two --hunk 1 --recipe mine",
        owner=Owner(patch="one", hunk=1),
    ),
    "removed twice": Case(
        series=tuple(
            parse(name, b"--- a/tls.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n") for name in ("one", "two")
        ),
        base=tree("x\n", "tls.c"),
        verdict=Verdict.ALREADY_APPLIED,
        detail="one removed it already",
        next_command="./inv explain two --hunk 1 --recipe mine",
        owner=Owner(patch="one", hunk=0),
    ),
    "made and removed by earlier patches": Case(
        series=(
            parse("one", b"--- /dev/null\n+++ b/tls.c\n@@ -0,0 +1 @@\n+x\n"),
            parse("two", b"--- a/tls.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"),
            parse("three", b"--- a/tls.c\n+++ b/tls.c\n@@ -1 +1 @@\n-x\n+y\n"),
        ),
        verdict=Verdict.REWRITTEN,
        detail="two removed or renamed tls.c",
        next_command="./inv resolve --recipe mine",
        owner=Owner(patch="two", hunk=0),
    ),
    "renamed to a name that the base has": Case(
        series=(parse("two", RENAME_AND_CHANGE),),
        base=tree("x\n", "tls.c", ssl_c="other\n"),
        verdict=Verdict.WRONG_BASE,
        detail="another file of the new name is there already",
        next_command="./inv list",
    ),
    "renamed to a name that an earlier patch took": Case(
        series=(
            parse("one", b"--- /dev/null\n+++ b/ssl.c\n@@ -0,0 +1 @@\n+x\n"),
            parse("two", RENAME_AND_CHANGE),
        ),
        base=tree("x\n", "tls.c"),
        verdict=Verdict.REWRITTEN,
        detail="another file of the new name is there already, from hunk 1 of one",
        next_command="./inv resolve --recipe mine",
        owner=Owner(patch="one", hunk=1),
    ),
    "fewer folders than are to be stripped": Case(
        series=(parse("two", b"--- tls.c\n+++ tls.c\n@@ -1 +1 @@\n-x\n+y\n", strip=2),),
        verdict=Verdict.PREREQUISITE_MISSING,
        detail="its path has fewer than the 2 folders that are to be stripped",
        next_command="./inv list",
    ),
    "taken back, and never applied": Case(
        series=(patch("two", DAEMON, BYE),),
        reverse=True,
        verdict=Verdict.NOT_APPLIED,
        detail="its lines are as they were before it: it is not applied here, or was taken back already",
        next_command="./inv apply --base here --patch two --dry-run",
    ),
    "taken back, with the names of diff -u x.orig x": Case(
        series=(
            parse(
                "two",
                patch("two", DAEMON, BYE, prefix=("", "")).data.replace(b"--- smtpd.c", b"--- smtpd.c.orig"),
            ),
        ),
        reverse=True,
        verdict=Verdict.NOT_APPLIED,
        detail="its lines are as they were before it: it is not applied here, or was taken back already",
        next_command="./inv apply --base here --patch two --dry-run",
    ),
    "taken back, and changed since": Case(
        series=(patch("two", DAEMON, BYE),),
        base=tree(LOUD),
        reverse=True,
        verdict=Verdict.NOT_APPLIED,
        detail="its lines are not as it left them: it is not applied here, or they were changed since",
        next_command="./inv apply --base here --patch two --dry-run",
        difference=Difference(
            line=30, expected='··out("221·goodbye\\r\\n");', found='··out("221·BYE\\r\\n");'
        ),
    ),
    "taken back, and further away than is allowed": Case(
        series=(patch("two", DAEMON, BYE),),
        base=tree("int more;\n" * 60 + BYE),
        policy=ApplyPolicy(max_offset=9),
        reverse=True,
        verdict=Verdict.MOVED,
        detail="it fits 60 lines later, at line 87: further than the recipe allows, or above the hunk before it",
        next_command="./inv apply --recipe mine --max-offset 60 --reverse",
    ),
    "taken back, and its file is not there": Case(
        series=(parse("two", b"--- /dev/null\n+++ b/tls.c\n@@ -0,0 +1 @@\n+x\n"),),
        reverse=True,
        verdict=Verdict.NOT_APPLIED,
        detail="the file that it makes is not there: there is nothing to take back",
        next_command="./inv apply --base here --patch two --dry-run",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_verdict(case: Case) -> None:
    first = found(case)[0]
    assert (first.verdict, first.detail) == (case.verdict, case.detail)
    assert first.next_command == case.next_command
    assert first.owner == case.owner
    if case.difference is not None:
        assert first.difference == case.difference


def test_every_verdict_has_a_case() -> None:
    assert {case.verdict for case in CASES.values()} == set(Verdict)


def test_a_diagnosis_names_places_and_functions() -> None:
    base = tree("int more;\n" * 20 + DAEMON)
    series = (patch("one", DAEMON, NAMED), patch("two", DAEMON, LOGGED))
    (one,) = found(Case(series=series, base=base, verdict=Verdict.REWRITTEN, detail="", next_command=""))
    assert (one.patch, one.path, one.n, one.of, one.patch_line) == ("two", "smtpd.c", 1, 1, 3)
    assert (one.expected_line, one.candidate_line) == (11, 31)
    assert (one.expected_function, one.candidate_function) == ("greet", "greet")
    assert 0.5 < one.similarity < 1


def test_a_misplaced_hunk_is_diagnosed_by_the_patch_that_it_lacks() -> None:
    auth = (
        "int auth(char *arg)\n{\n  int kind;\n  char ch;\n\n  kind = challenge(arg);\n  return kind;\n}\n\n"
    )
    rich = DAEMON.replace("int addrparse", f"{auth}int addrparse")
    stricter = changed(rich, "  int kind;\n  char ch;\n", "  int kind;\n  char ch;\n  need_tls();\n")
    headed = patch("forced", rich, stricter).data.replace(b" @@\n", b" @@ int auth(char *arg)\n")
    forced = parse("forced", headed)
    case = Case(
        series=(forced,),
        known={"auth": patch("auth", DAEMON, rich)},
        policy=ApplyPolicy(fuzz=2),
        verdict=Verdict.PREREQUISITE_MISSING,
        detail="",
        next_command="",
    )
    applied = apply(case.base, case.series, case.policy)
    assert [reject.status.value for reject in applied.rejects] == ["misplaced"]
    (one,) = found(case)
    assert (one.verdict, one.detail) == (case.verdict, "it builds on auth: «int kind;» comes from there")
    assert one.expected_function == "auth"


def test_explain_completes_the_outcome() -> None:
    series = (patch("one", DAEMON, LOUD), patch("two", DAEMON, BYE))
    applied = apply(tree(), series)
    explained = explain(applied, diagnose(applied.rejects, Background(tree=tree(), series=series)))
    ((path, hunk),) = explained.patches[1].failures
    assert (path, hunk.culprit) == ("smtpd.c", Owner(patch="one", hunk=1))
    assert hunk.verdict == "hunk 1 of one changed the lines that it wants to change too"
    assert hunk.function == "quit"


@pytest.mark.parametrize("line", ["x\n", "int i;\n", "{\n"])
def test_a_file_of_equal_lines_does_not_cost_much(line: str) -> None:
    base = tree(line * 200_000)
    series = (
        parse(
            "two",
            f"--- a/smtpd.c\n+++ b/smtpd.c\n@@ -9,4 +9,4 @@\n {line} {line}-lost\n+found\n {line}".encode(),
        ),
    )
    started = time.monotonic()
    found(Case(series=series, base=base, verdict=Verdict.MOVED, detail="", next_command=""))
    assert time.monotonic() - started < 5


def test_a_thousand_rejects_in_one_large_file_are_diagnosed_in_seconds() -> None:
    lines = [f"value {number} = {number * 7919 % 1000};\n" for number in range(50_000)]
    text = "".join(
        f"@@ -{at},3 +{at},3 @@\n {lines[at - 1]}-lost {at}\n+found {at}\n {lines[at + 1]}"
        for at in range(10, 50_000, 50)
    )
    series = (parse("two", f"--- a/values\n+++ b/values\n{text}".encode()),)
    started = time.monotonic()
    diagnoses = found(
        Case(
            series=series,
            base=tree("".join(lines), "values"),
            verdict=Verdict.MOVED,
            detail="",
            next_command="",
        )
    )
    assert len(diagnoses) == 1000
    assert all(one.candidate_line == one.expected_line for one in diagnoses)
    assert time.monotonic() - started < 10


def test_thousands_of_rejects_of_one_file() -> None:
    """Each has its own function, place and difference; what is known of the file is found out once."""
    count = 3000
    lines = "".join(
        f"int f{n}(arg)\nchar *arg;\n{{\n  start({n});\n  g(arg,{n});\n  stop({n});\n  return 1;\n}}\n\n"
        for n in range(count)
    )
    head = "--- a/big.c\n+++ b/big.c\n"
    hunks = (
        f"@@ -{9 * n + 4},3 +{9 * n + 4},4 @@\n   start({n});\n   g(arg,{n});\n+  new();\n   stop({n});\n"
        for n in range(count)
    )
    base = tree(lines.replace("  g(arg,", "  other(arg,"), "big.c")
    series = (parse("big", (head + "".join(hunks)).encode()),)
    diagnoses = found(
        Case(series=series, base=base, verdict=Verdict.PREREQUISITE_MISSING, detail="", next_command="")
    )
    assert [one.candidate_line for one in diagnoses] == [9 * n + 4 for n in range(count)]
    assert [one.candidate_function for one in diagnoses] == [f"f{n}" for n in range(count)]
    assert [one.difference for one in diagnoses[-1:]] == [
        Difference(line=9 * count - 4, expected=f"··g(arg,{count - 1});", found=f"··other(arg,{count - 1});")
    ]
