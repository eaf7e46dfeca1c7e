"""Where recipes, patches and bases are found: the user's own folders first, then those that come with the builder."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from builder.errors import UsageError
from builder.recipes.load import load
from builder.recipes.model import Base, Image, PatchSpec, Recipe

_PACKAGE = Path(__file__).resolve().parent.parent


def shipped() -> Path:
    """The folder with our own recipes/, patches/ and bases/: the checkout, or inside the installed package."""
    installed = _PACKAGE / "shipped"
    return installed if installed.is_dir() else _PACKAGE.parent


@dataclass(frozen=True, slots=True)
class Library:
    """Folders that each may have recipes/, patches/ and bases/; what an earlier one has hides the same in later ones."""

    folders: tuple[Path, ...]

    @classmethod
    def of(cls, paths: tuple[str, ...] = (), current: Path | None = None) -> Library:
        """The folders given with --path, the current one, and ours."""
        given = [Path(path) for path in paths]
        for folder in given:
            if not folder.is_dir():
                raise UsageError(f"--path {folder} is no folder.")
        candidates = [*given, current or Path.cwd(), shipped()]
        return cls(tuple(dict.fromkeys(folder.resolve() for folder in candidates)))

    def recipe_files(self) -> dict[str, Path]:
        return self._files("recipes/*.toml")

    def base_files(self) -> dict[str, Path]:
        return self._files("bases/*.toml")

    def patch_files(self) -> dict[str, Path]:
        return self._files("patches/*/patch.toml")

    def library_files(self) -> dict[str, Path]:
        return self._files("libraries/*.toml")

    def image_files(self) -> dict[str, Path]:
        return self._files("ci/images/*.toml")

    def _files(self, pattern: str) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for folder in self.folders:
            for path in sorted(folder.glob(pattern)):
                found.setdefault(path.parent.name if path.name == "patch.toml" else path.stem, path)
        return dict(sorted(found.items()))

    def recipe(self, name: str) -> tuple[Recipe, Path]:
        """The recipe of this name, or in this file."""
        path = self._resolve("recipe", name, self.recipe_files())
        return load(path, Recipe), path

    def base(self, name: str) -> tuple[Base, Path]:
        path = self._resolve("base", name, self.base_files())
        return load(path, Base), path

    def source(self, name: str) -> tuple[Base, Path]:
        """A base or a library, which differ in what they are for, but not in how they are fetched."""
        return self.linked(name) if name in self.library_files() else self.base(name)

    def linked(self, name: str) -> tuple[Base, Path]:
        """A library that programs are linked with: a source and where to get it, as a base is."""
        path = self._resolve("library", name, self.library_files())
        return load(path, Base), path

    def patch(self, name: str) -> tuple[PatchSpec, Path]:
        path = self._resolve("patch", name, self.patch_files())
        return load(path, PatchSpec), path

    def image(self, name: str) -> Image:
        return load(self._resolve("image", name, self.image_files()), Image)

    def all_images(self) -> Iterator[Image]:
        return (load(path, Image) for path in self.image_files().values())

    def all_recipes(self) -> Iterator[Recipe]:
        return (load(path, Recipe) for path in self.recipe_files().values())

    def all_bases(self) -> Iterator[Base]:
        return (load(path, Base) for path in self.base_files().values())

    def all_patches(self) -> Iterator[PatchSpec]:
        return (load(path, PatchSpec) for path in self.patch_files().values())

    def _resolve(self, kind: str, name: str, known: dict[str, Path]) -> Path:
        if name in known:
            return known[name]
        if name.endswith(".toml") and Path(name).is_file():
            return Path(name)
        close = difflib.get_close_matches(name, known, n=1)
        guess = f" Did you mean {close[0]}?" if close else ""
        raise UsageError(
            f"There is no {kind} {name!r}.{guess}",
            hint=f"Known: {', '.join(known)}." if known else "No folder of them was found.",
        )
