"""Fuzzing the parser and the applier with atheris (libFuzzer for Python):

    mkdir -p /tmp/found && nice python -m tests.fuzz.fuzz_patching -atheris_runs=1000000 \
        -dict=tests/fuzz/patching.dict -max_len=2048 /tmp/found tests/corpus

Whatever the bytes: no exception but a BuilderError, no path outside the tree, nothing half applied, no case over 1 s.
New inputs that reach new code are written to the first folder. atheris is only needed to fuzz; `one_input` is also
run over the corpus by tests/unit/patching/test_fuzz_target.py.
"""

from __future__ import annotations

import sys
import time

from builder.errors import BuilderError
from builder.patching.apply import Applied, apply
from builder.patching.parse import limits, opinion, parse
from builder.patching.patch import Patch
from builder.recipes.model import ApplyPolicy
from builder.sources.tree import File, Tree

LONGEST = 1.0
"""Seconds of the processor that one input may take; that it comes to an end at all is what -timeout is for."""

_SMALL = 4 * limits.MIB
_NINE_LINES = b"".join(b"%d\n" % number for number in range(1, 10))
_C = b'#include "a.h"\n\nint f(x)\nint x;\n{\n  return x;\n}\n\nint main()\n{\n  f(1);\n  return 0;\n}\n' * 3
TREE = Tree(
    {
        "a.c": File(_NINE_LINES),
        "b.c": File(_NINE_LINES),
        "main.c": File(_C),
        "dir/a.c": File(_NINE_LINES[:-1]),
        "empty": File(b""),
        "bin": File(bytes(range(256))),
    }
)


def one_input(data: bytes) -> None:
    """Parse and apply `data`, forwards with and without fuzz and backwards. AssertionError if anything is wrong."""
    started = time.process_time()
    try:
        patch = parse("fuzz", data)
        _check_parts(patch)
        opinion.ours(patch)
        for policy in (ApplyPolicy(), ApplyPolicy(fuzz=3, max_offset=100)):
            for reverse in (False, True):
                _check_applied(apply(TREE, [patch], policy, reverse=reverse))
    except BuilderError:
        pass  # bad input is to end so
    assert time.process_time() - started < LONGEST


def _check_parts(patch: Patch) -> None:
    at = len(patch.header)
    for file in patch.files:
        assert file.span[0] == at
        for hunk in file.hunks:
            assert at <= hunk.span[0] <= hunk.span[1]
            at = hunk.span[1]
        assert at <= file.span[1]
        at = file.span[1]
    assert patch.header + patch.data[len(patch.header) : at] + patch.trailer == patch.data


def _check_applied(applied: Applied) -> None:
    if not applied.ok:
        assert applied.tree is TREE
    for path in applied.tree:
        parts = path.split("/")
        assert parts[0], path
        assert not {"..", ".git", ""} & set(parts), path
        assert "\0" not in path, path


def main() -> None:
    """Fuzz until the arguments say that it is enough."""
    import atheris  # dev only: nothing else needs it

    # Bombs must be bounded, whatever the bound; a small one leaves more time for everything else.
    limits.MOST_BYTES = limits.MOST_BINARY = _SMALL
    limits.MOST_DELTA = limits.MIB // 4
    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
