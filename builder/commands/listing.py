"""`list`: the recipes, patches, bases and platforms that there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from builder.fixups.lookup import fixup_files
from builder.recipes.library import Library
from builder.toolchains.platforms import all_platforms, default_platform, machine_arch

LIST_SCHEMA = 1


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
        "platforms": [
            {"name": platform.id, "summary": _about(platform.id, platform.arch)}
            for platform in all_platforms()
        ],
    }


def _about(name: str, arch: str) -> str:
    if arch != machine_arch():
        return f"static programs for {arch}; to be built on such a machine"
    if name == default_platform().id:
        return "static programs, the same bytes on every machine (the default)"
    return "this machine's own C compiler and C library"


def _columns(entries: Iterable[dict[str, object]]) -> Iterator[str]:
    rows = list(entries)
    width = max((len(str(row["name"])) for row in rows), default=0)
    for row in rows:
        fixups = row.get("fixups", ())
        after = f"  ({', '.join(fixups)})" if isinstance(fixups, tuple) and fixups else ""
        yield f"{row['name']:{width}}  {row['summary']}{after}"
