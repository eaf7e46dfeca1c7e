"""Small patches for tests of `resolve`: edits of a tree, and the folders that they make."""

from __future__ import annotations

from pathlib import Path

from builder.patching.write import write_diff
from builder.sources.tree import File, Tree

TOP = Path(__file__).resolve().parent.parent
Edits = dict[str, tuple[tuple[str, str], ...]]
"""By path what is replaced by what, each once; for a new file its text replaces nothing."""


def minispawn() -> Tree:
    """The bundled base."""
    return Tree.read(TOP / "bases" / "minispawn")


def edited(tree: Tree, edits: Edits) -> Tree:
    changes: dict[str, File | None] = {}
    for path, pairs in edits.items():
        text = tree[path].data.decode() if path in tree else ""
        for old, new in pairs:
            assert text.count(old) == 1 or not text, (path, old)
            text = text.replace(old, new) if text else new
        changes[path] = File(text.encode())
    return tree.changed(changes)


def diff(tree: Tree, edits: Edits) -> bytes:
    return write_diff(tree, edited(tree, edits))


def write_patch(folder: Path, name: str, data: bytes, *, base: str = "minispawn", more: str = "") -> None:
    """patches/<name>/ below `folder`."""
    home = folder / "patches" / name
    home.mkdir(parents=True, exist_ok=True)
    (home / f"{base}.patch").write_bytes(f"{name}: for tests. Licence: 0BSD.\n\n".encode() + data)
    (home / "patch.toml").write_text(
        f'name = "{name}"\nsummary = "For tests."\nlicense = "0BSD"\n{more}\n'
        f'[variants]\n"{base}" = "{base}.patch"\n'
    )


def write_recipe(folder: Path, name: str, *patches: str, base: str = "minispawn") -> None:
    """recipes/<name>.toml below `folder`."""
    (folder / "recipes").mkdir(exist_ok=True)
    listed = ", ".join(f'"{patch}"' for patch in patches)
    (folder / "recipes" / f"{name}.toml").write_text(
        f'name = "{name}"\nsummary = "For tests."\nbase = "{base}"\npatches = [{listed}]\n'
        'checks = []\nplatforms = ["native"]\n'
    )
