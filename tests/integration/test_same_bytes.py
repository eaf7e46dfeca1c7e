"""The same recipe gives the same bytes, wherever, whenever and by whomever it is built."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.command import command


def packaged(out: Path, store: Path, **environment: str) -> dict[str, str]:
    """Build and package the quickstart; the SHA256 of everything that is promised to be the same, by file name."""
    env = {"QMAIL_BUILDER_STORE": str(store), **environment}
    ran = command("package", "--recipe", "quickstart", "--out", out, cwd=out.parent, env=env)
    assert ran.code == 0, ran.stderr
    (folder,) = out.iterdir()
    promised = [
        path for path in folder.iterdir() if path.name == "manifest.json" or path.suffix in (".deb", ".zst")
    ]
    assert len(promised) == 3
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in promised}


@pytest.mark.usefixtures("quickstart_build")
def test_two_builds_in_two_places_are_identical(store: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "a store with another path"
    elsewhere.mkdir()
    # Shared, because the compiler needs half a minute to build its own library.
    (elsewhere / "toolchains").symlink_to(store / "toolchains")
    (tmp_path / "work").mkdir()
    first = packaged(tmp_path / "out", store)
    second = packaged(
        tmp_path / "work" / "out",
        elsewhere,
        TZ="Asia/Tokyo",
        LC_ALL="C.UTF-8",
        HOME=str(tmp_path),
        USER="nobody",
    )
    assert first == second
