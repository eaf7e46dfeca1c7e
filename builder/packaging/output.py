"""The output folder, written all at once: files gather in a hidden folder in it and are moved into place at the end.

The folder keeps what is not ours. manifest.json goes first when a build is replaced and comes last: a folder that has
one is complete. Two builds into one folder take turns.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from builder.console import Progress
from builder.errors import PackageError
from builder.packaging.manifest import MANIFEST

PATIENCE = 600.0
"""Seconds to wait for another build: longer than a build with all its checks takes."""

_STAGE = ".qmail-builder-"
_LOCK = ".qmail-builder.lock"
_POLL = 0.2
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


class Output:
    """Takes the files of one build."""

    def __init__(self, folder: Path, stage: Path) -> None:
        self.folder = folder
        """Where the files will be in the end."""
        self._stage = stage

    def add(self, name: str, data: bytes) -> None:
        """Put in a file; `name` may have folders. PackageError if there is no room for it."""
        path = self._stage / name
        with _explained(self.folder):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                file.write(data)
                file.flush()
                # A disk may say only now that it is full.
                os.fsync(file.fileno())

    def publish(self) -> None:
        """Move everything into place. `output_folder` calls this."""
        names = [path.relative_to(self._stage) for path in self._stage.rglob("*") if path.is_file()]
        with _explained(self.folder):
            (self.folder / MANIFEST).unlink(missing_ok=True)
            for name in sorted(names, key=lambda name: (name == Path(MANIFEST), name)):
                target = self.folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                (self._stage / name).replace(target)


def require_writable(folder: Path) -> None:
    """PackageError if an output folder could not be written now: better said before a long build than after it."""
    with _explained(folder):
        first = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        tempfile.TemporaryDirectory(prefix=_STAGE, dir=first).cleanup()


@contextmanager
def output_folder(folder: Path, *, progress: Progress, patience: float = PATIENCE) -> Iterator[Output]:
    """Open an output folder, which is made if need be, and fill it if the block ends without an error.

    Otherwise it stays as it was. Waits up to `patience` seconds for another build into the same folder.
    PackageError if the folder cannot be written, or if it is still in use then.
    """
    made = False
    try:
        with _explained(folder):
            made = not folder.exists()
            lock = _locked(folder, progress, patience)
        try:
            output = Output(folder, _new_stage(folder))
            yield output
            output.publish()
        finally:
            _sweep(folder)
            _unlock(folder, lock)
    except BaseException:
        if made:
            with suppress(OSError):
                folder.rmdir()
        raise


def _new_stage(folder: Path) -> Path:
    _sweep(folder)
    with _explained(folder):
        return Path(tempfile.mkdtemp(prefix=_STAGE, dir=folder))


def _locked(folder: Path, progress: Progress, patience: float) -> int:
    """The descriptor of the folder's lock file once it is ours."""
    end = time.monotonic() + patience
    lock = _try_lock(folder)
    if lock is None:
        progress.step(f"waiting for another build into {folder}")
    while lock is None:
        if time.monotonic() >= end:
            raise PackageError(
                f"Another build has been writing into {folder} for {patience:.0f} seconds.",
                hint="Wait for it or stop it, or choose another folder with --out.",
            )
        time.sleep(_POLL)
        lock = _try_lock(folder)
    return lock


def _try_lock(folder: Path) -> int | None:
    """The locked lock file, or None while another build has it. It is a file since NFS cannot lock a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _LOCK
    try:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except FileNotFoundError:
        return None  # a build that failed has just taken the folder away
    with suppress(BlockingIOError, FileNotFoundError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # A build that ends removes the file: a lock on one that is no longer there keeps nobody out.
        if os.path.samestat(os.fstat(lock), path.stat()):
            return lock
    os.close(lock)
    return None


def _unlock(folder: Path, lock: int) -> None:
    with suppress(OSError):
        (folder / _LOCK).unlink()
    os.close(lock)


def _sweep(folder: Path) -> None:
    """Remove what builds left that were killed; only for who holds the lock."""
    for stage in folder.glob(f"{_STAGE}*"):
        shutil.rmtree(stage, ignore_errors=True)


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    """Errors of the system in one line that says which folder and what to do."""
    try:
        yield
    except OSError as error:
        why = "it is a file" if isinstance(error, FileExistsError) else error.strerror
        first = "Make room there" if error.errno in _NO_SPACE else "Make it writable"
        raise PackageError(
            f"The output folder {folder} cannot be written: {why}.",
            hint=f"{first} or choose another folder with --out, then run this again.",
        ) from error
