"""Compiling a configured tree with make, once: the compiled tree is kept in the store under what went into it.

The door of this room: `compile_tree(...) -> Build`, and `Build.twin(...)` for the checks.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import msgspec

from builder import process
from builder.backends.backend import Backend, Opener
from builder.compiling.elf import is_elf
from builder.compiling.messages import Message, OwnerOf, Warnings, count_warnings, explain, read_messages
from builder.configure.conf import Configured
from builder.configure.constants import number_constant, text_constant
from builder.configure.ids import Ids
from builder.console import Progress
from builder.errors import BackendError, CompileError
from builder.sources.tree import EPOCH, Tree
from builder.toolchains.platforms import Platform
from builder.toolchains.toolchain import Toolchain

LIMIT = 1800.0
"""Seconds that make may take: ten times what the slowest machine has needed."""
_SHOWN_ERRORS = 5
_DENIED = re.compile(rb"\./([\w.+-]+): Permission denied")
_NOT_MADE = re.compile(rb"^(?:make: )?\*\*\* \[(?:[^\]\s:]+:\d+: )?([^\]\s:]+)\]", re.MULTILINE)
_KEPT_BUILDS = 12


class Compiled(msgspec.Struct, frozen=True, kw_only=True):
    """What compiling found, for the manifest."""

    compiler: str
    compile: str
    link: str
    warnings: Warnings


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Make has failed: its tree as it is now, in the backend that is still open, and the command that fails."""

    backend: Backend
    folder: Path
    error: CompileError
    again: Sequence[str]


OnFailure = Callable[[Failed], None]
"""Is told of a failure while its tree is still there."""


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
    where: Opener
    """The backend that it was compiled with, and that makes more of it."""
    found: Compiled
    make_seconds: float
    """What make took; 0 if the compiled tree was in the store."""

    @property
    def log(self) -> Path:
        """Everything that make printed."""
        return self.folder / "make.log"

    def make(self, targets: Sequence[str], *, folder: Path | None = None) -> None:
        """Make more targets of the compiled tree, here or in a copy of it. CompileError if that fails."""
        with self.where.open(self.toolchain) as backend:
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
        seeds = {**self.seeds, "auto_qmail.c": text_constant("auto_qmail", os.fsencode(home))}
        if "auto_uids.c" in seeds:
            seeds["auto_uids.c"] = ids.auto_uids()
        if spawn is not None:
            seeds["auto_spawn.c"] = number_constant("auto_spawn", spawn)
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
        write_seeds(seeds, folder)
        twin = Build(
            folder=folder,
            platform=self.platform,
            toolchain=self.toolchain,
            tree=self.tree,
            seeds=seeds,
            conf=conf,
            ids=ids,
            where=self.where,
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
    where: Opener,
    store: Path,
    owner_of: OwnerOf,
    progress: Progress,
    jobs: int | None = None,
    fresh: bool = False,
    on_failure: OnFailure | None = None,
) -> Build:
    """Compile `configured`, or take the compiled tree from the store if the very same was compiled before.

    Wherever it is compiled, the same comes out: `where` is no part of what it is known by in the store.
    `owner_of` says which patch wrote a line; `jobs` is make's -j, the number of processors if None; `fresh` compiles
    in any case. CompileError if make fails: it shows the errors with their lines and owners, and keeps the log;
    before that `on_failure` is told.
    """
    if where.here:
        process.require_program("make", package="make")
    builds = store / "builds"
    builds.mkdir(parents=True, exist_ok=True)
    key = _key(configured, toolchain)
    kept = builds / key
    with _locked(builds / f"{key}.lock"):
        seconds = (
            0.0
            if kept.is_dir() and not fresh
            else _compile(configured, toolchain, where, kept, owner_of, progress, jobs, on_failure)
        )
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
        where=where,
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
    where: Opener,
    kept: Path,
    owner_of: OwnerOf,
    progress: Progress,
    jobs: int | None,
    on_failure: OnFailure | None,
) -> float:
    """Run make in a folder of its own, which becomes `kept` only when it succeeded; the seconds it took."""
    work = Path(mkdtemp(prefix=".making-", dir=kept.parent))
    try:
        configured.tree.write(work)
        write_seeds(configured.seeds, work)
        total = sum(path.endswith(".c") for path in configured.tree)
        done = 0

        def heard(line: bytes) -> None:
            nonlocal done
            show(line)
            if line.startswith(b"./compile "):
                done += 1
                progress.advance("files compiled", done, total)

        began = time.monotonic()
        # -O: without it the lines of two compilers at once run into each other in the log.
        command = ["make", f"-j{jobs or os.cpu_count() or 1}", "-O", *kept_by_make(configured.seeds), "it"]
        with where.open(toolchain) as backend:
            with progress.output(f"make, {where.name}") as show:
                finished = backend.run(command, folder=work, timeout=LIMIT, on_line=heard)
            seconds = time.monotonic() - began
            (work / "make.log").write_bytes(finished.output)
            if not finished.ok:
                _say_what_was_kept_from_running(finished.output, work)
                error = _failure(finished, configured.tree, owner_of, kept)
                if on_failure is not None:
                    again = _again(finished.output, configured.seeds)
                    on_failure(Failed(backend=backend, folder=work, error=error, again=again))
                raise error
        work.chmod(0o755)
        _put_in_place(work, kept)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return seconds


def _put_in_place(work: Path, kept: Path) -> None:
    """Make a new compiled tree the kept one. Another run that reads there at this moment goes on with the new one."""
    aside = work.with_name(f"{work.name}.old")
    if kept.is_dir():
        kept.rename(aside)
    work.rename(kept)
    shutil.rmtree(aside, ignore_errors=True)


def _say_what_was_kept_from_running(log: bytes, work: Path) -> None:
    """BackendError if make failed since it tried to run a program that was linked for another machine."""
    for found in _DENIED.finditer(log):
        name = os.fsdecode(found[1])
        program = work / name
        if program.is_file() and not program.stat().st_mode & 0o111 and is_elf(program):
            raise BackendError(
                f"make tried to run ./{name}, a program for another machine: target output about to be executed on "
                "the host (refused).",
                hint="Take that out of the rule that does it, or build on such a machine.",
            )


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


def _again(log: bytes, seeds: Mapping[str, bytes]) -> list[str]:
    """The command that makes what failed once more, and nothing else as far as make said what it was."""
    targets = [os.fsdecode(target) for target in _NOT_MADE.findall(log)]
    return ["make", *kept_by_make(seeds), *(dict.fromkeys(targets) or ["it"])]


def kept_by_make(names: Iterable[str]) -> list[str]:
    """The arguments that tell make to take these files as they are."""
    return [word for name in names for word in ("-o", name)]


def write_seeds(seeds: Mapping[str, bytes], folder: Path) -> None:
    """Write generated files into a tree; scripts that stand in for programs can be run."""
    for name, data in seeds.items():
        (folder / name).write_bytes(data)
        if data.startswith(b"#!"):
            (folder / name).chmod(0o755)


def _key(configured: Configured, toolchain: Toolchain) -> str:
    total = hashlib.sha256(configured.tree.digest.encode())
    for name, data in sorted(configured.seeds.items()):
        total.update(b"%s\0%d\0" % (name.encode(), len(data)))
        total.update(data)
    total.update(f"{toolchain.version}\0{EPOCH}".encode())
    return total.hexdigest()[:32]


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
        # What was used a moment ago may be in use still, by another run.
        if time.time() - folder.stat().st_mtime > LIMIT:
            shutil.rmtree(folder, ignore_errors=True)
