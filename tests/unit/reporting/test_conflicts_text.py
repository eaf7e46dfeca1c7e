"""The matrix as people see it: transcripts in tests/golden.

After a change that is meant: `pytest tests/unit/reporting --update-golden`, and look at what git says of tests/golden.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from builder.conflicts.matrix import compare
from builder.conflicts.values import Matrix, Outcome, Pair, PatchState
from builder.patching.parse import parse
from builder.patching.patch import Patch
from builder.patching.write import write_diff
from builder.reporting.conflicts import text
from builder.reporting.screen import Screen, columns
from builder.sources.tree import File, Tree
from tests.matrices import HOSTILE, small

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
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
BASE = Tree({"server.c": File(SERVER.encode())})


def patch(name: str, old: str, new: str) -> Patch:
    changed = BASE.changed({"server.c": File(SERVER.replace(old, new, 1).encode())})
    return parse(name, write_diff(BASE, changed))


def matrices() -> dict[str, tuple[Matrix, Screen]]:
    hello, log = '  out("hello");\n', '  log("hello");\n'
    three = (patch("polite", hello, '  out("good day");\n'), patch("log", hello, hello + log))
    apart = patch("apart", "  wait();\n}\n\nvoid leave", "  wait();\n  done();\n}\n\nvoid leave")
    found = compare("base", BASE, (*three, patch("loud", hello, '  out("HELLO");\n')))
    return {
        "conflicts-3": (found, Screen()),
        "conflicts-4": (compare("base", BASE, (*three, apart, patch("bye", "bye", "so long"))), Screen()),
        "conflicts-80-colour": (small(), Screen(80, colour=True, terminal=True)),
    }


@pytest.mark.parametrize("name", ["conflicts-3", "conflicts-4", "conflicts-80-colour"])
def test_the_report_is_as_it_was(name: str, update_golden: bool) -> None:
    got = text.render(*matrices()[name])
    golden = GOLDEN / f"{name}.txt"
    if update_golden:
        golden.write_text(got, encoding="utf-8")
    assert golden.read_text(encoding="utf-8") == got


def test_a_table_of_20_patches_fits_80_columns() -> None:
    names = [f"patches_netqmail_number-{number}" for number in range(20)]
    pairs = (Pair(first=a, second=b, outcome=Outcome.CLEAN) for a in names for b in names if a != b)
    states = (PatchState(name=name, sha256="", alone="clean") for name in names)
    matrix = Matrix(base="base", base_tree="", patches=tuple(states), pairs=tuple(pairs))
    table = text.render(matrix, Screen()).splitlines()[:21]
    assert max(map(columns, table)) == 80
    assert all(f"number-{number} " in line for number, line in enumerate(table[1:]))


def test_nothing_of_a_patch_can_steer_the_terminal() -> None:
    shown = text.render(small(), Screen())
    assert HOSTILE in shown
    assert not any(character in shown for character in "\x1b\u202e\u2028")
