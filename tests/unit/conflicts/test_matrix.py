"""What becomes of one patch after another: every outcome and every kind of collision, made on purpose."""

from __future__ import annotations

import concurrent.futures
from collections import Counter
from collections.abc import Callable

import pytest

from builder.conflicts.comparison import Comparison
from builder.conflicts.matrix import compare, compare_plainly
from builder.conflicts.values import CollisionKind, Matrix, Outcome, Pair
from builder.patching.parse import parse
from builder.patching.patch import Patch
from builder.patching.write import write_diff
from builder.sources.tree import File, Tree

NUMBERS = "".join(f"line {number}\n" for number in range(1, 61))
SERVER = """\
#include "out.h"

void greet()
{
  out("hello");
  flush();
  wait();
}

void leave()
{
  out("bye");
  flush();
  wait();
}
"""
BASE = Tree(
    {
        "list": File(NUMBERS.encode()),
        "server.c": File(SERVER.encode()),
        "old.c": File(b"int old() { return 1; }\nint older() { return 2; }\n"),
    }
)

Change = Callable[[str], str]


def replaced(old: str, new: str) -> Change:
    return lambda text: text.replace(old, new, 1)


def after_line(number: int, *lines: str) -> Change:
    """The lines put in behind line number `number`."""
    return replaced(f"line {number}\n", "".join(f"{line}\n" for line in (f"line {number}", *lines)))


def patch(name: str, path: str, *changes: Change, on: Tree = BASE) -> Patch:
    """A patch that makes these changes of the text of one file."""
    text = on[path].data.decode()
    for change in changes:
        assert change(text) != text
        text = change(text)
    return parse(name, write_diff(on, on.changed({path: File(text.encode())})))


def new_file(name: str, path: str, text: str | None) -> Patch:
    """A patch that adds a file, or removes one."""
    file = None if text is None else File(text.encode())
    return parse(name, write_diff(BASE, BASE.changed({path: file})))


def matrix(*patches: Patch, needs: dict[str, tuple[Patch, ...]] | None = None) -> Matrix:
    """All pairs, which must be the same by both methods."""
    found = compare("base", BASE, patches, needs=needs)
    plain = compare_plainly(Comparison(base="base", tree=BASE, patches=patches, needs=needs or {}))
    assert found == plain
    return found


def pair(first: Patch, second: Patch, **rest: dict[str, tuple[Patch, ...]]) -> Pair:
    found = matrix(first, second, **rest).pairs[0]
    assert (found.first, found.second) == (first.name, second.name)
    return found


def kinds(found: Pair) -> list[tuple[CollisionKind, int, int, int]]:
    return [(one.kind, one.first_hunk, one.second_hunk, one.base_line) for one in found.collisions]


def test_patches_that_only_share_a_file_do_not_collide() -> None:
    found = matrix(patch("a", "list", after_line(50, "a")), patch("b", "list", after_line(10, "b")))
    assert [(one.first, one.second, one.outcome) for one in found.pairs] == [
        ("a", "b", Outcome.CLEAN),
        ("b", "a", Outcome.OFFSET),
    ]
    assert not any(one.collisions or one.note for one in found.pairs)
    assert [(state.name, state.alone) for state in found.patches] == [("a", "clean"), ("b", "clean")]
    assert found.base_tree == BASE.digest


def test_two_additions_at_one_place_are_resolved_with_the_first_one_first() -> None:
    found = pair(
        patch("a", "list", after_line(30, "one")), patch("b", "list", after_line(30, "two", "three"))
    )
    assert found.outcome is Outcome.RESOLVED
    assert kinds(found) == [(CollisionKind.BOTH_ADD, 1, 1, 31)]
    (one,) = found.collisions
    assert (one.base, one.first, one.second, one.merged) == (
        "",
        "one\n",
        "two\nthree\n",
        "one\ntwo\nthree\n",
    )
    assert one.how in ("both-added", "list")
    assert one.advice == ""
    assert "`./inv resolve --base base --patch a --patch b` settles it" in found.advice


