"""How the trees of one run are compiled: one platform, one set of values, one store of objects for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import msgspec

from builder.backends.backend import Opener
from builder.backends.choice import Here
from builder.checks.patch_checks import run_scripts
from builder.compiling.build import Build, Compiled
from builder.compiling.messages import OwnerOf, Warnings
from builder.configure.conf import Configured, Value, configure
from builder.configure.ids import ids_of
from builder.console import Quiet
from builder.proofs.compilation import Compilation, compile_tree
from builder.proofs.objects import Objects
from builder.recipes.model import Limits
from builder.sources.tree import Tree
from builder.temporary import temporary_folder
from builder.toolchains.platforms import Platform
from builder.toolchains.toolchain import Toolchain

_ANY = Limits(spawn=65000, select=False)
"""What bounds conf-spawn is not asked here: patches given as files do not say, and chkspawn in the tree does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The values are those of a recipe. It can be sent to other processes, which then share the objects."""

    platform: Platform
    cache: Path
    """Where the compiler may keep what it need not do again."""
    objects: Path
    """A folder for objects, empty or from the same run. They are good for one run: nobody looks at the headers of the
    system, which an update may change."""
    conf: Mapping[str, Value] = field(default_factory=dict)
    defines: Mapping[str, int | str | bool] = field(default_factory=dict)
    ids: Mapping[str, int] = field(default_factory=dict)
    jobs: int = 1
    """make's -j."""

    @property
    def name(self) -> str:
        """The platform and the compiler, in words."""
        return f"{self.platform.id} ({_toolchain(self.platform, self.cache).version})"

    def compile(
        self, tree: Tree, owner_of: OwnerOf, scripts: Mapping[str, Path] | None = None
    ) -> Compilation:
        """Make a tree, and run patches' own checks (scripts by name) on what comes out."""
        where, toolchain = Here().opener(self.platform), _toolchain(self.platform, self.cache)
        configured = configure(
            tree,
            values={name: value for name, value in self.conf.items() if name in tree},
            defines=self.defines,
            limits=_ANY,
            ids=ids_of(self.platform).overridden(self.ids),
            platform=self.platform,
            toolchain=toolchain,
        )
        with temporary_folder("proof") as scratch:
            folder = scratch / "tree"
            found = compile_tree(
                configured,
                toolchain,
                where=where,
                folder=folder,
                objects=Objects(self.objects),
                owner_of=owner_of,
                jobs=self.jobs,
            )
            if not found.ok or not scripts:
                return found
            results = list(run_scripts(_build(self, configured, toolchain, where, folder), scripts, Quiet()))
        failed = tuple(f"{one.name}: {one.summary}" for one in results if one.failed)
        return msgspec.structs.replace(found, checked=len(results), failed=failed)


@cache
def _toolchain(platform: Platform, folder: Path) -> Toolchain:
    return Here().opener(platform).toolchain(platform, folder)


def _build(
    setting: Setting, configured: Configured, toolchain: Toolchain, where: Opener, folder: Path
) -> Build:
    conf = configured.conf
    return Build(
        folder=folder,
        platform=setting.platform,
        toolchain=toolchain,
        tree=configured.tree,
        seeds=configured.seeds,
        conf=conf,
        ids=configured.ids,
        where=where,
        found=Compiled(
            compiler=toolchain.version,
            compile=conf.get("conf-cc", ""),
            link=conf.get("conf-ld", ""),
            warnings=Warnings(total=0, by_file={}, by_patch={}),
        ),
        make_seconds=0,
    )
