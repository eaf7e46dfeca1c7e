"""What killed builders, and images of yesterday, left in an engine: found by the labels, and removed."""

from __future__ import annotations

import socket
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Any

from docker.errors import APIError, NotFound

from builder.backends.container import OWNER, cache_volume
from builder.backends.engine import LABEL, Engine
from builder.temporary import is_running

_FILTER = {"label": LABEL}
_IN_USE = 409


def removed(engine: Engine, images: Collection[str], compilers: Collection[str]) -> Iterator[str]:
    """Remove what nobody needs any more, and say what it was, each in a few words.

    That is: containers whose builder is gone, copies of images other than those of these hashes, and the caches of
    compilers other than these versions. What is in use stays, and so do containers of builders on other machines: they end by themselves.
    """
    with engine.speaking():
        containers: list[dict[str, Any]] = engine.api.containers(all=True, filters=_FILTER)
    for found in containers:
        if _abandoned(found):
            name = found["Names"][0].removeprefix("/")
            remove = partial(engine.api.remove_container, found["Id"], force=True)
            yield from _tried(engine, f"container {name}", remove)
    with engine.speaking():
        kept: list[dict[str, Any]] = engine.api.images(filters=_FILTER)
    for image in kept:
        if image["Labels"][LABEL] not in images:
            name = (image.get("RepoTags") or [image["Id"]])[0]
            yield from _tried(engine, f"image {name}", partial(engine.api.remove_image, name))
    with engine.speaking():
        volumes: list[dict[str, Any]] = engine.api.volumes(filters=_FILTER).get("Volumes") or []
    caches = {cache_volume(compiler) for compiler in compilers}
    for volume in volumes:
        name = volume["Name"]
        if name not in caches:
            yield from _tried(engine, f"volume {name}", partial(engine.api.remove_volume, name))


def _abandoned(found: dict[str, Any]) -> bool:
    """Whether a container has ended or never started, or its builder was on this machine and is no more."""
    machine, _, pid = found["Labels"].get(OWNER, "").rpartition(":")
    return machine == socket.gethostname() and not (pid.isdecimal() and is_running(int(pid)))


def _tried(engine: Engine, what: str, remove: Callable[[], object]) -> Iterator[str]:
    """What was removed; nothing if it is in use, or if somebody else has just removed it."""
    with engine.speaking():
        try:
            remove()
        except NotFound:
            return
        except APIError as error:
            if error.status_code != _IN_USE:
                raise
            return
    yield what
