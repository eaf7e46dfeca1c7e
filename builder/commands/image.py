"""`image build|list|verify`: the images that containers are made from."""

from __future__ import annotations

from collections.abc import Sequence

from builder.commands.common import to_json
from builder.console import progress
from builder.errors import SourceError, UsageError
from builder.images.kept import KeptImage, Shelf
from builder.images.made import make_image
from builder.recipes.library import Library
from builder.recipes.model import Image
from builder.sources.store import default_store
from builder.toolchains.platforms import machine_arch

IMAGE_SCHEMA = 1
_MB = 1_000_000
_TODAY = "packages of its day"
"""Not pinned: of the archive as it was when the image was made."""


def build(names: Sequence[str], library: Library, *, mirror: str | None, given: str | None = None) -> None:
    """Make images from packages or a release, and keep them in the store in place of older ones."""
    if given is not None and len(names) != 1:
        raise UsageError("--from goes with the name of one image.")
    for image in [library.image(name) for name in names]:
        with progress() as shown:
            kept = make_image(image, Shelf(default_store()), shown, mirror=mirror, given=given)
        print(_line(image, kept), flush=True)


def show(library: Library, *, as_json: bool) -> None:
    """Print every image, and whether this machine has it."""
    shelf = Shelf(default_store())
    found = [(image, kept) for image in library.all_images() for kept in _all_kept(image, shelf) or (None,)]
    if as_json:
        rows = [{"name": image.name, "summary": image.summary, "kept": kept} for image, kept in found]
        print(to_json({"schema_version": IMAGE_SCHEMA, "images": rows}))
        return
    for image, kept in found:
        print(_line(image, kept))


def verify(names: Sequence[str], library: Library, *, again: bool, mirror: str | None) -> None:
    """Check images of the store, all if none is named, against their sums; with `again` make them anew and compare.

    SourceError if one differs, or if one that was named was never made.
    """
    shelf = Shelf(default_store())
    for image in [library.image(name) for name in names] or library.all_images():
        kept = _all_kept(image, shelf)
        if not kept and names:
            raise SourceError(
                f"The image {image.name} was not made yet.", hint=f"Make it: image build {image.name}"
            )
        for made in kept:
            shelf.require_whole(made)
            if again:
                _require_same(image, made, shelf, mirror)
            print(f"{'same again' if again else 'whole':10}  {_line(image, made)}")


def _require_same(image: Image, made: KeptImage, shelf: Shelf, mirror: str | None) -> None:
    with progress() as shown:
        again = make_image(image, shelf, shown, arch=made.arch, mirror=mirror)
    if again.sha256 == made.sha256:
        return
    changed = [
        f"{package} {made.packages.get(package, 'absent')} → {again.packages.get(package, 'absent')}"
        for package in sorted(made.packages.keys() | again.packages.keys())
        if made.packages.get(package) != again.packages.get(package)
    ]
    why = f"other packages: {', '.join(changed)}" if changed else "the same packages"
    raise SourceError(
        f"Made anew, the image {image.name} is sha256:{again.sha256}, and was sha256:{made.sha256}; {why}.",
        hint="The new one is kept. A snapshot in its file and an archive of snapshots in --mirror give the same for good.",
    )


def _all_kept(image: Image, shelf: Shelf) -> tuple[KeptImage, ...]:
    """The image as it was made for each processor: of packages it is made for this machine's alone."""
    kept = (shelf.find(image, arch) for arch in image.freebsd or (machine_arch(),))
    return tuple(one for one in kept if one is not None)


def _line(image: Image, kept: KeptImage | None) -> str:
    state = "not made yet"
    if kept is not None:
        state = f"sha256:{kept.sha256[:12]}  {kept.size / _MB:5.0f} MB"
        state += f"  {kept.arch if image.freebsd else kept.snapshot or _TODAY}"
    elif image.registry:
        state = f"of {image.registry} by digest"
    return f"{image.name:14}  {state:47}  {image.summary}"
