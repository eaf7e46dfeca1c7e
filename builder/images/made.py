"""Making an image: from a distribution's packages with mmdebstrap, or of a FreeBSD release. The same gives the same bytes."""

from __future__ import annotations

import os
import shlex
import tarfile
from pathlib import Path

from builder import process
from builder.console import Progress
from builder.errors import BackendError, UsageError
from builder.images.kept import KeptImage, Shelf
from builder.images.release import arch_of, unpack_release
from builder.recipes.model import Image
from builder.sources.store import Store
from builder.sources.tree import EPOCH
from builder.temporary import temporary_folder
from builder.toolchains.platforms import machine_arch
from builder.toolchains.toolchain import zig_program

_LIMIT = 900.0
"""Seconds for fetching and unpacking some hundred packages on a slow line."""
_NO_NETWORK = (
    "Could not resolve",
    "Temporary failure resolving",
    "Could not connect",
    "Network is unreachable",
)
"""What apt says."""
_SNAPSHOT = "{snapshot}"
"""In --mirror: the state of the archive that the image is pinned to."""
_ZIG_PARTS = ("zig", "lib", "LICENSE")
"""What of the wheel's folder zig itself needs."""
_ZIG_PLACE = Path("opt/zig")
_SLIM = ("--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*")


def make_image(
    image: Image,
    shelf: Shelf,
    progress: Progress,
    *,
    arch: str | None = None,
    mirror: str | None = None,
    given: str | None = None,
) -> KeptImage:
    """Make `image` for a processor, this machine's if None, and put it on the shelf, in place of an older one.

    `mirror` is the URL of an archive of packages, or a whole sources.list line, in which {snapshot} stands for the
    image's; by default it is the one that this machine's own packages come from, as they are today. `given` is the path or URL of a release that the user brings. BackendError if
    mmdebstrap is missing or fails; SourceError if the image has a known hash and what was made has another.
    """
    if image.registry:
        raise UsageError(
            f"The image {image.name} is not made: an engine takes it from {image.registry} when it is first used."
        )
    if given is not None and not image.freebsd:
        raise UsageError(f"The image {image.name} is made from packages: --from makes no sense for it.")
    if mirror is not None and image.freebsd:
        raise UsageError(
            f"The image {image.name} has no packages: --mirror makes no sense for it, --from does."
        )
    progress.step(f"making the image {image.name}")
    if image.freebsd:
        return _of_release(image, arch, shelf, progress, given)
    return _of_packages(image, shelf, progress, mirror)


def _of_release(
    image: Image, arch: str | None, shelf: Shelf, progress: Progress, given: str | None
) -> KeptImage:
    arch = arch or (given and arch_of(image, given)) or machine_arch()
    with temporary_folder("image") as folder:
        archive = folder / "image.tar"
        unpack_release(image, arch, archive, store=Store(shelf.store), progress=progress, given=given)
        return shelf.put(image, arch, archive, packages={})


def _of_packages(image: Image, shelf: Shelf, progress: Progress, mirror: str | None) -> KeptImage:
    program = process.require_program("mmdebstrap", package="mmdebstrap")
    snapshot = image.snapshot if mirror is not None and _SNAPSHOT in mirror else ""
    if mirror is not None and _SNAPSHOT in mirror and not snapshot:
        raise UsageError(f"The image {image.name} is pinned to no snapshot, and --mirror asks for one.")
    with temporary_folder("image") as folder:
        archive, listed = folder / "image.tar", folder / "packages"
        command = [
            os.fspath(program),
            "--variant=minbase",
            *_SLIM,
            *([f"--include={','.join(image.packages)}"] if image.packages else []),
            *(word for hook in _hooks(listed) for word in ("--customize-hook", hook)),
            image.suite,
            os.fspath(archive),
            *([] if mirror is None else [mirror.replace(_SNAPSHOT, image.snapshot)]),
        ]
        environment = process.clean_environment(
            {"TMPDIR": os.fspath(folder), "DEBIAN_FRONTEND": "noninteractive"}
        )
        with progress.output(f"mmdebstrap {image.name}") as show:
            done = process.run(command, env=environment, timeout=_LIMIT, on_line=show)
        if not done.ok:
            raise _failed(image, done)
        if image.zig:
            progress.step(f"adding zig to the image {image.name}")
            _add_zig(archive)
        packages = _packages(listed.read_text())
        return shelf.put(image, machine_arch(), archive, packages=packages, snapshot=snapshot)


def _hooks(listed: Path) -> list[str]:
    """Commands for a shell; $1 is the folder with the system."""
    wanted = r"--showformat=${Package}\t${Version}\n"
    return [
        'mkdir -m 1777 "$1/cache" "$1/build"',
        # What differs from run to run without being of use: logs, caches, the ids of machines.
        'rm -rf "$1"/var/log/* "$1"/var/cache/* "$1"/var/lib/apt/lists/* "$1"/etc/machine-id "$1"/etc/hostname "$1"/etc/resolv.conf',
        f'dpkg-query --admindir="$1/var/lib/dpkg" -W {shlex.quote(wanted)} > {shlex.quote(os.fspath(listed))}',
    ]


def _add_zig(archive: Path) -> None:
    """The pinned compiler, at the end of the archive: as root's, with plain modes and one date."""
    home = zig_program().parent
    paths = [home, *(path for part in _ZIG_PARTS for path in _whole(home / part))]
    with tarfile.open(archive, "a", format=tarfile.PAX_FORMAT) as opened:
        for path in paths:
            entry = tarfile.TarInfo(f"./{_ZIG_PLACE / path.relative_to(home)}")
            entry.mtime = EPOCH
            entry.mode = 0o755 if path.is_dir() or path.name == "zig" else 0o644
            if path.is_dir():
                entry.type = tarfile.DIRTYPE
                opened.addfile(entry)
            else:
                entry.size = path.stat().st_size
                with path.open("rb") as file:
                    opened.addfile(entry, file)


def _whole(path: Path) -> list[Path]:
    """A file or folder with all that is in it, but for what a run of Python may have left there."""
    found = [path, *path.rglob("*")] if path.exists() else []
    return sorted(one for one in found if "__pycache__" not in one.parts)


def _failed(image: Image, done: process.Finished) -> BackendError:
    lines = [line for line in done.text.splitlines() if line.startswith("E:")] or done.text.splitlines()
    why = lines[0].removeprefix("E:").strip().rstrip(".") if lines else done.how
    if any(sign in done.text for sign in _NO_NETWORK):
        why = f"no network, {why}"
    return BackendError(
        f"The image {image.name} cannot be made here: {why}.",
        hint="It needs the archive of its distribution and its keys: --mirror says where; `image list` shows what is kept.",
    )


def _packages(text: str) -> dict[str, str]:
    return dict(line.split("\t", 1) for line in text.splitlines())
