"""A compiled tree without a compiler: its `load` writes a script that prints what the test says hier() would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from builder.backends.local import LocalOpener
from builder.compiling.build import Build, Compiled
from builder.compiling.messages import count_warnings
from builder.configure.ids import LINUX
from builder.errors import CompileError
from builder.sources.tree import File, Tree
from builder.toolchains.toolchain import Toolchain
from tests.unit.packaging.handmade import NATIVE

CONF = {
    "conf-users": b"alias\nqmaild\nqmaill\nroot\nqmailp\nqmailq\nqmailr\nqmails\n\nprose\n",
    "conf-groups": b"qmail\nnofiles\n\nprose\n",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CannedBuild(Build):
    """Makes what `makes` has, and nothing else."""

    makes: Mapping[str, bytes] = field(default_factory=dict)

    def make(self, targets: Sequence[str], *, folder: Path | None = None) -> None:
        for target in targets:
            if target not in self.makes:
                raise CompileError(f"make {target} failed: exit 2.\nNo rule to make target '{target}'.")
            ((folder or self.folder) / target).write_bytes(self.makes[target])


def build(
    folder: Path, lines: Sequence[str], *, files: Mapping[str, bytes], makes: Mapping[str, bytes]
) -> CannedBuild:
    """A build in `folder` whose hier() prints `lines`, fields separated by blanks ("d 755 0 64010 0 /var/qmail bin")."""
    folder.mkdir()
    printed = "".join(f"{line}\n".replace(" ", "\t") for line in lines)
    (folder / "hier.c").write_text('#include "auto_qmail.h"\n')
    _program(folder / "compile", "touch printer.o")
    _program(
        folder / "load",
        f"cat > printer <<'END'\n#!/bin/sh\ncat <<'LINES'\n{printed}LINES\nEND\nchmod 755 printer",
    )
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return CannedBuild(
        folder=folder,
        platform=NATIVE,
        toolchain=Toolchain(name="none", version="none", compile="none", link="none"),
        tree=Tree({name: File(data) for name, data in CONF.items()}),
        seeds={},
        conf={},
        ids=LINUX,
        where=LocalOpener(),
        found=Compiled(compiler="none", compile="none", link="none", warnings=count_warnings([])),
        make_seconds=0,
        makes={"hier.o": b"", "auto_qmail.o": b"", **makes},
    )


def _program(path: Path, body: str) -> None:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
