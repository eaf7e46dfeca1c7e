"""What a recipe, a patch and a base file may say: the TOML of users as frozen, validated values.

The field names, with `-` for `_`, are the keys of the files; the docstrings become the descriptions of the JSON Schema.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Commit = Annotated[str, Meta(pattern=r"^[0-9a-f]{40}$")]
TreeDigest = Annotated[str, Meta(pattern=r"^sha256:[0-9a-f]{64}$")]
ConfName = Annotated[str, Meta(pattern=r"^conf-[a-z0-9-]+$")]
PackageFormat = Literal["tar", "deb", "pkg"]
Profile = Literal["release", "debug", "sanitize"]


class _Described(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """What all the values of the files share: immutable, unknown keys are errors, keys with dashes."""


class Limits(_Described, frozen=True, kw_only=True):
    """What bounds conf-spawn in a tree. A patch names only what it changes; the last patch that does counts."""

    spawn: Annotated[int, Meta(ge=1)] | None = None
    """The highest conf-spawn that the code's delivery numbers can hold."""
    select: bool | None = None
    """Whether conf-spawn is also bounded by the C library's fd_set: (bits - 5) / 2, which is 509 on Linux."""


class ApplyPolicy(_Described, frozen=True, kw_only=True):
    """How far a hunk may be from where its patch says."""

    fuzz: Annotated[int, Meta(ge=0, le=3)] = 0
    """Lines of context at either end of a hunk that may differ."""
    max_offset: Annotated[int, Meta(ge=0)] | None = None
    """Lines that a hunk may have moved; no limit if absent."""
    other_functions: bool = False
    """Whether a hunk may land in another C function than the one that it was made for."""


class PackageSpec(_Described, frozen=True, kw_only=True):
    """What the packages say of themselves."""

    name: Name | None = None
    version: str | None = None
    maintainer: str = "nobody <nobody@localhost>"
    formats: tuple[PackageFormat, ...] = ()
    """The platform's own and a tar archive if empty: deb on Linux, pkg on FreeBSD."""


class SpawnSpec(_Described, frozen=True, kw_only=True):
    """What the spawn checks ask for."""

    deliveries: Annotated[int, Meta(ge=1, le=65000)] | None = None
    """How many deliveries must be under way at once; conf-spawn if absent."""


class Recipe(_Described, frozen=True, kw_only=True):
    """recipes/<name>.toml: a base, patches in order, and what to do with them."""

    name: Name
    summary: str
    base: Name
    patches: tuple[str, ...] = ()
    """Names in a patches/ folder or paths of patch files, in the order in which they are applied."""
    platforms: tuple[Name, ...] = ()
    """Where it is meant to run; the default platform of this machine if empty."""
    conf: dict[ConfName, int | str | tuple[str, ...]] = {}
    """Values of conf-* files; a list gives the lines of conf-users and conf-groups."""
    defines: dict[str, int | str | bool] = {}
    """Macros for the compiler: true gives -DNAME."""
    ids: dict[str, Annotated[int, Meta(ge=0, le=4294967294)]] = {}
    """User and group ids that differ from the platform's table: qmailq = 2520."""
    libraries: tuple[Name, ...] = ()
    """Libraries that patches given by their paths need; those in patches/ folders say so themselves."""
    answers: dict[str, str] = {}
    """Files that the Makefile makes by running a program: what they hold, for platforms that cannot be run here."""
    profile: Profile = "release"
    """How it is compiled. debug: with names and lines; sanitize: also ends where C leaves undefined what happens."""
    apply: ApplyPolicy = ApplyPolicy()
    checks: tuple[Name, ...] = ("spawn-direct",)
    """Checks of the built programs; those of the patches' own checks/ folders always run."""
    spawn: SpawnSpec = SpawnSpec()
    package: PackageSpec = PackageSpec()


class PatchSpec(_Described, frozen=True, kw_only=True):
    """patches/<name>/patch.toml: one patch and its form for each base."""

    name: Name
    summary: str
    license: str
    requires: tuple[Name, ...] = ()
    """Patches that a recipe must name before this one."""
    after: tuple[Name, ...] = ()
    """Patches that come before this one where a recipe has both."""
    excludes: tuple[Name, ...] = ()
    """Patches that cannot be combined with this one."""
    variants: dict[Name, str]
    """The patch file for each base, relative to patch.toml."""
    libraries: tuple[Name, ...] = ()
    """Names in a libraries/ folder: what its programs are linked with besides the C library."""
    strip: Annotated[int, Meta(ge=0, le=9)] | None = None
    """Leading folders to cut off the paths in its files; found out if absent."""
    origin: str = ""
    """Where it comes from: an author, a URL, a commit."""
    limits: Limits = Limits()


