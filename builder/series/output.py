"""Writing what authors' commands make: nothing is overwritten by surprise, and all of it is there or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from builder.errors import UsageError

_STAGE = ".qmail-builder-"


def require_new(out: Path, names: Mapping[str, bytes]) -> None:
    """UsageError if one of the files is there already."""
    there = [str(out / name) for name in names if os.path.lexists(out / name)]
    if there:
        more = f" (and {len(there) - 1} more)" if len(there) > 1 else ""
        raise UsageError(
            f"{there[0]} is there already{more}; nothing was written.",
            hint="Name another folder with --out, another name, or move it out of the way.",
        )


def write_new(out: Path, files: Mapping[str, bytes]) -> None:
    """Write new files below `out`, which is made if need be. They appear at the end, and if one cannot, none does."""
    require_new(out, files)
    out.mkdir(parents=True, exist_ok=True)
    moved: list[Path] = []
    with tempfile.TemporaryDirectory(prefix=_STAGE, dir=out) as stage:
        for name, data in files.items():
            _write(Path(stage) / name, data)
        try:
            for name in files:
                target = out / name
                target.parent.mkdir(parents=True, exist_ok=True)
                (Path(stage) / name).rename(target)
                moved.append(target)
        except BaseException:
            for path in moved:
                path.unlink(missing_ok=True)
            raise


def replace_file(path: Path, data: bytes) -> None:
    """Put other bytes in the place of a file's, in one step."""
    descriptor, name = tempfile.mkstemp(prefix=_STAGE, dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(name).chmod(path.stat().st_mode & 0o777)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
