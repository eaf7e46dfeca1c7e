"""The search for one base: the store first, then the tarball's mirrors, then git.

What the user brings (--from) goes before them all: it is taken or it is an error, never passed over. Whatever the
source, the tree's known digest decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from builder.console import Progress
from builder.errors import SourceError
from builder.recipes.model import Base
from builder.sources.archive import unpack
from builder.sources.git import fetch_commit
from builder.sources.given import bring, is_url, mismatch
from builder.sources.mirrors import from_mirrors
from builder.sources.patience import Patience
from builder.sources.store import Store, StoreError, sha256_of
from builder.sources.tree import Tree


@dataclass(slots=True, kw_only=True)
class Hunt:
    """The search for one base, with what was tried so far."""

    base: Base
    store: Store
    offline: bool
    progress: Progress
    patience: Patience
    stop: Callable[[], bool] | None
    tried: list[str] = field(default_factory=list)

    def find(self) -> Tree:
        """The base from the store, or else from where its file says."""
        tree = self._stored() or self._from_archive()
        if tree is not None:
            return tree
        if self.offline:
            self.tried += [f"{source}: not tried, because of --offline" for source in self._sources()]
            raise self._failure()
        with self.store.locked(f"base-{self._key()}", self._waiting) as scratch:
            tree = self._stored() or self._from_mirrors() or self._from_git(scratch)
            if tree is None:
                raise self._failure()
            return tree

    def take(self, given: str) -> Tree:
        """The base from where the user says, and from nowhere else."""
        if self.offline and is_url(given):
            raise SourceError(f"--from {given} needs the network, which --offline forbids.")
        with self.store.locked(f"base-{self._key()}", self._waiting) as scratch:
            try:
                tree, proven = bring(
                    self.base,
                    given,
                    store=self.store,
                    scratch=scratch,
                    progress=self.progress,
                    patience=self.patience,
                )
                return self._kept(tree, proven=proven)
            except StoreError:
                raise
            except SourceError as error:
                raise SourceError(
                    f"{given} is not {self.base.name}: {error.what}.", hint=error.hint or self._how_to_bring()
                ) from error

    def _stored(self) -> Tree | None:
        digest = self.base.tree or self.store.named(self._key())
        return None if digest is None else self.store.tree(digest)

    def _from_archive(self) -> Tree | None:
        """From a tarball that an earlier run has downloaded, if its tree was lost."""
        where, tarball = f"store {self.store.folder}", self.base.tarball
        archive = self.store.archive(tarball.sha256) if tarball is not None else None
        if tarball is None or archive is None:
            self.tried.append(f"{where}: it is not there")
            return None
        try:
            return self._kept(unpack(archive, top=tarball.top, drop=tarball.drop), proven=True)
        except StoreError:
            raise
        except SourceError as error:
            self._failed(where, error)
        return None

    def _from_mirrors(self) -> Tree | None:
        tarball = self.base.tarball
        if tarball is None:
            return None
        return from_mirrors(
            self.base.name,
            tarball,
            lambda archive: self._kept(unpack(archive, top=tarball.top, drop=tarball.drop), proven=True),
            store=self.store,
            progress=self.progress,
            patience=self.patience,
            tried=self.tried,
        )

    def _from_git(self, scratch: Path) -> Tree | None:
        source = self.base.git
        if source is None:
            return None
        where = f"git {source.url} {source.commit}"
        self.progress.step(f"fetching {self.base.name} with {where}")
        try:
            tree = fetch_commit(source, scratch=scratch, seconds=self.patience.git, stop=self.stop)
            return self._kept(tree, proven=True)
        except StoreError:
            raise
        except SourceError as error:
            self._failed(where, error)
        return None

    def _kept(self, tree: Tree, *, proven: bool) -> Tree:
        """The tree, checked and put into the store. `proven`: a SHA256 or commit id vouches for it."""
        if not tree:
            raise SourceError("it has no files")
        if self.base.tree is not None and tree.digest != self.base.tree:
            raise SourceError(mismatch(self.base, tree))
        if self.base.tree is None and not proven:
            raise SourceError(
                f"nothing is known to check it by; its digest is {tree.digest}",
                hint=f'If you trust it, say so in bases/{self.base.name}.toml: tree = "{tree.digest}"',
            )
        self.store.keep_tree(tree)
        if self.base.tree is None:
            self.store.name(self._key(), tree.digest)
        return tree

    def _key(self) -> str:
        """What the base is known by in the store, whatever its name: its tree's digest, or else its sources."""
        if self.base.tree is not None:
            return self.base.tree.removeprefix("sha256:")
        return sha256_of(msgspec.json.encode((self.base.tarball, self.base.git)))

    def _sources(self) -> list[str]:
        urls = list(self.base.tarball.urls) if self.base.tarball is not None else []
        git = self.base.git
        return urls if git is None else [*urls, f"git {git.url} {git.commit}"]

    def _failed(self, where: str, error: SourceError) -> None:
        self.tried.append(f"{where}: {error.what}")
        self.progress.step(f"{self.base.name}: {self.tried[-1]}")

    def _waiting(self) -> None:
        self.progress.step(f"waiting for another run that fetches {self.base.name}")

    def _failure(self) -> SourceError:
        listed = "".join(f"\n  {line}" for line in self.tried)
        return SourceError(f"{self.base.name} is not to be had. Tried:{listed}", hint=self._how_to_bring())

    def _how_to_bring(self) -> str:
        kinds = []
        tarball, git = self.base.tarball, self.base.git
        if tarball is not None:
            kinds.append(
                f"{tarball.file_name} ({tarball.size} bytes, SHA256 {tarball.sha256}), also unpacked"
            )
        elif self.base.tree is not None:
            kinds.append("an archive or folder of its files")
        if git is not None:
            kinds.append(f"a git repository that has the commit {git.commit}")
        return (
            f"Bring it: qmail-builder fetch {self.base.name} --from PATH|URL\n"
            f"which may be {', or '.join(kinds)}."
        )
