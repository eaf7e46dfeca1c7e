"""Somebody else's series as patch folders and a recipe."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from builder.patching.parse import parse
from builder.patching.reversal import write_reversed
from builder.series.about import About, read_about
from builder.series.folder import UNKNOWN, name_from, patch_toml, recipe_toml
from builder.series.reading import Found, Series


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """A patch that was taken over, and what its folder says of it."""

    name: str
    file: str
    license: str
    summary: str


def import_series(series: Series, *, recipe: str, base: str) -> tuple[list[Imported], dict[str, bytes]]:
    """What was taken over, and the files of it: patches/<name>/… and recipes/<recipe>.toml.

    UsageError if a patch cannot be understood.
    """
    files: dict[str, bytes] = {}
    imported: list[Imported] = []
    for found in series.patches:
        name = name_from(found.file, [other.name for other in imported])
        patch = parse(found.file, found.data, strip=found.strip)
        about = read_about(patch.header)
        summary = about.summary or f"{found.file} of the {series.kind} {series.title}"
        data = write_reversed(patch) if found.reverse else patch.data
        imported.append(Imported(name=name, file=found.file, license=about.license, summary=summary))
        top = f"patches/{name}"
        files[f"{top}/{base}.patch"] = data
        files[f"{top}/patch.toml"] = patch_toml(
            name=name,
            summary=summary,
            license_=about.license,
            base=base,
            # Where the series says -p1, or nothing, finding out gives that anyway, and for other trees, too.
            strip=found.strip if found.strip != 1 else None,
            origin=about.origin,
        )
        files[f"{top}/README.md"] = _readme(name, summary, about, found, series)
    files[f"recipes/{recipe}.toml"] = recipe_toml(
        name=recipe,
        summary=f"The {series.kind} {series.title} on {base}",
        base=base,
        patches=_names(imported),
    )
    return imported, files


def _names(imported: Sequence[Imported]) -> list[str]:
    return [patch.name for patch in imported]


def _readme(name: str, summary: str, about: About, found: Found, series: Series) -> bytes:
    licence = "Its licence is not stated." if about.license == UNKNOWN else f"Licence: {about.license}."
    turned = " It was applied with -R; the file here is turned round." if found.reverse else ""
    digest = hashlib.sha256(found.data).hexdigest()
    text = f"{about.text}\n\n" if about.text and about.text != summary else ""
    origin = f"Origin: {about.origin}.\n" if about.origin else ""
    return (
        f"# {name}\n\n{summary}\n\n{text}## Where it comes from\n\n"
        f"{found.file} of the {series.kind} {series.title}, sha256 {digest}.{turned}\n"
        f"{origin}{licence}\nNothing here proves it: it has no checks.\n"
    ).encode("utf-8", "replace")
