"""Whether what was built can run on this machine: it may have been compiled on another one, or in an image."""

from __future__ import annotations

import os

from builder import process
from builder.compiling.build import Build
from builder.compiling.elf import programs_in
from builder.toolchains.platforms import Platform

_LIST = {"LD_TRACE_LOADED_OBJECTS": "1", "LD_BIND_NOW": "1"}
"""With these the dynamic linker says what it finds, as for ldd, and starts nothing."""
_LIMIT = 30.0


def why_never(build: Build) -> str:
    """Why the programs of a build can run neither here nor where they were compiled; empty if they can."""
    if not build.toolchain.cross:
        return ""
    return f"no {_machine(build.platform)} here to run the programs on."


def why_not_here(build: Build) -> str:
    """Why the programs of a build cannot run on this machine; empty if they can."""
    if build.toolchain.cross:
        return why_never(build)
    if build.platform.foreign:
        return f"the programs are for {build.platform.id}, and run on the {_machine(build.platform)} that compiled them."
    if build.platform.image is None:
        return ""
    for program in programs_in(build.folder):
        if program.interpreter:
            path = build.folder / program.name
            done = process.run([path], env=process.clean_environment(_LIST), timeout=_LIMIT)
            missing = [line.strip() for line in done.text.splitlines() if "not found" in line]
            if missing or not done.ok:
                why = missing[0] if missing else f"{program.interpreter} is missing or fails ({done.how})"
                return (
                    f"the programs are for {build.platform.id}: {why.replace(os.fspath(path), program.name)}."
                )
    return ""


def _machine(platform: Platform) -> str:
    return "FreeBSD" if platform.os == "freebsd" else f"{platform.arch} machine"
