"""Compilers, as what a build needs to know of one."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

from builder import process
from builder.errors import BackendError
from builder.toolchains.platforms import Platform, all_platforms, default_platform

STANDARD = "-std=gnu17"
"""The C of all our builds: newer compilers default to C23, where qmail's `int f();` means something else."""

_PIE = " -fPIE"
_STATIC = "-static -s"
_GNU_WORDS = r"""
kept=' '
for word do
  shift
  case $word in
  -o) take=1; continue ;;
  -O) continue ;;
  esac
  if test "$take"; then kept="$kept$word "; take=; else set -- "$@" "$word"; fi
done
make=$(PATH=${PATH#*:}; command -v make)
test "$kept" != ' ' || exec "$make" "$@"
awk -v kept="$kept" '
!more && !/^\t/ { name = $0; sub(/[ \t]*:.*/, "", name); drop = index(kept, " " name " ") }
{ more = /\\$/ }
!drop
' Makefile | "$make" -f - "$@"
"""
"""FreeBSD's make behind the words of GNU's that are used here, as the body of a script in the first folder of PATH.

-o FILE keeps a file as it is. BSD make has nothing like it, so it gets the Makefile without the rules for such files.
-O sorts the output, which BSD make does by itself.
"""


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
    runtime: dict[str, str] = field(default_factory=dict)
    """The part of the environment that the programs which it makes need, too."""
    reads: tuple[Path, ...] = ()
    """Folders besides the system's that its programs are in."""
    writes: tuple[Path, ...] = ()
    """Folders that it keeps what it need not do again in."""
    target: str = ""
    """What zig calls the platform; empty for another compiler."""
    host_target: str = ""
    """What zig calls the machine that builds."""
    cross: bool = False
    """Whether its programs cannot run where they are compiled, so that nothing of a build may run them."""

    def with_static(self, what: str, folder: Path) -> Toolchain:
        """The toolchain with the headers and archives that are in a folder's include/ and lib/; `what` names them.

        They are added by the program zig and not in conf-cc, which is to say the same on every machine.
        """
        # Where nothing is linked, zig would warn of a folder of archives.
        reach = f"""\
if test "$1" = cc; then
  shift
  case " $* " in
  *" -c "*) set -- cc -isystem "{folder}/include" "$@" ;;
  *) set -- cc -isystem "{folder}/include" "-L{folder}/lib" "$@" ;;
  esac
fi
"""
        return replace(
            self,
            version=f"{self.version}, {what}",
            programs={**self.programs, "zig": reach + self.programs["zig"]},
            reads=(*self.reads, folder),
        )

    def for_host(self, command: str) -> str:
        """A line of conf-cc for a program that is to run where the build runs, which it also links."""
        if not self.target:
            return command
        # As the default platform links: zig need not build its C library for the host another time.
        host = command.replace(f"-target {self.target}", f"-target {self.host_target}").replace(_PIE, "")
        return f"{host} {_STATIC}"


def toolchain_for(platform: Platform, cache: Path) -> Toolchain:
    """The toolchain of a platform. `cache` is where the compiler may keep what it need not do again."""
    if platform.image is not None:
        able = ", ".join(other.id for other in all_platforms() if other.image is None)
        raise BackendError(
            f"{platform.id} is built with the compiler of the image {platform.image}, and no backend here has that.",
            hint=f"What can be built here: {able}.",
        )
    return _zig(platform, cache) if platform.zig_target else _native()


def compiler_of_image(version: str) -> Toolchain:
    """gcc as an image has it; `version` is that of its package."""
    return Toolchain(name="gcc", version=version, compile=f"gcc -O2 {STANDARD}", link="gcc -s")


def compiler_of_freebsd(version: str) -> Toolchain:
    """FreeBSD's own clang, where FreeBSD runs; `version` says of which release. Its make takes the words of GNU's, too."""
    return Toolchain(
        name="clang",
        version=version,
        compile=f"cc -O2{_PIE} {STANDARD}",
        link="cc -pie -Wl,-z,now -s",
        programs={"make": _GNU_WORDS},
    )


def zig_version() -> str:
    """The version of the pinned zig, as builds record it, without running it."""
    return f"zig {version('ziglang')}"


def zig_program() -> Path:
    """The zig program inside the ziglang wheel; calling it directly takes half the time of `python -m ziglang`."""
    spec = importlib.util.find_spec("ziglang")
    if spec is None or spec.origin is None:
        raise BackendError(
            "The compiler zig is missing.", hint="Install it: pip install ziglang, or use ./inv"
        )
    return Path(spec.origin).parent / "zig"


def _zig(platform: Platform, cache: Path) -> Toolchain:
    zig = zig_program()
    target = platform.zig_target or ""
    environment = {
        "ZIG_GLOBAL_CACHE_DIR": os.fspath(cache / "zig"),
        "ZIG_LOCAL_CACHE_DIR": os.fspath(cache / "zig"),
    }
    # A first run writes to the cache folder even for its version: give it ours, not one in the user's home.
    answer = process.run([zig, "version"], env=process.clean_environment(environment), timeout=60)
    if not answer.ok:
        raise BackendError(f"{zig} does not run: {answer.how}. {answer.text.strip()}")
    # netqmail's makelib calls ar and ranlib, find-systype calls cc and cpp: none of them need be on the machine.
    programs = {"zig": _guarded(zig, target) if platform.foreign else f'exec "{zig}" "$@"'}
    programs |= {name: f'exec "{zig}" {name} "$@"' for name in ("ar", "ranlib")}
    programs["cc"] = f'exec zig cc -target {target} "$@"'
    programs["cpp"] = f'exec zig cc -target {target} -E "$@"'
    compile_flags, link_flags = ("", " -static") if platform.static else (_PIE, " -pie")
    return Toolchain(
        name="zig",
        version=f"zig {answer.text.strip()}",
        # -g0: zig's debug information would name the build folder.
        compile=f"zig cc -target {target} -O2 -g0{compile_flags} {STANDARD}",
        link=f"zig cc -target {target}{link_flags} -s",
        programs=programs,
        environment=environment,
        reads=(zig.parent,),
        writes=(cache / "zig",),
        target=target,
        host_target=default_platform().zig_target or "",
        cross=platform.foreign,
    )


def _guarded(zig: Path, target: str) -> str:
    """zig as the body of a script that leaves what it links for the target without permission to be executed.

    Linux does not refuse a FreeBSD program: whatever in a Makefile tries to run one fails at once this way, for root too.
    """
    return f"""\
"{zig}" "$@" || exit
case " $* " in *" -target {target} "*) ;; *) exit 0 ;; esac
made=a.out
while test $# -gt 0; do
  if test "$1" = -o; then made=$2; fi
  shift
done
if test -f "$made"; then exec chmod a-x "$made"; fi"""


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
