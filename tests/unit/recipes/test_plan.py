"""Plans: what a recipe names is found, and what does not go together is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder.errors import UsageError
from builder.recipes.library import Library
from builder.recipes.model import Limits
from builder.recipes.plan import make_plan, patch_recipe

PATCH = 'name = "{name}"\nsummary = "s"\nlicense = "0BSD"\n{more}\n[variants]\nminispawn = "m.patch"\n'


def library_with(tmp_path: Path, **patches: str) -> Library:
    for name, more in patches.items():
        folder = tmp_path / "patches" / name
        folder.mkdir(parents=True)
        (folder / "patch.toml").write_text(PATCH.format(name=name, more=more))
        (folder / "m.patch").write_bytes(b"")
    return Library.of((str(tmp_path),))


def refusal(library: Library, *patches: str, base: str = "minispawn") -> UsageError:
    with pytest.raises(UsageError) as error:
        make_plan(library, patch_recipe(base, patches))
    return error.value


def test_the_user_s_own_folder_comes_first(tmp_path: Path) -> None:
    library = library_with(tmp_path, security="")
    assert library.patch("security")[1].is_relative_to(tmp_path)


def test_the_nearest_name_is_offered(tmp_path: Path) -> None:
    error = refusal(library_with(tmp_path, chanels=""), "channels")
    assert error.what == "There is no patch 'channels'. Did you mean chanels?"


def test_a_missing_variant_says_which_there_are_and_how_to_make_one(tmp_path: Path) -> None:
    error = refusal(library_with(tmp_path, mine=""), "mine", base="qmail-1.03")
    assert error.what == "The patch mine has no variant for the base qmail-1.03; it has: minispawn."
    assert str(tmp_path / "patches/mine/qmail-1.03.patch") in error.hint


@pytest.mark.parametrize(
    ("more", "order", "said"),
    [
        ('requires = ["one"]', ("two",), "two needs one before it."),
        ('requires = ["one"]', ("two", "one"), "two needs one before it."),
        ('after = ["one"]', ("two", "one"), "two comes before one, but must come after it."),
        ('excludes = ["one"]', ("one", "two"), "two and one cannot be combined."),
        ("", ("two", "two"), "The recipe names the patch two twice."),
    ],
)
def test_what_does_not_go_together_is_refused(
    tmp_path: Path, more: str, order: tuple[str, ...], said: str
) -> None:
    assert refusal(library_with(tmp_path, one="", two=more), *order).what == said


def test_the_last_patch_that_changes_a_limit_counts() -> None:
    plan = make_plan(Library.of(), patch_recipe("minispawn", ["big-concurrency", "poll-spawn"]))
    assert plan.limits == Limits(spawn=65000, select=False)


def test_a_patch_can_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "own.patch"
    path.write_bytes(b"text")
    plan = make_plan(Library.of(), patch_recipe("minispawn", [str(path)]))
    assert [(patch.name, patch.data) for patch in plan.patches] == [("own.patch", b"text")]
