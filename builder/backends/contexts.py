"""docker's contexts: names for engines, as its own command keeps them on disk.

Read here, because docker's library finds none of them before its command has written a config.json, too.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker.tls import TLSConfig

_DEFAULT = "default"
_LOCAL = "unix:///var/run/docker.sock"


@dataclass(frozen=True, slots=True)
class Context:
    """Where an engine is, and the certificates for it."""

    host: str
    tls: TLSConfig | bool = False


def current_name() -> str:
    """The context that docker would use if nothing else says which engine."""
    settings = _read(_folder() / "config.json")
    return os.environ.get("DOCKER_CONTEXT") or str(settings.get("currentContext") or _DEFAULT)


def read_context(name: str) -> Context | None:
    """The context of this name, None if there is none. "default" is the engine of this machine."""
    if name == _DEFAULT:
        return Context(_LOCAL)
    digest = hashlib.sha256(name.encode()).hexdigest()
    endpoint = (
        _read(_folder() / "contexts/meta" / digest / "meta.json").get("Endpoints", {}).get("docker", {})
    )
    if not endpoint.get("Host"):
        return None
    certificates = _folder() / "contexts/tls" / digest / "docker"
    ca, cert, key = (certificates / name for name in ("ca.pem", "cert.pem", "key.pem"))
    if not ca.exists():
        return Context(endpoint["Host"])
    tls = TLSConfig(
        client_cert=(str(cert), str(key)) if cert.exists() else None,
        ca_cert=str(ca),
        verify=not endpoint.get("SkipTLSVerify", False),
    )
    return Context(endpoint["Host"], tls)


def _folder() -> Path:
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")


def _read(path: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        value = json.loads(path.read_bytes())
        if isinstance(value, dict):
            return value
    return {}
