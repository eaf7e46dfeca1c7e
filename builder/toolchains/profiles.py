"""How programs are compiled: for use, or so that one can see into them when they crash."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import get_args

from builder.errors import UsageError
from builder.recipes.model import Profile
from builder.toolchains.toolchain import Toolchain

SOURCES = "/usr/src/qmail"
"""Where a debug build says that its sources are, wherever it was made."""

_NOT_FOR_DEBUGGING = frozenset({"-O2", "-g0", "-s"})
_DEBUG = (
    "-Og",
    "-g",
    "-fno-omit-frame-pointer",
    "-fno-optimize-sibling-calls",
    # The compiler would cut out whatever uses a null pointer, and the crash would come somewhere else.
    "-fno-delete-null-pointer-checks",
    # The sh script `compile` fills $PWD in; conf-cc says the same everywhere.
    f'-ffile-prefix-map="$PWD"={SOURCES}',
)
_SANITIZE = ("-fsanitize=address,undefined", "-fno-sanitize-recover=undefined")
_TRAP = ("-fsanitize=undefined", "-fsanitize-trap=undefined", "-fno-sanitize=function")
"""For zig, which has no AddressSanitizer: the program ends at the place. qmail's C calls functions by other types."""
# A fault that they find is a crash, with a core; what is never freed is none.
_SANITIZERS_SAY = {
    "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1:disable_coredump=0",
    "UBSAN_OPTIONS": "abort_on_error=1:print_stacktrace=1",
}


def profile_called(name: str) -> Profile:
    """The profile of this name. UsageError if there is none."""
    known: tuple[Profile, ...] = get_args(Profile)
    for profile in known:
        if profile == name:
            return profile
    raise UsageError(f"There is no profile {name!r}.", hint=f"Known: {', '.join(known)}.")


def build_id(recipe: str, platform: str, profile: str) -> str:
    """What a build is called: recipe@platform, with +debug or +sanitize for one that is not for use."""
    return f"{recipe}@{platform}{suffix(profile)}"


def suffix(profile: str) -> str:
    """What tells a build that is not for use from one that is; empty for the latter."""
    return "" if profile == "release" else f"+{profile}"


def profiled(toolchain: Toolchain, profile: Profile) -> Toolchain:
    """The toolchain with the flags of a profile; `release` is what it is by itself."""
    if profile == "release":
        return toolchain
    zig = bool(toolchain.target)
    extra: tuple[str, ...] = _DEBUG
    link: tuple[str, ...] = ()
    runtime: dict[str, str] = {}
    if zig:
        # zig adds the undefined sanitizer to whatever is not optimized, and its runtime when it links that.
        extra += _TRAP if profile == "sanitize" else ("-fno-sanitize=undefined",)
        link = ("-O2",)
    elif profile == "sanitize":
        extra += _SANITIZE
        link, runtime = _SANITIZE, _SANITIZERS_SAY
    return replace(
        toolchain,
        compile=_words(toolchain.compile, extra),
        link=_words(toolchain.link, link),
        environment={**toolchain.environment, **runtime},
        runtime={**toolchain.runtime, **runtime},
    )


def _words(command: str, extra: Iterable[str]) -> str:
    kept = [word for word in command.split() if word not in _NOT_FOR_DEBUGGING]
    return " ".join([*kept, *extra])
