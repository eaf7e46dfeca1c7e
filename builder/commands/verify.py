"""`verify`: a package read back without unpacking it."""

from __future__ import annotations

from pathlib import Path

from builder.errors import FindingsError, UsageError
from builder.packaging.verify import verify_pkg


def verify(path: Path) -> None:
    """Print what is wrong with a FreeBSD package. FindingsError if anything is."""
    if path.suffix != ".pkg":
        raise UsageError(f"{path} is no .pkg file.", hint="Others have readers: dpkg-deb --info, tar --list.")
    found = verify_pkg(path.read_bytes())
    for finding in found:
        print(finding)
    if found:
        raise FindingsError(f"{path.name}: {len(found)} thing(s) wrong.")
    print(f"{path.name}: every sum, name, owner and mode is as the manifest says.")
