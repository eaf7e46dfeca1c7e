"""An image that is a FreeBSD release: its set "base", a tar archive packed with xz, has the compiler and make in it."""

from __future__ import annotations

import io
import lzma
import shutil
from pathlib import Path

from builder.console import Progress
from builder.errors import SourceError, UsageError
from builder.recipes.model import ArchiveSource, Image
from builder.sources.given import is_url
from builder.sources.mirrors import from_mirrors
from builder.sources.patience import Patience
from builder.sources.store import Store, sha256_of


def unpack_release(
    image: Image, arch: str, target: Path, *, store: Store, progress: Progress, given: str | None = None
) -> None:
    """Write the file system of the release for a processor to `target`, as an uncompressed tar archive.

    The packed one comes from `given`, a path or URL that the user named, else from the store or its mirrors.
    SourceError if it is not to be had, or is another than the image's file promises.
    """
    source = image.freebsd.get(arch)
    if source is None:
        raise UsageError(
            f"The image {image.name} names no release for {arch}.",
            hint=f"It has: {', '.join(image.freebsd)}.",
        )
    packed = (
        _fetched(image, source, store, progress)
        if given is None
        else _brought(given, source, store, progress)
    )
    progress.step(f"unpacking {source.file_name}")
    try:
        with lzma.open(io.BytesIO(packed)) as stream, target.open("wb") as file:
            shutil.copyfileobj(stream, file)
    except (lzma.LZMAError, EOFError) as error:
        raise SourceError(f"{source.file_name} cannot be unpacked: {error}.") from error


def arch_of(image: Image, given: str) -> str | None:
    """The processor of the release that the user brings as a file, by its hash; None if that is not known yet."""
    if is_url(given):
        return None
    sums = {source.sha256: arch for arch, source in image.freebsd.items()}
    return sums.get(sha256_of(_read(given)))


def _fetched(image: Image, source: ArchiveSource, store: Store, progress: Progress) -> bytes:
    tried: list[str] = []
    packed = store.archive(source.sha256) or from_mirrors(
        image.name, source, bytes, store=store, progress=progress, patience=Patience(), tried=tried
    )
    if packed is None:
        listed = "".join(f"\n  {line}" for line in tried)
        raise SourceError(
            f"The image {image.name} cannot be made: {source.file_name} is not to be had. Tried:{listed}",
            hint=f"Bring it, SHA256 {source.sha256}: image build {image.name} --from PATH|URL",
        )
    return packed


def _brought(given: str, source: ArchiveSource, store: Store, progress: Progress) -> bytes:
    if is_url(given):
        # Only here, because it takes longer to load than a run with a full store.
        from builder.sources.download import download

        try:
            return download(given, source, store=store, progress=progress, patience=Patience())
        except SourceError as error:
            raise SourceError(f"{given} is not {source.file_name}: {error.what}.", hint=error.hint) from error
    packed = _read(given)
    found = sha256_of(packed)
    if found != source.sha256:
        raise SourceError(f"{given} is not {source.file_name}: SHA256 {found}, expected {source.sha256}.")
    return packed


def _read(given: str) -> bytes:
    try:
        return Path(given).read_bytes()
    except OSError as error:
        raise SourceError(f"{given} cannot be read: {error.strerror}.") from error
