"""Compiling a configured tree with make, once: the compiled tree is kept in the store under what went into it.

The door of this room: `compile_tree(...) -> Build`, and `Build.twin(...)` for the checks.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import msgspec

from builder import process
from builder.backends.local import local
from builder.compiling.messages import Message, OwnerOf, Warnings, count_warnings, explain, read_messages
from builder.configure.conf import Configured
from builder.configure.ids import Ids
from builder.console import Progress
from builder.errors import CompileError
from builder.sources.tree import EPOCH, Tree
from builder.toolchains.platforms import Platform
from builder.toolchains.toolchain import Toolchain

LIMIT = 1800.0
"""Seconds that make may take: ten times what the slowest machine has needed."""
_SHOWN_ERRORS = 5
_KEPT_BUILDS = 12


class Compiled(msgspec.Struct, frozen=True, kw_only=True):
    """What compiling found, for the manifest."""

    compiler: str
    compile: str
    link: str
    warnings: Warnings


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A compiled tree: `folder` has the sources and everything that make made of them."""

    folder: Path
    platform: Platform
    toolchain: Toolchain
    tree: Tree
    seeds: Mapping[str, bytes]
    conf: Mapping[str, str]
    ids: Ids
    found: Compiled
    make_seconds: float
    """What make took; 0 if the compiled tree was in the store."""

    @property
    def log(self) -> Path:
        """Everything that make printed."""
        return self.folder / "make.log"

    def make(self, targets: Sequence[str], *, folder: Path | None = None) -> None:
        """Make more targets of the compiled tree, here or in a copy of it. CompileError if that fails."""
        with local(self.toolchain) as backend:
            done = backend.run(
                ["make", *kept_by_make(self.seeds), *targets], folder=folder or self.folder, timeout=LIMIT
            )
        if not done.ok:
            last = "\n".join(done.text.splitlines()[-10:])
            raise CompileError(f"make {' '.join(targets)} failed: {done.how}.\n{last}")

    def twin(
        self,
        folder: Path,
        *,
        home: str,
        ids: Ids,
        targets: Sequence[str],
        spawn: int | None = None,
        flags: Sequence[str] = (),
    ) -> Build:
        """The same programs for another home folder, other ids and, if given, another conf-spawn, in `folder`.

        Only what depends on those constants is compiled again; every other object is the one of this build. With
        `flags` (for the compiler and the linker) everything is compiled again. This is how the checks run a build
        that is meant for /var/qmail without touching /var/qmail.
        """
        seeds = {**self.seeds, "auto_qmail.c": _constant_text("auto_qmail", home)}
        if "auto_uids.c" in seeds:
            seeds["auto_uids.c"] = ids.auto_uids()
        if spawn is not None:
            seeds["auto_spawn.c"] = f"int auto_spawn = {spawn};\n".encode()
        conf = {**self.conf, "conf-qmail": home}
        if flags:
            self.tree.write(folder)
            for name, words in (("conf-cc", flags), ("conf-ld", flags)):
                head, _, prose = self.tree[name].data.decode().partition("\n")
                conf[name] = " ".join([head, *words])
                (folder / name).write_text(f"{conf[name]}\n{prose}")
        else:
            shutil.copytree(self.folder, folder, dirs_exist_ok=True)
            for name in seeds:
                (folder / name).with_suffix(".o").unlink(missing_ok=True)
        for name, data in seeds.items():
            (folder / name).write_bytes(data)
        twin = Build(
            folder=folder,
            platform=self.platform,
            toolchain=self.toolchain,
            tree=self.tree,
            seeds=seeds,
            conf=conf,
            ids=ids,
            found=self.found,
            make_seconds=0,
        )
        twin.make([f"-j{os.cpu_count() or 1}", *targets])
        return twin


