"""Speaking to a container engine: Docker, or podman's service. The files of this room that import docker begin here."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import TypeVar

import docker
import requests
from docker.errors import APIError, DockerException
from docker.tls import TLSConfig
from docker.utils import kwargs_from_env
from docker.utils.socket import SocketError

from builder.backends.contexts import current_name, read_context
from builder.backends.machine import Machine
from builder.backends.tunnel import SSH, tunnel
from builder.errors import BackendError
from builder.toolchains.platforms import debian_arch

LABEL = "org.qmail-builder"
"""What every container, image and volume of ours is marked with."""
_OLDEST_API = (1, 40)
"""Of Docker 19.03, the first with all that is asked for here; podman's service speaks 1.40 and 1.41."""
_SECONDS = 120
"""To wait for an answer: an engine on a busy machine may take long to make a container."""

Piece = TypeVar("Piece")


@dataclass(frozen=True, slots=True)
class Engine:
    """A connection to an engine. `shown` is what messages call it."""

    api: docker.APIClient
    shown: str

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """What goes wrong with the engine inside, as a BackendError that says so. Nothing but calls of `api` belong in it."""
        try:
            yield
        except APIError as error:
            why = (error.explanation or str(error)).strip().rstrip(".")
            raise BackendError(f"The engine ({self.shown}) refuses: {why}.", hint=_hint(why)) from error
        except (DockerException, requests.RequestException, SocketError, OSError) as error:
            raise _away(self.shown, error) from error

    def each(self, pieces: Iterable[Piece]) -> Iterator[Piece]:
        """What the engine sends, piece by piece."""
        pending = iter(pieces)
        while True:
            with self.speaking():
                piece = next(pending, None)
            if piece is None:
                return
            yield piece

    def version(self) -> str:
        """Its version and machine, in words."""
        with self.speaking():
            said = self.api.version()
        return f"version {said['Version']} ({said['Os']}, {said['Arch']})"

    def machine(self) -> Machine:
        """Where its containers run."""
        with self.speaking():
            said = self.api.version()
        return Machine(os=str(said["Os"]).lower(), arch=debian_arch(str(said["Arch"])))


@contextmanager
def connected(engine: str | None) -> Iterator[Engine]:
    """The engine of the URL or docker context `engine`, else of DOCKER_HOST, else of docker's current context.

    BackendError if it is away, may not be used or is too old.
    """
    address = _address(engine)
    with ExitStack() as stack:
        url = stack.enter_context(tunnel(address.url)) if address.url.startswith(SSH) else address.url
        try:
            api = docker.APIClient(base_url=url, version="auto", timeout=_SECONDS, tls=address.tls)
        except (DockerException, requests.RequestException, OSError, ValueError) as error:
            raise _away(address.shown, error) from error
        stack.enter_context(closing(api))
        _require_new_enough(str(api.api_version), address.shown)
        yield Engine(api, address.shown)


def machine_of(engine: str | None) -> Machine:
    """Where the containers of an engine run, named as for `connected`. BackendError if it cannot be used now."""
    with connected(engine) as found:
        return found.machine()


@dataclass(frozen=True, slots=True)
class _Address:
    url: str
    shown: str
    tls: TLSConfig | bool = False


def _address(engine: str | None) -> _Address:
    if engine and "://" in engine:
        return _Address(engine, engine)
    if engine is None and os.environ.get("DOCKER_HOST"):
        settings = kwargs_from_env()
        return _Address(settings["base_url"], os.environ["DOCKER_HOST"], settings.get("tls", False))
    name = engine or current_name()
    context = read_context(name)
    if context is None:
        raise BackendError(
            f"There is no docker context {name!r}, and it is no URL either.",
            hint="Like unix:///run/docker.sock, tcp://HOST:2376 or ssh://USER@HOST; `docker context ls` shows the contexts.",
        )
    return _Address(context.host, f"docker context {name}", context.tls)


def _require_new_enough(version: str, shown: str) -> None:
    if tuple(int(part) for part in version.split(".")) < _OLDEST_API:
        oldest = ".".join(map(str, _OLDEST_API))
        raise BackendError(
            f"The engine ({shown}) is too old: it speaks version {version} of the API, and {oldest} is needed.",
            hint="Docker 19.03 and podman 3.0 are new enough.",
        )


def _away(shown: str, error: Exception) -> BackendError:
    return BackendError(f"The engine ({shown}) does not answer: {_reason(error)}.", hint=_hint(str(error)))


def _reason(error: Exception) -> str:
    """The innermost cause, which says it shortest: "Permission denied", "No such file or directory"."""
    cause: BaseException = error
    while (inner := cause.__cause__ or cause.__context__) is not None:
        cause = inner
    return (getattr(cause, "strerror", None) or str(cause)).strip().rstrip(".")


def _hint(why: str) -> str:
    if "ermission denied" in why:
        return "Your user may not use it: join its group (docker), use podman without root, or --backend sandbox."
    if "no space left" in why.lower():
        return "Make room where the engine keeps its data."
    return (
        "Is it running? DOCKER_HOST or --engine says where it is; --backend sandbox or local needs none. "
        "Then run this again."
    )