def test_a_change_of_another_ones_context_takes_fuzz() -> None:
    found = pair(
        patch("a", "list", replaced("line 28\n", "LINE 28\n")), patch("b", "list", after_line(30, "b"))
    )
    assert found.outcome is Outcome.FUZZ
    assert kinds(found) == [(CollisionKind.CONTEXT, 1, 1, 28)]
    (one,) = found.collisions
    assert (one.base, one.first, one.second) == (
        "line 28\nline 29\nline 30\n",
        "LINE 28\nline 29\nline 30\n",
        "line 28\nline 29\nline 30\nb\n",
    )
    assert one.how == ""
    assert "refresh b" in found.advice


def test_nearer_context_is_rejected_and_resolved_by_lines() -> None:
    found = pair(
        patch("a", "list", replaced("line 31\n", "LINE 31\n")), patch("b", "list", after_line(31, "b"))
    )
    assert found.outcome is Outcome.RESOLVED
    assert [one.kind for one in found.collisions] == [CollisionKind.CONTEXT]
    assert found.collisions[0].merged == "LINE 31\nb\n"


def test_lines_that_both_rewrite_are_a_conflict() -> None:
    found = pair(
        patch("a", "server.c", replaced('out("hello")', 'out("hi")')),
        patch("b", "server.c", replaced('out("hello")', 'out("howdy")')),
    )
    assert found.outcome is Outcome.CONFLICT
    assert kinds(found) == [(CollisionKind.REWRITTEN, 1, 1, 5)]
    (one,) = found.collisions
    assert (one.function, one.how) == ("greet", "conflict")
    assert (one.base, one.first, one.second) == (
        '  out("hello");\n',
        '  out("hi");\n',
        '  out("howdy");\n',
    )
    assert one.merged.startswith('<<<<<<< a\n  out("hi");\n')


def test_the_same_change_twice_is_to_be_dropped() -> None:
    change = replaced("line 30\n", "better\n")
    found = pair(patch("a", "list", change), patch("b", "list", change))
    assert found.outcome is Outcome.RESOLVED
    assert [(one.kind, one.how, one.advice) for one in found.collisions] == [
        (CollisionKind.REWRITTEN, "same", "Both make the same change here: drop it from b.")
    ]
    assert found.advice == ""


def test_lines_that_one_removes_and_the_other_edits() -> None:
    found = pair(
        patch("a", "list", replaced("line 30\n", "")), patch("b", "list", replaced("line 30\n", "line 30!\n"))
    )
    assert found.outcome is Outcome.CONFLICT
    assert kinds(found) == [(CollisionKind.REMOVED, 1, 1, 30)]


def test_a_file_that_one_removes_and_the_other_edits() -> None:
    found = pair(new_file("a", "old.c", None), patch("b", "old.c", replaced("return 1", "return 3")))
    assert found.outcome is Outcome.CONFLICT
    assert kinds(found) == [(CollisionKind.REMOVED, 0, 0, 1)]
    assert found.collisions[0].path == "old.c"


@pytest.mark.parametrize(
    ("text", "outcome", "kind"),
    [
        ("int x;\n", Outcome.RESOLVED, CollisionKind.SAME_FILE_EQUAL),
        ("int y;\n", Outcome.CONFLICT, CollisionKind.SAME_FILE_DIFFERENT),
    ],
)
def test_a_file_that_both_add(text: str, outcome: Outcome, kind: CollisionKind) -> None:
    found = pair(new_file("a", "new.c", "int x;\n"), new_file("b", "new.c", text))
    assert found.outcome is outcome
    assert kinds(found) == [(kind, 0, 0, 0)]


def test_a_hunk_that_lands_in_another_function_is_hidden() -> None:
    first = patch("a", "server.c", replaced('  out("hello");\n  flush();\n', '  out("hello");\n  drain();\n'))
    # Without the line that only greet() has, the hunk fits in leave() as well.
    short = (
        "--- a/server.c\n+++ b/server.c\n@@ -6,2 +6,3 @@ void greet()\n   flush();\n+  log();\n   wait();\n"
    )
    found = pair(first, parse("b", short.encode()))
    assert found.outcome is Outcome.HIDDEN
    assert "made for greet(), but fits in leave()" in found.note
    assert [(one.function, one.second_hunk) for one in found.collisions] == [("greet", 1)]


