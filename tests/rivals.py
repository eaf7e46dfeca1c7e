"""Two patches of our own for the bundled base that want the same place of it, as files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from builder.patching.write import write_diff
from builder.recipes.library import shipped
from builder.sources.tree import File, Tree

_LINE = b"#define SMTP_PORT 25\n"


def rivals(folder: Path) -> tuple[Path, Path]:
    """`submission` and `smtps`: both change the port in route.c of minispawn, each to another."""
    route = (shipped() / "bases/minispawn/route.c").read_bytes()
    assert route.count(_LINE) == 1
    base = Tree({"route.c": File(route)})
    paths = (folder / "submission.patch", folder / "smtps.patch")
    for path, line in zip(
        paths, (b"#define SMTP_PORT 587\n", b"#define SMTP_PORT 465 /* <TLS> */\n"), strict=True
    ):
        path.write_bytes(write_diff(base, base.changed({"route.c": File(route.replace(_LINE, line))})))
    return paths


def flags(patches: Iterable[Path]) -> list[str]:
    """The flags that name the patches and their base."""
    return ["--base", "minispawn", *(word for patch in patches for word in ("--patch", str(patch)))]
