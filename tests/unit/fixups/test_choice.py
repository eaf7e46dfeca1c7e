"""Which fix-up a series uses, and when one is stale."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder.fixups.choice import choose, stale
from builder.fixups.fixup import FixUp, Ingredient
from builder.fixups.lookup import Found


def found(*after: str, base: str = "netqmail-1.06") -> Found:
    fixup = FixUp(
        patch=Ingredient("spf", "s"),
        after=tuple(Ingredient(name, name) for name in after),
        base=base,
        base_tree="sha256:base",
        diff=b"",
    )
    return Found(path=Path(fixup.file_name), data=b"", fixup=fixup)


KNOWN = (
    found("auth"),
    found("tls"),
    found("auth", "tls"),
    found("auth", "tls", "dkim"),
    found("tls", base="x"),
    found("late"),
)


@pytest.mark.parametrize(
    ("before", "chosen"),
    [
        ((), None),
        (("dkim",), None),
        (("tls", "dkim"), "after-tls.patch"),
        (("tls", "auth"), "after-auth+tls.patch"),
        (("tls", "auth", "late"), "after-auth+tls.patch"),
        (("dkim", "tls", "other", "auth"), "after-auth+tls+dkim.patch"),
    ],
)
def test_the_one_with_most_patches_that_come_before_is_used(
    before: tuple[str, ...], chosen: str | None
) -> None:
    one = choose(KNOWN, base="netqmail-1.06", before=before)
    assert (one and one.path.name) == chosen


def test_of_two_that_know_as_much_the_later_counts() -> None:
    two = (found("auth"), found("tls"))
    for before in (("auth", "tls"), ("tls", "auth")):
        one = choose(two, base="netqmail-1.06", before=before)
        assert one is not None
        assert one.fixup.after[0].name == before[-1]


def test_a_fix_up_is_stale_when_a_file_or_the_base_has_changed() -> None:
    fixup = found("tls").fixup
    spf, tls = Ingredient("spf", "s"), Ingredient("tls", "tls")
    assert stale(fixup, patch=spf, before=[tls], base_tree="sha256:base") == ""
    assert stale(fixup, patch=spf, before=[tls]) == ""
    assert "spf has changed" in stale(fixup, patch=Ingredient("spf", "t"), before=[tls])
    assert "tls has changed" in stale(fixup, patch=spf, before=[Ingredient("tls", "x")])
    assert "tls, which it was made with, is not before it" in stale(fixup, patch=spf, before=[])
    assert "another netqmail-1.06" in stale(fixup, patch=spf, before=[tls], base_tree="sha256:other")