@pytest.mark.parametrize("body", ["@@ -30,0 +31 @@\n+{}\n", "@@ -31,2 +31,3 @@\n+{}\n line 31\n line 32\n"])
def test_orders_that_both_apply_but_differ_are_hidden(body: str) -> None:
    """Without context above, nothing of one patch's addition is in the other's way."""
    first, second = (
        parse(name, f"--- a/list\n+++ b/list\n{body.format(name)}".encode()) for name in ("a", "b")
    )
    found = pair(first, second)
    assert found.outcome is Outcome.HIDDEN
    assert found.note == "both orders apply, and only the order of what they add differs"
    assert [one.kind for one in found.collisions] == [CollisionKind.BOTH_ADD]


def test_a_patch_that_does_not_apply_by_itself() -> None:
    first = patch("tls", "list", after_line(30, "tls"))
    top = patch(
        "force-tls", "list", replaced("tls\n", "forced\n"), on=BASE.changed({"list": File(_with_tls())})
    )
    other = patch("other", "list", after_line(5, "other"))
    found = {(one.first, one.second): one for one in matrix(first, top, other).pairs}
    good = found["tls", "force-tls"]
    assert (good.outcome, good.note, good.collisions) == (
        Outcome.CLEAN,
        "force-tls needs tls before it",
        (),
    )
    for names in (("force-tls", "tls"), ("force-tls", "other"), ("other", "force-tls")):
        assert found[names].outcome is Outcome.CONFLICT
        assert [one.kind for one in found[names].collisions] == [CollisionKind.ALONE]
    assert found["force-tls", "tls"].note == "force-tls needs tls before it"
    assert "explain force-tls" in found["other", "force-tls"].advice


def _with_tls() -> bytes:
    return after_line(30, "tls")(NUMBERS).encode()


def test_what_a_patch_requires_comes_before_it() -> None:
    first = patch("tls", "list", after_line(30, "tls"))
    top = patch(
        "force-tls", "list", replaced("tls\n", "forced\n"), on=BASE.changed({"list": File(_with_tls())})
    )
    other = patch("other", "list", after_line(5, "other"))
    found = matrix(first, top, other, needs={"force-tls": (first,)})
    by_names = {(one.first, one.second): one for one in found.pairs}
    assert {one.outcome for one in found.pairs} <= {Outcome.CLEAN, Outcome.OFFSET}
    assert by_names["tls", "force-tls"].note == "force-tls requires tls"
    assert by_names["force-tls", "tls"].note == "force-tls requires tls, so the order is the other one"
    assert [state.needs for state in found.patches] == [(), ("tls",), ()]


def test_a_collision_with_a_patch_that_has_needs_is_in_terms_of_the_base() -> None:
    first = patch("tls", "list", after_line(3, "one", "two"))
    on = BASE.changed({"list": File(after_line(3, "one", "two")(NUMBERS).encode())})
    top = patch("top", "list", replaced("line 40\n", "line forty\n"), on=on)
    other = patch("other", "list", replaced("line 40\n", "LINE 40\n"))
    found = pair(other, top, needs={"top": (first,)})
    assert [(one.kind, one.base_line, one.base) for one in found.collisions] == [
        (CollisionKind.REWRITTEN, 40, "line 40\n")
    ]


def test_processes_find_the_same() -> None:
    patches = [patch(f"p{at}", "list", after_line(at, f"{at}")) for at in (10, 11, 12, 30, 31, 50)]
    alone = compare("base", BASE, patches)
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        assert compare("base", BASE, patches, executor=pool) == alone


@pytest.mark.netqmail
def test_the_real_patches(netqmail: Tree, real_patches: tuple[Patch, ...]) -> None:
    """GNU patch rejects 54 of the 156 pairs; what it takes, and where, is known from running it."""
    found = compare("netqmail-1.06", netqmail, real_patches)
    counts = Counter(one.outcome for one in found.pairs)
    assert (len(found.patches), len(found.pairs)) == (13, 156)
    assert (counts[Outcome.CLEAN], counts[Outcome.OFFSET]) == (69, 33)
    assert counts[Outcome.RESOLVED] + counts[Outcome.CONFLICT] == 54
    assert all(
        bool(one.collisions) == (one.outcome not in (Outcome.CLEAN, Outcome.OFFSET)) for one in found.pairs
    )
    assert all(pair.advice or one.advice for pair in found.pairs for one in pair.collisions)
    plain = compare_plainly(Comparison(base="netqmail-1.06", tree=netqmail, patches=real_patches))
    assert found == plain
