"""Where an engine gets an image from, as far as it does not have it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from builder.images.kept import KeptImage, Shelf
from builder.recipes.model import Image
from builder.toolchains.platforms import Os


@dataclass(frozen=True, slots=True)
class ImageSource:
    """An image as engines know it, by what it is made of and not by what it is called."""

    name: str
    reference: str
    """NAME:TAG of one that was made here, NAME@DIGEST of one from a registry."""
    sha256: str
    """Of its only layer if it was made here; else the digest that the registry must have it by."""
    compiler: str
    """What is known of the compiler in it: "gcc 4:12.2.0-3"."""
    archive: Path | None = None
    """Its file system as a tar archive; None for an image from a registry."""
    arch: str | None = None
    """The processor that it is for, if that is known."""
    os: Os = "linux"
    """What it needs under it."""


def source_of_kept(kept: KeptImage, shelf: Shelf) -> ImageSource:
    """An image that was made here."""
    return ImageSource(
        name=kept.name,
        reference=kept.reference,
        sha256=kept.sha256,
        compiler="clang" if kept.os == "freebsd" else f"gcc {kept.packages.get('gcc', '')}".strip(),
        archive=shelf.archive(kept),
        arch=kept.arch,
        os=kept.os,
    )


def source_of_registry(image: Image) -> ImageSource:
    """An image that a registry has by its digest."""
    return ImageSource(
        name=image.name,
        reference=f"{image.registry}@{image.digest}",
        sha256=image.digest.removeprefix("sha256:"),
        compiler="gcc",
    )
