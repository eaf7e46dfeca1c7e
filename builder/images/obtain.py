"""The image that a build needs: from the store, from a registry through the engine, or made now."""

from __future__ import annotations

from builder.console import Progress
from builder.errors import BackendError
from builder.images.kept import Shelf
from builder.images.made import make_image
from builder.images.source import ImageSource, source_of_kept, source_of_registry
from builder.recipes.model import Image
from builder.toolchains.platforms import machine_arch


def obtain_image(
    image: Image, shelf: Shelf, progress: Progress, *, offline: bool, arch: str | None = None
) -> ImageSource:
    """Where an engine gets the image for a processor from. One that was never made is made, unless `offline`.

    BackendError if there is none and none can be made; SourceError if what was made is not what was promised.
    """
    if image.registry:
        return source_of_registry(image)
    kept = shelf.find(image, arch or machine_arch())
    if kept is None:
        lacking = f"No image: {image.name} was never made here, there is none in {shelf}"
        if offline:
            raise BackendError(
                f"{lacking}, and --offline keeps it from being made.",
                hint=f"Once, with a network: image build {image.name}",
            )
        try:
            kept = make_image(image, shelf, progress, arch=arch)
        except BackendError as error:
            raise BackendError(f"{lacking}. {error.what}", hint=error.hint) from error
    return source_of_kept(kept, shelf)
