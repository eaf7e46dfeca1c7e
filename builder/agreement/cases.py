"""The cases for the comparison with GNU patch, of all kinds. A seed gives the same cases."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from builder.agreement.case import Case
from builder.agreement.git_cases import git_case
from builder.agreement.text_cases import text_case

_SHARE_OF_GIT = 0.2


def cases(random: Random, count: int) -> Iterator[Case]:
    """`count` cases, each with a name of its own."""
    for number in range(count):
        if random.random() < _SHARE_OF_GIT:
            yield git_case(random, f"g{number:03d}")
        else:
            yield text_case(random, f"f{number:03d}.txt")
