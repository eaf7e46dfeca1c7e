"""The images that were made, in the store: an archive of the file system each, known by its SHA256."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from builder.errors import SourceError
from builder.recipes.model import Image
from builder.sources.tree import EPOCH
from builder.toolchains.platforms import Os
from builder.toolchains.toolchain import zig_version


class KeptImage(msgspec.Struct, frozen=True, kw_only=True):
    """An image that was made. `sha256` is that of its unpacked archive: the engine's "diff id" of its only layer."""

    name: str
    arch: str
    sha256: str
    size: int
    packages: dict[str, str]
    """The version of each package in it."""
    definition: str
    """SHA256 of the image's definition when it was made."""
    snapshot: str = ""
    """The state of the archive that they are of; empty if it was that of the day."""
    epoch: int = EPOCH
    os: Os = "linux"

    @property
    def reference(self) -> str:
        """What engines know it by."""
        return f"qmail-builder/{self.name}:{self.sha256[:12]}"


class Shelf:
    """The folder of images in a store: NAME-ARCH.tar, and NAME-ARCH.json that says what is in it."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self._folder = store / "images"

    def __str__(self) -> str:
        return str(self._folder)

    def all(self) -> Iterator[KeptImage]:
        """Every image that is kept, whatever it was made for."""
        for record in sorted(self._folder.glob("*.json")):
            with suppress(OSError, msgspec.DecodeError):
                yield msgspec.json.decode(record.read_bytes(), type=KeptImage)

    def find(self, image: Image, arch: str) -> KeptImage | None:
        """The image as it was made last for its present definition; None if there is none such."""
        with suppress(FileNotFoundError, msgspec.DecodeError):
            kept = msgspec.json.decode(self._record(image.name, arch).read_bytes(), type=KeptImage)
            if kept.definition == definition_of(image) and self.archive(kept).is_file():
                return kept
        return None

    def archive(self, kept: KeptImage) -> Path:
        """Its file system as an uncompressed tar archive."""
        return self._folder / f"{kept.name}-{kept.arch}.tar"

    def put(
        self, image: Image, arch: str, archive: Path, *, packages: dict[str, str], snapshot: str = ""
    ) -> KeptImage:
        """Keep an archive, made of these packages. SourceError if the image's hash is known and this is another."""
        sha256 = sha256_of_file(archive)
        wanted = image.sha256.get(arch)
        if wanted is not None and wanted != sha256:
            raise SourceError(
                f"The image {image.name} came out as sha256:{sha256}, but its file promises sha256:{wanted}.",
                hint="The archive gave other packages than when it was pinned: use a snapshot of it, or pin it anew.",
            )
        kept = KeptImage(
            name=image.name,
            arch=arch,
            sha256=sha256,
            size=archive.stat().st_size,
            packages=packages,
            definition=definition_of(image),
            snapshot=snapshot,
            os=image.os,
        )
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self.archive(kept).with_suffix(".part")
        shutil.move(archive, part)
        self._record(image.name, arch).unlink(missing_ok=True)
        part.rename(self.archive(kept))
        record = self._record(image.name, arch)
        record.with_suffix(".new").write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=2))
        record.with_suffix(".new").rename(record)
        return kept

    def require_whole(self, kept: KeptImage) -> None:
        """SourceError if the archive is not what it was when it was made."""
        found = sha256_of_file(self.archive(kept))
        if found != kept.sha256:
            raise SourceError(
                f"{self.archive(kept)} has sha256:{found}, but was sha256:{kept.sha256} when it was made.",
                hint=f"Make it anew: image build {kept.name}",
            )

    def _record(self, name: str, arch: str) -> Path:
        return self._folder / f"{name}-{arch}.json"


def definition_of(image: Image) -> str:
    """SHA256 of what an image is defined to be, the compiler zig included; what it is known to hash to does not count."""
    counts = msgspec.to_builtins(msgspec.structs.replace(image, summary="", sha256={}))
    # Images that were made before there were releases are still what they were, and one more mirror changes nothing.
    del counts["freebsd"]
    if image.freebsd:
        counts["freebsd"] = {arch: source.sha256 for arch, source in image.freebsd.items()}
    zig = zig_version() if image.zig else ""
    return hashlib.sha256(msgspec.json.encode((counts, zig), order="sorted")).hexdigest()


def sha256_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
