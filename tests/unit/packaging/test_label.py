"""What a package may be called."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from builder.errors import UsageError
from tests.unit.packaging import handmade


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Big_Conc"),
        ("name", "q"),
        ("version", "v1.06"),
        ("version", "1.06 beta"),
        ("maintainer", "Jane Doe"),
        ("maintainer", "Jane\nDepends: evil <jane@example.org>"),
        ("summary", ""),
        ("summary", "two\nlines"),
    ],
)
def test_refuses_what_no_package_may_say(field: str, value: Any) -> None:
    with pytest.raises(UsageError, match=field):
        replace(handmade.label(), **{field: value})


def test_takes_what_a_recipe_usually_says() -> None:
    assert (
        replace(handmade.label(), name="netqmail-bigconc", version="1.06+bigconc~1").version
        == "1.06+bigconc~1"
    )
