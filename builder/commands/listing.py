"""`list`: the recipes, patches, bases and platforms that there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from builder.fixups.lookup import fixup_files
from builder.recipes.library import Library
from builder.toolchains.platforms import FREEBSD_MAJOR, Platform, all_platforms, default_platform

LIST_SCHEMA = 1
_FREEBSD = f"FreeBSD {FREEBSD_MAJOR}"


def show_list(library: Library, *, as_json: bool) -> None:
    """Print everything that can be named in commands."""
    found = collect(library)
    if as_json:
        from builder.commands.common import to_json

        print(to_json({"schema_version": LIST_SCHEMA, **found}))
        return
    for title, entries in found.items():
        print(title)
        for line in _columns(entries):
            print(f"  {line}")
        print()


def collect(library: Library) -> dict[str, list[dict[str, object]]]:
    """The same as plain data, by kind."""
    return {
        "recipes": [
            {"name": recipe.name, "summary": recipe.summary, "base": recipe.base, "patches": recipe.patches}
            for recipe in library.all_recipes()
        ],
        "patches": [
            {
                "name": patch.name,
                "summary": patch.summary,
                "bases": tuple(patch.variants),
                "fixups": tuple(path.stem for path in fixup_files(library, patch.name)),
            }
            for patch in library.all_patches()
        ],
        "bases": [{"name": base.name, "summary": base.summary} for base in library.all_bases()],
        "platforms": [{"name": platform.id, "summary": _about(platform)} for platform in all_platforms()],
    }


def _about(platform: Platform) -> str:
    if platform == default_platform():
        return "static programs, the same bytes on every machine (the default)"
    if platform.image is not None:
        return f"made in the image {platform.image} with the compiler that is in it; needs a container engine"
    if platform.zig_target is None:
        return "this machine's own C compiler and C library"
    kind = (
        "static programs"
        if platform.static
        else f"programs for {platform.libc if platform.os == 'linux' else _FREEBSD}"
    )
    return f"{kind} for {platform.arch}, the same bytes on every machine" + (
        "; cross-built, so that they are not run here" if platform.foreign else ""
    )


def _columns(entries: Iterable[dict[str, object]]) -> Iterator[str]:
    rows = list(entries)
    width = max((len(str(row["name"])) for row in rows), default=0)
    for row in rows:
        fixups = row.get("fixups", ())
        after = f"  ({', '.join(fixups)})" if isinstance(fixups, tuple) and fixups else ""
        yield f"{row['name']:{width}}  {row['summary']}{after}"
