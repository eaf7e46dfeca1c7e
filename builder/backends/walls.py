"""What shuts a container off and bounds it: in the words of Linux, and of FreeBSD where a container is a jail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_VNET = {"org.freebsd.jail.vnet": "new"}
"""podman's "no network" gives a jail no network stack of its own, and ocijail then lets it use that of its host.

With a stack of its own there is nothing in it but lo0, which has no address before somebody gives it one. podman hands
annotations of its API to ocijail from version 5.1 on.
"""
_FIRST = r"""
if test "$(sysctl -n security.jail.vnet)" != 1; then
  echo 'it is given the network of its host'
  exit 1
fi
exec ifconfig lo0 inet 127.0.0.1/8 up
"""
_GUARD = """
umask 022
{{
  ulimit -c 0
  ulimit -t {seconds}
  ulimit -u {processes}
  ulimit -v {kilobytes}
}} 2>/dev/null
exec proccontrol -m nonewprivs -s enable "$@"
"""
"""Nothing but the shell knows limits on FreeBSD: ocijail has none for a jail (its issue 16), nor umask and capabilities."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walls:
    """How a container is asked for, and what is done in it."""

    host: Mapping[str, Any]
    """Arguments of docker's `create_host_config`."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    first: str = ""
    """A script that root runs in it before anything else; it fails, saying why, if the container is not shut off."""
    guard: tuple[str, ...] = ()
    """The words that begin every command."""

    def guarded(self, argv: Sequence[str]) -> list[str]:
        """The words of a command with its guard."""
        return [*self.guard, *argv]


def walls(system: str, folders: Sequence[str], *, memory: int, processes: int, seconds: int) -> Walls:
    """For a container on "linux" or "freebsd" that may write to `folders` in memory and nowhere else.

    `memory` is in bytes: of all its processes and files together on Linux; on FreeBSD of the files in each folder, and
    each process has twice as many addresses, which it need not fill. `processes` may run at once; on FreeBSD they are those of its user on the whole machine. `seconds`
    are the processor's, of each process, and known to FreeBSD alone.
    """
    everywhere = {"network_mode": "none", "read_only": True, "auto_remove": True}
    if system == "freebsd":
        tmpfs = dict.fromkeys(folders, f"exec,mode=1777,size={memory}")
        script = _GUARD.format(seconds=seconds, processes=processes, kilobytes=2 * memory >> 10)
        return Walls(
            host={**everywhere, "tmpfs": tmpfs},
            annotations=_VNET,
            first=_FIRST,
            guard=("sh", "-c", script, "sh"),
        )
    return Walls(
        host={
            **everywhere,
            "tmpfs": dict.fromkeys(folders, "exec,mode=1777"),
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "mem_limit": memory,
            "memswap_limit": memory,
            "pids_limit": processes,
            "ulimits": [{"name": "core", "soft": 0, "hard": 0}],
        }
    )