def compile_tree(
    configured: Configured,
    *,
    platform: Platform,
    toolchain: Toolchain,
    store: Path,
    owner_of: OwnerOf,
    progress: Progress,
    jobs: int | None = None,
    fresh: bool = False,
) -> Build:
    """Compile `configured`, or take the compiled tree from the store if the very same was compiled before.

    `owner_of` says which patch wrote a line; `jobs` is make's -j, the number of processors if None; `fresh` compiles
    in any case. CompileError if make fails: it shows the errors with their lines and owners, and keeps the log.
    """
    process.require_program("make", package="make")
    builds = store / "builds"
    builds.mkdir(parents=True, exist_ok=True)
    key = _key(configured, toolchain)
    kept = builds / key
    with _locked(builds / f"{key}.lock"):
        if fresh:
            shutil.rmtree(kept, ignore_errors=True)
        seconds = 0.0 if kept.is_dir() else _compile(configured, toolchain, kept, owner_of, progress, jobs)
    os.utime(kept)
    _forget_old(builds)
    messages = list(read_messages((kept / "make.log").read_bytes(), owner_of))
    return Build(
        folder=kept,
        platform=platform,
        toolchain=toolchain,
        tree=configured.tree,
        seeds=configured.seeds,
        conf=configured.conf,
        ids=configured.ids,
        found=Compiled(
            compiler=toolchain.version,
            compile=configured.conf.get("conf-cc", ""),
            link=configured.conf.get("conf-ld", ""),
            warnings=count_warnings(messages),
        ),
        make_seconds=seconds,
    )


def _compile(
    configured: Configured,
    toolchain: Toolchain,
    kept: Path,
    owner_of: OwnerOf,
    progress: Progress,
    jobs: int | None,
) -> float:
    """Run make in a folder of its own, which becomes `kept` only when it succeeded; the seconds it took."""
    work = Path(mkdtemp(prefix=".making-", dir=kept.parent))
    try:
        configured.tree.write(work)
        for name, data in configured.seeds.items():
            (work / name).write_bytes(data)
        total = sum(path.endswith(".c") for path in configured.tree)
        done = 0

        def count(line: bytes) -> None:
            nonlocal done
            if line.startswith(b"./compile "):
                done += 1
                progress.advance("files compiled", done, total)

        began = time.monotonic()
        # -O: without it the lines of two compilers at once run into each other in the log.
        command = ["make", f"-j{jobs or os.cpu_count() or 1}", "-O", *kept_by_make(configured.seeds), "it"]
        with local(toolchain) as backend:
            finished = backend.run(command, folder=work, timeout=LIMIT, on_line=count)
        seconds = time.monotonic() - began
        (work / "make.log").write_bytes(finished.output)
        if not finished.ok:
            raise _failure(finished, configured.tree, owner_of, kept)
        work.chmod(0o755)
        work.rename(kept)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return seconds


def _failure(finished: process.Finished, tree: Tree, owner_of: OwnerOf, kept: Path) -> CompileError:
    log = kept.with_suffix(".failed.log")
    log.write_bytes(finished.output)
    errors: list[Message] = [m for m in read_messages(finished.output, owner_of) if m.kind == "error"]
    if errors:
        shown = "\n".join(explain(error, tree) for error in errors[:_SHOWN_ERRORS])
        more = f"\n… and {len(errors) - _SHOWN_ERRORS} more errors" if len(errors) > _SHOWN_ERRORS else ""
    else:
        shown, more = "\n".join(finished.text.splitlines()[-15:]), ""
    return CompileError(f"Compiling failed: {finished.how}.\n{shown}{more}", hint=f"The whole log: {log}")


def kept_by_make(names: Iterable[str]) -> list[str]:
    """The arguments that tell make to take these files as they are."""
    return [word for name in names for word in ("-o", name)]


def _key(configured: Configured, toolchain: Toolchain) -> str:
    total = hashlib.sha256(configured.tree.digest.encode())
    for name, data in sorted(configured.seeds.items()):
        total.update(b"%s\0%d\0" % (name.encode(), len(data)))
        total.update(data)
    total.update(f"{toolchain.version}\0{EPOCH}".encode())
    return total.hexdigest()[:32]


def _constant_text(name: str, value: str) -> bytes:
    """A .c file with a string, in octal as auto-str writes it."""
    octal = "".join(f"\\{byte:03o}" for byte in os.fsencode(value))
    return f'char {name}[] = "{octal}";\n'.encode()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock: of two builds of the same tree one compiles, and the other then finds it done."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _forget_old(builds: Path) -> None:
    """Keep the compiled trees that were used last; the others, and what killed runs left, can be made again."""
    for left in builds.glob(".making-*"):
        if time.time() - left.stat().st_mtime > 2 * LIMIT:
            shutil.rmtree(left, ignore_errors=True)
    folders = [path for path in builds.iterdir() if path.is_dir() and not path.name.startswith(".")]
    folders.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for folder in folders[_KEPT_BUILDS:]:
        shutil.rmtree(folder, ignore_errors=True)
