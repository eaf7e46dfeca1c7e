"""Compilers, as what a build needs to know of one."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass, field
from pathlib import Path

from builder import process
from builder.errors import BackendError
from builder.toolchains.platforms import Platform

STANDARD = "-std=gnu17"
"""The C of all our builds: newer compilers default to C23, where qmail's `int f();` means something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolchain:
    """A compiler for one platform.

    `compile` and `link` are the first lines of conf-cc and conf-ld. They name programs, not paths, so that they say
    the same on every machine; `programs` gives each of those names as the body of a small sh script for PATH.
    """

    name: str
    version: str
    compile: str
    link: str
    programs: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)


def toolchain_for(platform: Platform, cache: Path) -> Toolchain:
    """The toolchain of a platform. `cache` is where the compiler may keep what it need not do again."""
    return _zig(platform.zig_target, cache) if platform.zig_target else _native()


def zig_program() -> Path:
    """The zig program inside the ziglang wheel; calling it directly takes half the time of `python -m ziglang`."""
    spec = importlib.util.find_spec("ziglang")
    if spec is None or spec.origin is None:
        raise BackendError(
            "The compiler zig is missing.", hint="Install it: pip install ziglang, or use ./inv"
        )
    return Path(spec.origin).parent / "zig"


def _zig(target: str, cache: Path) -> Toolchain:
    zig = zig_program()
    environment = {
        "ZIG_GLOBAL_CACHE_DIR": os.fspath(cache / "zig"),
        "ZIG_LOCAL_CACHE_DIR": os.fspath(cache / "zig"),
    }
    # A first run writes to the cache folder even for its version: give it ours, not one in the user's home.
    answer = process.run([zig, "version"], env=process.clean_environment(environment), timeout=60)
    if not answer.ok:
        raise BackendError(f"{zig} does not run: {answer.how}. {answer.text.strip()}")
    # netqmail's makelib calls ar and ranlib, find-systype calls cc and cpp: none of them need be on the machine.
    programs = {"zig": f'exec "{zig}" "$@"'}
    programs |= {name: f'exec "{zig}" {name} "$@"' for name in ("ar", "ranlib")}
    programs["cc"] = f'exec "{zig}" cc -target {target} "$@"'
    programs["cpp"] = f'exec "{zig}" cc -target {target} -E "$@"'
    return Toolchain(
        name="zig",
        version=f"zig {answer.text.strip()}",
        # -g0: zig's debug information would name the build folder.
        compile=f"zig cc -target {target} -O2 -g0 {STANDARD}",
        link=f"zig cc -target {target} -static -s",
        programs=programs,
        environment=environment,
    )


def _native() -> Toolchain:
    for name in ("gcc", "clang", "cc"):
        found = process.find_program(name)
        if found is not None:
            answer = process.run([found, "--version"], timeout=60)
            return Toolchain(
                name=name,
                version=answer.text.splitlines()[0] if answer.ok else name,
                compile=f"{name} -O2 {STANDARD}",
                link=f"{name} -s",
            )
    raise BackendError(
        "There is no C compiler here for the platform native.",
        hint="Install one: apt-get install gcc libc6-dev; or use the default platform, which brings its own.",
    )
