"""The fuzz target over the corpus: what the fuzzer holds the engine to holds for every file of it."""

from __future__ import annotations

import pytest

from tests.fuzz.fuzz_patching import TREE, _check_applied, one_input
from tests.unit.patching.corpus import Case, cases


@pytest.mark.parametrize(
    "case", [case for case in cases() if not case.name.startswith("bomb")], ids=lambda case: case.name
)
def test_the_fuzz_target_is_content_with_the_corpus(case: Case) -> None:
    one_input(case.data)


def test_the_fuzz_target_would_notice() -> None:
    from builder.patching.apply import Applied
    from builder.sources.tree import File

    escaped = Applied(tree=TREE.changed({"../x": File(b"")}), patches=(), owned={})
    with pytest.raises(AssertionError):
        _check_applied(escaped)
