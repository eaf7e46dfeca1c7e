"""Every lint rule, on the smallest patch that it finds something in; and the good patch in which nothing is found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from builder.patching.lint.folder import FOLDER_RULES, PatchFolder
from builder.patching.lint.problem import Severity
from builder.patching.lint.run import ALL_RULES, FILE_RULES, lint_file, lint_folder
from builder.recipes.model import PatchSpec

TOP = Path(__file__).resolve().parents[3]

PROSE = b"good: does good.\n\nLicence: 0BSD, the author.\n\n"
NAMES = b"--- a/spawn.c\n+++ b/spawn.c\n"
HUNK = b"@@ -10,7 +10,7 @@ int f()\n a\n b\n c\n-old\n+new\n d\n e\n f\n"
GOOD = PROSE + NAMES + HUNK


def later(start: int) -> bytes:
    """The same hunk at another place."""
    return HUNK.replace(b"10", b"%d" % start)


CASES: list[tuple[str, bytes, list[int]]] = [
    ("no-diff", PROSE + b"no diff at all\n", [1]),
    ("malformed-hunk", GOOD + NAMES + b"@@ -x +y @@\n", [18]),
    ("damaged-archive", b"\x1f\x8bno gzip", [1]),
    ("blank-context-lost", GOOD.replace(b" b\n", b"\n"), [9]),
    ("no-prose", NAMES + HUNK, [1]),
    ("no-prose", b"\n\n" + NAMES + HUNK, [1]),
    ("no-prose", b"diff -u a/spawn.c b/spawn.c\n" + NAMES + HUNK, [1]),
    ("no-licence", b"good: does good.\n\n" + NAMES + HUNK, [1]),
    ("prose-encoding", b"by J\xf6rg.\nLicence: 0BSD\n" + NAMES + HUNK, [1]),
    ("prose-like-diff", b"Licence: 0BSD\ndiff is great\n@@ too\n\n" + NAMES + HUNK, [2, 3]),
    ("unsafe-path", PROSE + b"--- a/../x.c\n+++ b/../x.c\n" + HUNK, [5, 6]),
    ("unsafe-path", PROSE + b"--- /etc/passwd\n+++ /etc/passwd\n" + HUNK, [5, 6]),
    ("glued-timestamp", PROSE + b"--- a/spawn.c  2005-01-31 12:00:00\n+++ b/spawn.c\n" + HUNK, [5]),
    ("glued-timestamp", PROSE + b"--- a/spawn.c Mon Jan 31 12:00:00 2005\n+++ b/spawn.c\n" + HUNK, [5]),
    (
        "timestamp",
        PROSE + b"--- a/spawn.c\t2005-01-31 12:00:00.0 +0100\n+++ b/spawn.c\t2005-02-01 1:00\n" + HUNK,
        [5],
    ),
    ("no-folder", PROSE + b"--- spawn.c\n+++ spawn.c\n" + HUNK, [5]),
    ("file-twice", GOOD + NAMES + later(50), [17]),
    ("generated-file", PROSE + b"--- a/spawn.c.orig\n+++ b/spawn.c.orig\n" + HUNK, [6]),
    ("generated-file", PROSE + b"--- a/spawn.o\n+++ b/spawn.o\n" + HUNK, [6]),
    (
        "context-diff",
        PROSE + b"*** a/f\n--- b/f\n***************\n*** 1 ****\n! a\n--- 1 ----\n! b\n",
        [7],
    ),
    ("crlf", PROSE + (NAMES + HUNK).replace(b"\n", b"\r\n"), [5]),
    ("binary-without-payload", GOOD + b"Binary files a/logo.png and b/logo.png differ\n", [16]),
    (
        "swallowed-file",
        PROSE + NAMES + HUNK.replace(b"-10,7 +10,7", b"-10,8 +10,8") + NAMES + later(90),
        [16],
    ),
    ("count-short", GOOD + b"+one\n+two\n", [16]),
    ("count-short", GOOD + b"+one\n--- a/next.c\n+++ b/next.c\n" + HUNK, [16]),
    ("count-wrong", PROSE + NAMES + HUNK.replace(b"-10,7", b"-10,9"), [7]),
    ("context-chopped", GOOD.removesuffix(b" f\n"), [7]),
    ("hunks-out-of-order", PROSE + NAMES + later(50) + HUNK, [16]),
    ("hunks-out-of-order", GOOD + later(12), [16]),
    ("short-context", PROSE + NAMES + b"@@ -10,3 +10,3 @@\n a\n-old\n+new\n b\n", [7]),
    ("empty-hunk", PROSE + NAMES + b"@@ -10,2 +10,2 @@\n a\n b\n" + later(50), [7]),
    ("trailing-whitespace", GOOD.replace(b"+new", b"+new \t"), [12]),
    ("blank-at-eof", PROSE + NAMES + b"@@ -10,3 +10,4 @@\n a\n b\n c\n+\n", [11]),
    ("blank-at-eof", PROSE + b"--- /dev/null\n+++ b/new.c\n@@ -0,0 +1,2 @@\n+a\n+\n", [9]),
    (
        "no-final-newline",
        PROSE + b"--- /dev/null\n+++ b/new.c\n@@ -0,0 +1 @@\n+a\n\\ No newline at end of file\n",
        [8],
    ),
]


@pytest.mark.parametrize(("rule", "patch", "lines"), CASES, ids=[case[0] for case in CASES])
def test_a_rule_finds_what_it_is_for(rule: str, patch: bytes, lines: list[int]) -> None:
    found = [problem.line for problem in lint_file("p.patch", patch).problems if problem.rule == rule]
    assert found == lines


def test_every_rule_for_patch_files_has_a_case() -> None:
    tested = {case[0] for case in CASES} | {case[0] for case in FOLDERS}
    assert {rule.id for rule in FILE_RULES} | {rule.id for rule in FOLDER_RULES} <= tested


def test_every_rule_of_the_parser_is_known() -> None:
    source = "".join(path.read_text() for path in (TOP / "builder/patching/parse").glob("*.py"))
    used = re.findall(r"""(?:note\(|malformed\(|rule=)\s*"([a-z-]+)\"""", source)
    assert len(used) > 20
    assert set(used) <= {rule.id for rule in ALL_RULES}


def test_the_ids_are_unique_and_plain() -> None:
    ids = [rule.id for rule in ALL_RULES]
    assert len(set(ids)) == len(ids)
    assert all(name.replace("-", "").isalpha() and name.islower() for name in ids)


GOOD_ONES = {
    "change": GOOD,
    "two hunks": GOOD + later(50),
    "new file": PROSE + b"--- /dev/null\n+++ b/new.c\n@@ -0,0 +1 @@\n+a\n",
    "removed file": PROSE + b"--- a/old.c\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-a\n-b\n",
    "first line": PROSE + NAMES + b"@@ -1,4 +1,4 @@\n-old\n+new\n d\n e\n f\n",
    "last line": PROSE + NAMES + b"@@ -10,4 +10,4 @@\n a\n b\n c\n-old\n+new\n",
    "a mail's signature": GOOD + b"-- \n2.39.5\n",
    "git's header": PROSE + b"diff --git a/spawn.c b/spawn.c\nindex 1234567..89abcde 100644\n" + NAMES + HUNK,
    "an Index: line": PROSE + b"Index: spawn.c\n" + b"=" * 67 + b"\n" + NAMES + HUNK,
    "a removed line of dashes": PROSE + NAMES + HUNK.replace(b"-old", b"--- old"),
}


@pytest.mark.parametrize("patch", GOOD_ONES.values(), ids=GOOD_ONES.keys())
def test_a_good_patch_gives_no_finding(patch: bytes) -> None:
    assert lint_file("p.patch", patch).problems == ()


@pytest.mark.parametrize("path", sorted((TOP / "patches").glob("*/*.patch")), ids=str)
def test_our_own_patches_have_no_errors(path: Path) -> None:
    problems = lint_file(str(path), path.read_bytes()).problems
    assert [problem for problem in problems if problem.severity == Severity.ERROR] == []


def allowed(line: bytes) -> bytes:
    return GOOD.replace(b"+new", b"+new ").replace(b"Licence", line + b"\nLicence")


@pytest.mark.parametrize(
    ("line", "rules", "count"),
    [
        (b"lint: allow trailing-whitespace because the test needs it", [], 1),
        (b"# lint: allow trailing-whitespace because the test needs it", [], 1),
        (b"lint: allow trailing-whitespace", ["allowance-reason", "trailing-whitespace"], 0),
        (b"lint: allow trailing-whitespace because ", ["allowance-reason", "trailing-whitespace"], 0),
        (b"lint: allow no-such because why not", ["allowance-unknown", "trailing-whitespace"], 0),
        (b"lint: allow file-twice because why not", ["allowance-unused", "trailing-whitespace"], 0),
    ],
)
def test_a_rule_is_switched_off_only_with_a_reason(line: bytes, rules: list[str], count: int) -> None:
    linted = lint_file("p.patch", allowed(line))
    assert sorted(problem.rule for problem in linted.problems) == rules
    assert linted.allowed == count


def folder(toml: str, *files: str, spec: bool = True, **fields: object) -> PatchFolder:
    values = {"name": "p", "summary": "s", "license": "0BSD", "variants": {"b": "b.patch"}, **fields}
    return PatchFolder(
        path="p/patch.toml",
        toml=toml.encode(),
        spec=PatchSpec(**values) if spec else None,  # type: ignore[arg-type]
        refusal="" if spec else "it is not TOML",
        files=frozenset(files),
    )


ALL = ("patch.toml", "b.patch", "README.md", "checks/a.sh")
TOML = 'name = "p"\nsummary = "s"\nlicense = "0BSD"\n[variants]\n'

FOLDERS: list[tuple[str, PatchFolder, list[int]]] = [
    ("patch-toml", folder("", *ALL, spec=False), [1]),
    ("no-summary", folder(TOML, *ALL, summary=" "), [2]),
    ("no-summary", folder(TOML, *ALL, summary="long " * 50), [2]),
    ("licence-unknown", folder(TOML, *ALL, license="unknown"), [3]),
    ("no-variant", folder(TOML, *ALL, variants={}), [4]),
    ("no-variant", folder(TOML, *ALL, variants={"b": "gone.patch"}), [4]),
    ("unnamed-variant", folder(TOML, *ALL, "other.patch"), [4]),
    ("no-readme", folder(TOML, "b.patch", "checks/a.sh"), [1]),
    ("no-checks", folder(TOML, "b.patch", "README.md", "checks/a.c"), [1]),
]


@pytest.mark.parametrize(("rule", "subject", "lines"), FOLDERS, ids=[case[0] for case in FOLDERS])
def test_a_rule_about_folders_finds_what_it_is_for(rule: str, subject: PatchFolder, lines: list[int]) -> None:
    found = [problem.line for problem in lint_folder(subject).problems if problem.rule == rule]
    assert found == lines


def test_a_good_folder_gives_no_finding() -> None:
    assert lint_folder(folder(TOML, *ALL)).problems == ()


def test_a_rule_about_folders_is_switched_off_in_patch_toml() -> None:
    toml = f"# lint: allow no-checks because nothing of it runs\n{TOML}"
    linted = lint_folder(folder(toml, "b.patch", "README.md"))
    assert (linted.problems, linted.allowed) == ((), 1)
