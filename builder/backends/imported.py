"""Images in an engine: taken over from what was made here, or from a registry by digest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docker.errors import ImageNotFound

from builder.backends.engine import LABEL, Engine
from builder.backends.machine import Machine
from builder.console import Progress
from builder.errors import BackendError, SourceError
from builder.images.source import ImageSource
from builder.toolchains.platforms import all_platforms

_MISMATCH = ("verification failed", "manifest unknown", "not found", "does not match")
"""What engines say if a registry has nothing by a digest, or something else."""


def engine_image(engine: Engine, image: ImageSource, progress: Progress) -> str:
    """The id of an image in the engine, which takes it over if it does not have it yet. SourceError if it is another."""
    _require_same_machine(engine, image)
    found = _find(engine, image)
    if found is None:
        if image.archive is None:
            _pull(engine, image, progress)
        else:
            _import(engine, image, image.archive, progress)
        found = _find(engine, image)
    if found is None:
        raise SourceError(f"The engine took the image {image.name}, but does not have it.")
    return found


def _find(engine: Engine, image: ImageSource) -> str | None:
    """The id of the image in the engine, None if it is not there. SourceError if another one pretends to be it."""
    reference = image.reference
    with engine.speaking():
        if image.archive is not None:
            # By its label, since each engine has a mind of its own about the names of what it takes over.
            labelled = engine.api.images(filters={"label": f"{LABEL}={image.sha256}"})
            if not labelled:
                return None
            reference = labelled[0]["Id"]
        try:
            seen: dict[str, Any] = engine.api.inspect_image(reference)  # type: ignore[no-untyped-call]
        except ImageNotFound:
            return None
    layers = seen["RootFS"].get("Layers") or []
    if image.archive is not None and layers != [f"sha256:{image.sha256}"]:
        raise SourceError(
            f"The engine's image {reference} has the layers {', '.join(layers)}, and not sha256:{image.sha256} as its "
            "label says.",
            hint=f"Somebody changed it: docker rmi {reference}",
        )
    return str(seen["Id"])


def _import(engine: Engine, image: ImageSource, archive: Path, progress: Progress) -> None:
    progress.step(f"handing the image {image.name} to the engine")
    name, _, tag = image.reference.partition(":")
    with archive.open("rb") as file, engine.speaking():
        engine.api.import_image_from_data(
            file, repository=name, tag=tag, changes=[f"LABEL {LABEL}={image.sha256}"]
        )


def _pull(engine: Engine, image: ImageSource, progress: Progress) -> None:
    """By digest, which the engine holds against what it gets. SourceError if that differs."""
    progress.step(f"fetching the image {image.name}")
    name, _, digest = image.reference.partition("@")
    try:
        with engine.speaking():
            said = list(engine.api.pull(name, tag=digest, stream=True, decode=True))
        why = next((str(line["error"]) for line in said if "error" in line), "")
    except BackendError as error:
        why = error.what
    if not why:
        return
    if any(word in why for word in _MISMATCH):
        raise SourceError(
            f"The registry does not give the image {image.name} that its file promises, {image.reference}: {why}.",
            hint="Its digest in ci/images is wrong, or the registry no longer has it.",
        )
    raise BackendError(
        f"No image, and no network to get it: the engine ({engine.shown}) does not have {image.reference}, and cannot "
        f"fetch it: {why.rstrip('.')}.",
        hint="Run this once where the registry can be reached, or `docker load` it.",
    )


def _require_same_machine(engine: Engine, image: ImageSource) -> None:
    machine = engine.machine()
    if image.os == machine.os and image.arch in (None, machine.arch):
        return
    able = [p.id for p in all_platforms() if p.os == machine.os == "freebsd" and p.arch == machine.arch]
    hint = "Name an engine on such a machine, or build on that one."
    raise BackendError(
        f"The image {image.name} is for {Machine(image.os, image.arch or machine.arch)}, and the machine of the engine "
        f"({engine.shown}) is {machine}.",
        hint=f"{hint} This engine builds: {', '.join(able)}." if able else hint,
    )
