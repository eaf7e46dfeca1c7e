"""The synthetic corpus: tests/corpus/index.toml says of each file what it shows and what must come out."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "corpus"

NINE_LINES = b"".join(b"%d\n" % number for number in range(1, 10))
TREE = {"a.c": NINE_LINES, "b.c": NINE_LINES}
"""The folder that the patches of the corpus are for."""


@dataclass(frozen=True, slots=True)
class Case:
    """One file of the corpus, and its entry in the index."""

    name: str
    expected: dict[str, Any]

    @property
    def data(self) -> bytes:
        return (FOLDER / self.name).read_bytes()

    @property
    def strays(self) -> bool:
        """Whether we do otherwise than GNU patch, and mean to."""
        return "differs" in self.expected


def cases() -> list[Case]:
    index = tomllib.loads((FOLDER / "index.toml").read_text("utf-8"))
    return [Case(name, expected) for name, expected in index.items()]
