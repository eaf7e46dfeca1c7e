"""A base that the user brings with --from: an archive, a folder, a git repository, or the URL of one of them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from builder.console import Progress
from builder.errors import SourceError
from builder.recipes.model import Base
from builder.sources.archive import MAX_ARCHIVE, SUFFIXES, unpack
from builder.sources.git import fetch_commit, is_repository
from builder.sources.patience import Patience
from builder.sources.store import Store, sha256_of
from builder.sources.tree import Tree


def is_url(given: str) -> bool:
    """Whether it names something elsewhere: https://…, ssh://…, or git's own user@host:path."""
    host = given.partition(":")[0]
    return "://" in given or (":" in given and "@" in host and "/" not in host)


def bring(
    base: Base, given: str, *, store: Store, scratch: Path, progress: Progress, patience: Patience
) -> tuple[Tree, bool]:
    """The tree that is at `given`, and whether its bytes are known to be the base's by SHA256 or commit id already.

    SourceError says what is wrong with it.
    """
    if is_url(given):
        if given.startswith(("http://", "https://")) and urlsplit(given).path.endswith(SUFFIXES):
            return _archive_at(base, given, store, progress, patience)
        return _repository(base, given, scratch, patience)
    path = Path(given).absolute()
    if path.is_dir():
        if base.git is not None and is_repository(path):
            return _repository(base, str(path), scratch, patience)
        return _folder(base, path), False
    try:
        if path.exists() and path.stat().st_size > MAX_ARCHIVE:
            raise SourceError(f"it has more than {MAX_ARCHIVE} bytes")
        return _unpacked(base, path.read_bytes())
    except OSError as error:
        raise SourceError(f"it cannot be read: {error.strerror}") from error


def _archive_at(
    base: Base, url: str, store: Store, progress: Progress, patience: Patience
) -> tuple[Tree, bool]:
    # Only here, because it takes longer to load than a run with a full store.
    from builder.sources.download import download, download_unknown

    if base.tarball is not None and url.endswith(f"/{base.tarball.file_name}"):
        archive = download(url, base.tarball, store=store, progress=progress, patience=patience)
    else:
        archive = download_unknown(url, progress=progress, patience=patience)
    return _unpacked(base, archive)


def _unpacked(base: Base, archive: bytes) -> tuple[Tree, bool]:
    """The archive may also be one that somebody packed anew; then only its tree can be right."""
    found = sha256_of(archive)
    drop = base.tarball.drop if base.tarball is not None else ()
    if base.tarball is not None and found == base.tarball.sha256:
        return unpack(archive, top=base.tarball.top, drop=drop), True
    expected = f", expected {base.tarball.sha256} ({base.tarball.size} bytes)" if base.tarball else ""
    sums = f"SHA256 {found} ({len(archive)} bytes){expected}"
    try:
        tree = unpack(archive, drop=drop)
    except SourceError as error:
        raise SourceError(f"{error.what}; {sums}") from error
    if tree.digest != base.tree:
        raise SourceError(f"wrong bytes: {sums}; {mismatch(base, tree)}")
    return tree, False


def _repository(base: Base, url: str, scratch: Path, patience: Patience) -> tuple[Tree, bool]:
    if base.git is None:
        raise SourceError(f"it is no archive ({', '.join(SUFFIXES)}), and {base.name} names no commit of git")
    source = msgspec.structs.replace(base.git, url=url)
    return fetch_commit(source, scratch=scratch, seconds=patience.git), True


def _folder(base: Base, path: Path) -> Tree:
    try:
        tree = Tree.read(path)
    except OSError as error:
        raise SourceError(f"{error.filename} cannot be read: {error.strerror}") from error
    return tree.without(base.tarball.drop) if base.tarball is not None else tree


def mismatch(base: Base, tree: Tree) -> str:
    """How the tree differs from what the base's file promises, in words."""
    expected = f"expected {base.tree}" if base.tree else "and there is none to compare it with"
    return f"its tree of {len(tree)} files has the digest {tree.digest}, {expected}"