class ArchiveSource(_Described, frozen=True, kw_only=True):
    """An archive; every URL is a mirror of the same bytes."""

    urls: Annotated[tuple[str, ...], Meta(min_length=1)]
    sha256: Sha256
    size: Annotated[int, Meta(ge=1)] | None = None
    """Bytes of the archive, if that is known."""

    @property
    def file_name(self) -> str:
        """What the archive is called, after its first mirror."""
        return self.urls[0].rpartition("/")[2]


class TarballSource(ArchiveSource, frozen=True, kw_only=True):
    """A base as an archive."""

    size: Annotated[int, Meta(ge=1)]
    """Bytes of the archive."""
    top: str
    """The folder that everything in the archive lies in."""
    drop: tuple[str, ...] = ()
    """Top-level files and folders that are no part of the base."""


class GitSource(_Described, frozen=True, kw_only=True):
    """A base as a commit, fetched through the user's own git."""

    url: str
    commit: Commit
    ref: str
    """A tag or branch that contains the commit, for servers that do not give out commits by id."""


class BundledSource(_Described, frozen=True, kw_only=True):
    """A base that comes with the recipes: a folder beside the base's file."""

    folder: str


class Base(_Described, frozen=True, kw_only=True):
    """bases/<name>.toml: a source tree and where to get it."""

    name: Name
    summary: str
    version: str
    license: str
    tree: TreeDigest | None = None
    """The digest of the tree, checked after it was fetched; a bundled base needs none."""
    bundled: BundledSource | None = None
    tarball: TarballSource | None = None
    git: GitSource | None = None
    limits: Limits = Limits(spawn=255, select=True)
    conf: dict[ConfName, int | str | tuple[str, ...]] = {}
    """Defaults of conf-* files that differ from what the tree says."""


class Image(_Described, frozen=True, kw_only=True):
    """ci/images/<name>.toml: what a container is made from: packages, an image of a registry, or a FreeBSD release."""

    name: Name
    summary: str
    suite: Annotated[str, Meta(pattern=r"^([a-z][a-z0-9-]*)?$")] = ""
    """The distribution's release, as its archive calls it, for one that is made here: "bookworm"."""
    packages: tuple[Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9.+:~=-]*$")], ...] = ()
    """What is installed beyond the smallest system: "gcc", or one version of it, "gcc=4:12.2.0-3"."""
    zig: bool = False
    """Whether the pinned compiler zig is in /opt/zig."""
    snapshot: Annotated[str, Meta(pattern=r"^(\d{8}T\d{6}Z)?$")] = ""
    """The state of the archive that {snapshot} in --mirror stands for; without that flag packages are today's."""
    registry: str = ""
    """What a registry calls it, for one that is taken from there as it is: "debian". Never by tag: `digest` is needed."""
    digest: Annotated[str, Meta(pattern=r"^(sha256:[0-9a-f]{64})?$")] = ""
    """The digest by which the registry must give it."""
    sha256: dict[str, Sha256] = {}
    """By processor: what the unpacked archive of the image that is made here must hash to, if that is known."""
    freebsd: dict[str, ArchiveSource] = {}
    """By processor: the set "base" of a FreeBSD release, a tar archive packed with xz, which is the whole image."""

    def __post_init__(self) -> None:
        if sum(map(bool, (self.suite, self.registry, self.freebsd))) != 1:
            raise ValueError(
                "an image needs a suite, to be made from its packages, a registry that has it, or freebsd"
            )
        if bool(self.registry) != bool(self.digest):
            raise ValueError("registry and digest go together")
        if not self.suite and (self.packages or self.zig or self.snapshot or self.sha256):
            raise ValueError("nothing is added to an image that is not made from packages")

    @property
    def os(self) -> Literal["linux", "freebsd"]:
        """What it needs under it."""
        return "freebsd" if self.freebsd else "linux"


def schema() -> dict[str, object]:
    """JSON Schemas of the four files, by the kind of the file: recipe, patch, base, image."""
    kinds = {"recipe": Recipe, "patch": PatchSpec, "base": Base, "image": Image}
    return {kind: msgspec.json.schema(model) for kind, model in kinds.items()}
