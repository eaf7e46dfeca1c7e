"""The files of patch folders: they load as what they were written for."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import UsageError
from builder.recipes.load import load
from builder.recipes.model import PatchSpec, Recipe
from builder.series.folder import is_name, name_from, patch_toml, recipe_toml, with_variant
from builder.series.output import replace_file, write_new


@given(st.text(), st.text())
def test_any_text_gives_a_patch_toml_that_loads(summary: str, origin: str) -> None:
    toml = patch_toml(name="p", summary=summary, license_="unknown", base="b-1.0", origin=origin)
    assert tomllib.loads(toml.decode())["variants"] == {"b-1.0": "b-1.0.patch"}


def test_a_patch_toml_says_what_it_was_given(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    path = tmp_path / "p/patch.toml"
    path.write_bytes(
        patch_toml(
            name="p", summary="s", license_="MIT", base="b", requires=["a"], after=["c"], strip=0, origin="o"
        )
    )
    assert load(path, PatchSpec) == PatchSpec(
        name="p",
        summary="s",
        license="MIT",
        requires=("a",),
        after=("c",),
        variants={"b": "b.patch"},
        strip=0,
        origin="o",
    )


def test_a_recipe_says_what_it_was_given(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_bytes(recipe_toml(name="r", summary='a "b" \\', base="b", patches=["x", "y"]))
    assert load(path, Recipe) == Recipe(name="r", summary='a "b" \\', base="b", patches=("x", "y"))


def test_another_variant_changes_one_line() -> None:
    toml = b'# mine\nname = "p"\n[variants]  # by base\nb = "b.patch"\n[limits]\nspawn = 3\n'
    added = with_variant(toml, "c-1.0", "patch.toml")
    assert added == toml.replace(b"by base\n", b'by base\n"c-1.0" = "c-1.0.patch"\n')


def test_variants_that_cannot_be_added_to_are_refused() -> None:
    with pytest.raises(UsageError) as error:
        with_variant(b'variants = {b = "b.patch"}\n', "c", "p/patch.toml")
    assert error.value.what == "p/patch.toml has no line [variants] to add to."


@given(st.text(), st.lists(st.sampled_from(["patch", "a", "a-2"]), unique=True))
def test_any_text_gives_a_new_name(text: str, taken: list[str]) -> None:
    name = name_from(text, taken)
    assert name not in taken
    assert is_name(name)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("mine")
    with pytest.raises(UsageError) as error:
        write_new(tmp_path, {"a": b"1", "b": b"2"})
    assert error.value.what == f"{tmp_path / 'b'} is there already; nothing was written."
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_all_or_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError, match=r"."):
        write_new(tmp_path, {"a/b": b"1", "file/c": b"2"})
    assert not (tmp_path / "a/b").exists()


def test_a_replaced_file_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"old")
    path.chmod(0o640)
    replace_file(path, b"new")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o640)
    assert list(tmp_path.iterdir()) == [path]
