"""A hunk that stands on the very lines that it was made for is in its place, whatever their function is called now."""

from __future__ import annotations

import difflib
import subprocess
import sys
from pathlib import Path

import pytest

from builder.patching.apply import apply
from builder.patching.findings import HunkStatus
from builder.patching.parse import parse
from builder.recipes.model import ApplyPolicy
from builder.sources.tree import File, Tree

BLOCK = "  a();\n  b();\n  c();\n  d();\n  e();\n  f();\n"
ONE = f"int one()\n{{\n  int i;\n{BLOCK}  x();\n}}\n\n"
TWO = f"int two()\n{{\n  int i;\n{BLOCK}  y();\n}}\n\n"
LOG_IN_ONE = ONE.replace("  c();\n", "  c();\n  log();\n")


def diff(old: str, new: str) -> bytes:
    old_lines, new_lines = old.splitlines(keepends=True), new.splitlines(keepends=True)
    return "".join(difflib.unified_diff(old_lines, new_lines, "a/a.c", "b/a.c")).encode()


def last_status(base: str, *versions: str) -> HunkStatus:
    """What becomes of the last of the patches that make these versions of `base`."""
    patches = [parse(str(number), diff(base, new)) for number, new in enumerate(versions)]
    applied = apply(Tree({"a.c": File(base.encode())}), patches, ApplyPolicy(fuzz=2))
    return applied.patches[-1].files[0].hunks[0].status


MOVED = "int more;\n" * 5


@pytest.mark.parametrize(
    ("first", "status"),
    [
        (MOVED + ONE + TWO, HunkStatus.OFFSET),
        # The old name is that of a wrapper now, above or below: the body is still the one that the hunk was made for.
        (ONE.replace("one()", "real_one()") + "int one()\n{\n}\n" + TWO, HunkStatus.CLEAN),
        (MOVED + ONE.replace("one()", "real_one()") + "int one()\n{\n}\n" + TWO, HunkStatus.OFFSET),
        (ONE.replace("{\n", "{\n  real_one();\n}\n\nint real_one()\n{\n", 1) + TWO, HunkStatus.OFFSET),
        # The lines are gone, and another function has the same ones.
        (MOVED + ONE.replace(BLOCK, "") + TWO, HunkStatus.MISPLACED),
        (ONE.replace("  b();\n", "  other();\n").replace("  d();\n", "") + TWO, HunkStatus.MISPLACED),
    ],
)
def test_it_is_the_lines_that_tell_not_the_name(first: str, status: HunkStatus) -> None:
    assert last_status(ONE + TWO, first, LOG_IN_ONE + TWO) is status


def test_lines_that_went_into_a_new_function_are_looked_at() -> None:
    """A closing brace came before them: what was in one() is in part()."""
    split = ONE.replace("  int i;\n", "  int i;\n}\n\nint part()\n{\n")
    assert last_status(ONE + TWO, split + TWO, LOG_IN_ONE + TWO) is HunkStatus.MISPLACED


def test_hunks_at_home_need_no_parser_of_c() -> None:
    """It takes longer to load than most series to apply."""
    program = (
        "import sys\n"
        "from tests.unit.patching.test_home import LOG_IN_ONE, MOVED, ONE, TWO, last_status\n"
        "print(last_status(ONE + TWO, MOVED + ONE + TWO, LOG_IN_ONE + TWO), 'tree_sitter' in sys.modules)\n"
    )
    top = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=top, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("offset False\n", "")
