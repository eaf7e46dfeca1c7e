"""Reaching an engine on another machine: its socket brought here by ssh, as a file of ours.

docker's own way over ssh needs a second implementation of ssh (paramiko) to be installed, and a docker command on the
other machine, which a host with podman alone does not have.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from builder import process
from builder.errors import BackendError, UsageError
from builder.temporary import temporary_folder

_SHORT = Path("/tmp")  # noqa: S108 - only a new folder of ours in it
SSH = "ssh://"
_SOCKET = "/var/run/docker.sock"
"""Where Docker listens if the URL does not say otherwise."""
_PATIENCE = 60.0
"""Seconds that ssh may take to log in."""
_POLL = 0.02
_OPTIONS = (
    *("-T", "-o", "BatchMode=yes", "-o", "ExitOnForwardFailure=yes"),
    # Of our own and of nobody else's session: it is to end with us.
    *("-o", "ControlMaster=no", "-o", "ControlPath=none"),
)


@contextmanager
def tunnel(url: str) -> Iterator[str]:
    """The URL here of the engine at ssh://[USER@]HOST[:PORT][/path/of/its/socket], as long as the context lasts.

    BackendError, with what ssh says, if it cannot log in; UsageError for a URL without a host.
    """
    parts = urlsplit(url)
    if not parts.hostname or parts.hostname.startswith("-"):
        raise UsageError(
            f"{url} names no host.", hint="Like ssh://USER@HOST or ssh://USER@HOST/run/podman/podman.sock"
        )
    ssh = process.require_program(
        "ssh", package="openssh-client", path=os.environ.get("PATH", process.SYSTEM_PATH)
    )
    # Not where TMPDIR says: the path of a socket may have no more than 107 characters.
    with temporary_folder("ssh", where=_SHORT) as folder, ExitStack() as stack:
        here = folder / "engine.sock"
        said = folder / "said"
        words = [
            os.fspath(ssh),
            *_OPTIONS,
            *("-L", f"{here}:{parts.path.rstrip('/') or _SOCKET}"),
            *(("-p", str(parts.port)) if parts.port else ()),
            *(("-l", parts.username) if parts.username else ()),
            *("--", parts.hostname),
            # It ends when its input does: with us, even if we are killed, and with it the connection.
            "cat",
        ]
        theirs, _ours = process.pipe(stack)
        with said.open("wb") as log:
            descriptors = {0: theirs.fileno(), 1: log.fileno(), 2: log.fileno()}
            # The user's own environment: the agent with their keys is found through it.
            running = stack.enter_context(process.start(words, descriptors=descriptors, env=os.environ))
        _await(here, running, said, url)
        yield f"unix://{here}"


def _await(socket: Path, running: process.Running, said: Path, url: str) -> None:
    """Wait until ssh listens at `socket`."""
    end = time.monotonic() + _PATIENCE
    while not socket.exists():
        if running.wait(_POLL) is None and time.monotonic() < end:
            continue
        lines = said.read_text(errors="replace").strip().splitlines()
        why = lines[-1].rstrip(".") if lines else "it does not answer"
        raise BackendError(
            f"The engine ({url}) cannot be reached: {why}.",
            hint=f"Does `ssh {urlsplit(url).netloc} true` work without being asked for anything?",
        )
