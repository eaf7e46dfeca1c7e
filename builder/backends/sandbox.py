"""Running a build's programs in a sandbox without any engine: no network, the system read-only, a /tmp of their own.

bubblewrap makes it, with or without root. What can be seen in it is the system's programs and libraries, the
compiler, and the folder that is worked in; homes, other builds and other processes are not there.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from builder import process
from builder.backends.backend import SHELL, shell_environment
from builder.backends.programs import program_folder
from builder.errors import BackendError
from builder.process import Finished
from builder.toolchains.platforms import Platform
from builder.toolchains.toolchain import Toolchain, toolchain_for

NAME = "sandbox"
_PROGRAM = "bwrap"
_PACKAGE = "bubblewrap"
_TMP = "/tmp"  # noqa: S108 - that of the sandbox, which nobody else sees

_APART = ("--unshare-all", "--die-with-parent", "--cap-drop", "ALL")
_SESSION = "--new-session"
_OF_THE_SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
"""Folders of programs and libraries: links into /usr on most systems, folders on others."""
_SETTINGS = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d")
"""What programs and the dynamic linker are found through."""


class Sandbox:
    """A toolchain's programs in the sandbox; each `run` is one of its own."""

    name = NAME

    def __init__(self, program: Path, toolchain: Toolchain, bin_folder: Path) -> None:
        self._program = program
        self._toolchain = toolchain
        self._bin = bin_folder

    def run(
        self,
        argv: Sequence[str],
        *,
        folder: Path,
        timeout: float | None = None,
        environment: Mapping[str, str] | None = None,
        on_line: Callable[[bytes], None] | None = None,
        reads: Sequence[Path] = (),
    ) -> Finished:
        words = [*self.command(folder.absolute(), reads), _SESSION, "--", *argv]
        env = self._environment(environment or {})
        return _as_ended(process.run(words, env=env, timeout=timeout, on_line=on_line))

    def shell(self, *, folder: Path, prompt: str, reads: Sequence[Path] = ()) -> int:
        # No session of its own inside: it has one already, with the terminal that Ctrl-C needs.
        words = [*self.command(folder.absolute(), reads), "--", *SHELL]
        return process.in_terminal(words, env=self._environment(shell_environment(prompt)))

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        return process.clean_environment(
            {
                "PATH": f"{self._bin}:{process.SYSTEM_PATH}",
                "TMPDIR": _TMP,
                **self._toolchain.environment,
                **more,
            }
        )

    def command(self, folder: Path, reads: Sequence[Path] = ()) -> list[str]:
        """bubblewrap's words for a sandbox that works in `folder`, up to the program to run in it."""
        toolchain = self._toolchain
        for written in toolchain.writes:
            written.mkdir(parents=True, exist_ok=True)
        seen = (self._bin, *toolchain.reads, *reads)
        return [
            os.fspath(self._program),
            *_APART,
            *_system(),
            *("--proc", "/proc", "--dev", "/dev", "--tmpfs", _TMP),
            *(word for path in seen for word in _bound("--ro-bind", path)),
            *(word for path in (*toolchain.writes, folder) for word in _bound("--bind", path)),
            *("--remount-ro", "/"),
            *("--chdir", os.fspath(folder)),
        ]


def _as_ended(finished: Finished) -> Finished:
    """What bubblewrap says as a shell does, 128 and the signal, as elsewhere: a signal is negative."""
    signals = {128 + number: -number for number in signal.valid_signals()}
    return replace(finished, returncode=signals.get(finished.returncode, finished.returncode))


@dataclass(frozen=True, slots=True)
class SandboxOpener:
    """A sandbox on this machine. BackendError when it is opened where none can be made."""

    name: str = NAME
    here: bool = True

    def toolchain(self, platform: Platform, cache: Path) -> Toolchain:
        return toolchain_for(platform, cache)

    @contextmanager
    def open(self, toolchain: Toolchain) -> Iterator[Sandbox]:
        why = why_not()
        if why:
            raise BackendError(f"There can be no sandbox here: {why}.", hint="Use --backend local.")
        with program_folder(toolchain) as folder:
            yield Sandbox(_found(), toolchain, folder)


@cache
def why_not() -> str:
    """What keeps this machine from making a sandbox; empty if nothing does."""
    program = process.find_program(_PROGRAM)
    if program is None:
        return f"{_PROGRAM} is missing (apt-get install {_PACKAGE})"
    tried = process.run([program, *_APART, *_system(), "--", "/bin/true"], timeout=10)
    last = tried.text.strip().splitlines()[-1:] or [tried.how]
    return "" if tried.ok else f"{_PROGRAM} says: {last[0]}"


def _found() -> Path:
    return process.require_program(_PROGRAM, package=_PACKAGE)


@cache
def _system() -> tuple[str, ...]:
    """The words that show the system's programs and libraries, read-only."""
    words = ["--ro-bind", "/usr", "/usr"]
    for name in _OF_THE_SYSTEM:
        path = Path(name)
        if path.is_symlink():
            words += ["--symlink", os.fspath(path.readlink()), name]
        elif path.is_dir():
            words += ["--ro-bind", name, name]
    for name in _SETTINGS:
        words += ["--ro-bind-try", name, name]
    return tuple(words)


def _bound(how: str, path: Path) -> tuple[str, str, str]:
    """A folder at the path that it has outside: messages and logs then say the same in every backend."""
    return (how, os.fspath(path.resolve()), os.fspath(path.absolute()))
