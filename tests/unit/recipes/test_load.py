"""Messages about recipe, patch and base files: they name file, key and line."""

from __future__ import annotations

import tomllib
from pathlib import Path

import jsonschema
import pytest

from builder.errors import UsageError
from builder.recipes.library import Library, shipped
from builder.recipes.load import load
from builder.recipes.model import Recipe, schema
from builder.recipes.plan import make_plan

HEAD = 'name = "r"\nsummary = "s"\nbase = "minispawn"\n'


def message_of(tmp_path: Path, text: str | bytes) -> str:
    path = tmp_path / "r.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UsageError) as error:
        load(path, Recipe)
    return str(error.value).removeprefix(f"{path}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "patchs = []\n", ":4: patchs: there is no such key."),
        (HEAD + "[conf]\nconf-spawn = 1.5\n", ":5: conf.conf-spawn: expected int | str | array, got float."),
        (HEAD + '[conf]\nconf-qmail = "/q"\nspawn = 3\n', ":6: conf.spawn: expected str matching regex"),
        (HEAD + "[apply]\nfuzz = 9\n", ":5: apply.fuzz: expected int <= 3."),
        (HEAD + "patches = [3]\n", ":4: patches.0: expected str, got int."),
        ('name = "r"\nbase = "x"\n', ": summary: is missing."),
        (HEAD.replace('"r"', '"other"'), ':1: name: is "other", but the place of the file says "r".'),
        ("name = \n", " is not TOML: Invalid value (at line 1, column 8)."),
        (b'name = "\xe4"\n', " is not UTF-8, at byte 8."),
    ],
)
def test_a_mistake_is_named_with_its_key_and_line(tmp_path: Path, text: str | bytes, said: str) -> None:
    assert message_of(tmp_path, text).startswith(said)


def test_the_schema_accepts_every_file_that_we_ship() -> None:
    schemas = schema()
    kinds = {"recipe": "recipes/*.toml", "patch": "patches/*/patch.toml", "base": "bases/*.toml"}
    for kind, pattern in kinds.items():
        files = sorted(shipped().glob(pattern))
        assert files
        for path in files:
            jsonschema.validate(tomllib.loads(path.read_text()), schemas[kind])


def test_every_recipe_that_we_ship_can_be_planned() -> None:
    library = Library.of()
    ids = [make_plan(library, recipe).id.partition("@")[0] for recipe in library.all_recipes()]
    assert ids == ["bigconc", "bigconc-10k", "bigconc-select", "quickstart", "vanilla"]
