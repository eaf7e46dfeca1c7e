"""What was fetched once: a folder of archives and trees under their own SHA256, shared by all runs on a machine.

Nothing is ever changed in place: an entry is written beside and renamed, so that a killed run leaves nothing half
done, and it is verified whenever it is read, so that a damaged one is set aside and fetched anew. Who makes an entry
holds its lock; a second run waits for it and then finds the entry made.

    trees/<sha256>      a packed tree (Tree.pack); the name is the digest of the tree
    archives/<sha256>   a tarball as it was downloaded
    names/<sha256>      the digest of the tree that a base's sources gave, for bases that do not say it
    parts/<sha256>      a download that is not finished
    aside/              what had the wrong hash, for inspection
    locks/, scratch/    one file and one working folder for whoever holds the lock
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from builder.errors import SourceError
from builder.sources.tree import Tree

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def default_store() -> Path:
    """The user's store: $QMAIL_BUILDER_STORE, or qmail-builder in $XDG_CACHE_HOME or ~/.cache."""
    own = os.environ.get("QMAIL_BUILDER_STORE")
    if own:
        return Path(own).absolute()
    # The XDG specification says that a relative path there is to be ignored.
    cache = os.environ.get("XDG_CACHE_HOME", "")
    try:
        root = Path(cache) if cache.startswith("/") else Path.home() / ".cache"
    except RuntimeError as error:
        raise SourceError(
            f"There is no place for the store: {error}", hint="Set QMAIL_BUILDER_STORE to a folder."
        ) from error
    return root / "qmail-builder"


def sha256_of(data: bytes) -> str:
    """SHA256 in hex."""
    return hashlib.sha256(data).hexdigest()


class StoreError(SourceError):
    """The store itself cannot be used: no other source can help."""


class Store:
    """The store in `folder`, which is made when something is first kept. Its methods raise StoreError."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def tree(self, digest: str) -> Tree | None:
        """The tree with this digest ("sha256:…"), or None."""
        packed = self._verified("trees", digest.removeprefix("sha256:"))
        return None if packed is None else Tree.unpack(packed)

    def keep_tree(self, tree: Tree) -> None:
        self._write(self.folder / "trees" / tree.digest.removeprefix("sha256:"), tree.pack())

    def archive(self, sha256: str) -> bytes | None:
        """The archive with this SHA256, or None."""
        return self._verified("archives", sha256)

    def keep_archive(self, part: Path, sha256: str) -> None:
        """Make the finished and verified download `part` the archive with this SHA256."""
        with self._explained():
            target = self.folder / "archives" / sha256
            target.parent.mkdir(parents=True, exist_ok=True)
            part.replace(target)

    def part(self, sha256: str) -> Path:
        """Where an unfinished download of the archive with this SHA256 is. Hold the lock of that archive."""
        with self._explained():
            path = self.folder / "parts" / sha256
            path.parent.mkdir(parents=True, exist_ok=True)
            return path

    def named(self, key: str) -> str | None:
        """The digest of the tree that was kept under a name, or None."""
        try:
            digest = (self.folder / "names" / key).read_text()
        except OSError:
            return None
        return digest if _DIGEST.fullmatch(digest) else None

    def name(self, key: str, digest: str) -> None:
        self._write(self.folder / "names" / key, digest.encode())

    def set_aside(self, path: Path, name: str) -> Path:
        """Move a file that has the wrong hash to where it can be inspected, and say where that is."""
        with self._explained():
            target = self.folder / "aside" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            # Another run that found the same damage may have moved it first.
            with suppress(FileNotFoundError):
                path.replace(target)
            return target

    @contextmanager
    def locked(self, key: str, waiting: Callable[[], None] | None = None) -> Iterator[Path]:
        """Hold the lock `key` and give an empty folder to work in, which is removed at the end.

        `waiting` is called if another run holds the lock. The lock ends with the process, however that ends; what a
        killed run left in the folder is removed by the next one.
        """
        scratch = self.folder / "scratch" / key
        with self._explained():
            lock_file = self.folder / "locks" / key
            lock_file.parent.mkdir(parents=True, exist_ok=True)
            lock = lock_file.open("ab")
        with lock:
            self._acquire(lock.fileno(), waiting)
            with self._explained():
                shutil.rmtree(scratch, ignore_errors=True)
                scratch.mkdir(parents=True)
            try:
                yield scratch
            finally:
                shutil.rmtree(scratch, ignore_errors=True)

    def _acquire(self, lock: int, waiting: Callable[[], None] | None) -> None:
        with self._explained():
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if waiting is not None:
                    waiting()
                fcntl.flock(lock, fcntl.LOCK_EX)

    def _verified(self, kind: str, sha256: str) -> bytes | None:
        path = self.folder / kind / sha256
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failure(error) from error
        if sha256_of(data) == sha256:
            return data
        self.set_aside(path, f"damaged-{kind}-{sha256}")
        return None

    def _write(self, path: Path, data: bytes) -> None:
        with self.locked(f"{path.parent.name}-{path.name}") as scratch, self._explained():
            path.parent.mkdir(exist_ok=True)
            fresh = scratch / path.name
            fresh.write_bytes(data)
            fresh.replace(path)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._failure(error) from error

    def _failure(self, error: OSError) -> StoreError:
        where = error.filename or self.folder
        return StoreError(
            f"The store {self.folder} cannot be used: {where}: {error.strerror}.",
            hint="Make room or set its rights, or set QMAIL_BUILDER_STORE to another folder.",
        )
