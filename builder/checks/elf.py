"""What can be proved of programs without running them: for which system they are, and what they will ask it for.

These checks stand in for the others where the programs cannot run; a recipe may name them for any platform.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from builder.checks.report import CheckResult, skipped
from builder.compiling.build import Build
from builder.compiling.elf import Program
from builder.errors import BackendError
from builder.toolchains.platforms import FREEBSD_MAJOR, Platform
from builder.toolchains.stubs import libc_symbols

Programs = tuple[Program, ...]

_MACHINES = {"amd64": "EM_X86_64", "arm64": "EM_AARCH64"}
_LINKERS = {
    "freebsd": ("/libexec/ld-elf.so.1",),
    "glibc": ("/lib/ld-linux-aarch64.so.1", "/lib64/ld-linux-x86-64.so.2"),
    "musl": ("", "/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1"),
}
_LIBRARIES = {
    "freebsd": frozenset({"libc.so.7"}),
    "glibc": frozenset({"libc.so.6", "libresolv.so.2"}),
    "musl": frozenset({"libc.so"}),
}
_VERSION_UNIT = 100_000
"""FreeBSD 14.0 is 1400000 and something in the note of its programs."""
_ASSERTION = re.compile(rb'_Static_assert\((.*),"')
_SHOWN = 10


def check_target(build: Build, programs: Programs) -> CheckResult:
    """Every program is for the platform's processor and system."""
    platform = build.platform
    return _judged(
        programs,
        "elf-target",
        lambda program: _other_target(program, platform),
        f"are 64-bit ELF for {_MACHINES[platform.arch]}{_branded(platform)}",
    )


def check_libraries(build: Build, programs: Programs) -> CheckResult:
    """No program needs a library that is not part of every such system, or looks for one in odd places."""
    allowed = frozenset[str]() if build.platform.static else _LIBRARIES[build.platform.libc]

    def wrong(program: Program) -> str:
        more = sorted(set(program.needed) - allowed)
        if more:
            return f"needs {', '.join(more)}"
        return f"looks for libraries in {', '.join(program.paths)}" if program.paths else ""

    what = " and ".join(sorted({name for program in programs for name in program.needed}))
    return _judged(
        programs,
        "elf-libraries",
        wrong,
        f"need {what or 'no library'}" + (" and nothing else" if what else ""),
    )


def check_symbols(build: Build, programs: Programs) -> CheckResult:
    """Everything that the programs take from FreeBSD's C library is in it."""
    name = "elf-symbols"
    if build.platform.os != "freebsd":
        return skipped(
            name, "the linker saw the library itself; there are lists of symbols for FreeBSD only."
        )
    try:
        there = libc_symbols(build.platform)
    except BackendError as error:
        return skipped(name, error.what)

    def wrong(program: Program) -> str:
        lacking = sorted(program.undefined - there)
        return f"asks for {', '.join(lacking)}" if lacking else ""

    asked = frozenset[str]().union(*(program.undefined for program in programs))
    return _judged(
        programs,
        name,
        wrong,
        f"ask for {len(asked)} symbols, all of them among the {len(there)} of FreeBSD {FREEBSD_MAJOR}'s libc.so.7",
    )


def check_hardening(build: Build, programs: Programs) -> CheckResult:
    """No program has an executable stack, code that can be written to, or relocations that stay writable."""
    pie = not build.platform.static

    def wrong(program: Program) -> str:
        faults = {
            "has an executable stack": program.executable_stack,
            "has code that is written to (text relocations, or a part that is writable and executable)": (
                program.writable_code
            ),
            "leaves its relocations writable (no full RELRO)": not program.protected_relocations,
            "is not position independent": pie and not program.position_independent,
        }
        return "; ".join(fault for fault, found in faults.items() if found)

    most = "are position independent and " if pie else ""
    return _judged(
        programs,
        "elf-hardening",
        wrong,
        f"{most}have full RELRO, no executable stack and no writable code",
    )


def check_sizes(build: Build, _: Programs) -> CheckResult:
    """What was taken for granted of the target was compiled for it as assertions, and they held."""
    name = "elf-sizes"
    proofs = {seed: data for seed, data in build.seeds.items() if _ASSERTION.search(data)}
    if not proofs:
        return skipped(name, "nothing was taken for granted: the Makefile's own probes ran.")
    lost = [
        seed
        for seed in proofs
        if seed.endswith(".c") and not (build.folder / seed).with_suffix(".o").is_file()
    ]
    held = [text.decode() for data in proofs.values() for text in _ASSERTION.findall(data)]
    return CheckResult(
        name=name,
        passed=not lost,
        summary=f"{', '.join(lost)} was not compiled."
        if lost
        else f"For {build.platform.id} the compiler agrees that {'; '.join(held)}.",
    )


ELF_CHECKS: Mapping[str, Callable[[Build, Programs], CheckResult]] = {
    "elf-target": check_target,
    "elf-libraries": check_libraries,
    "elf-symbols": check_symbols,
    "elf-hardening": check_hardening,
    "elf-sizes": check_sizes,
}
"""By their names, which a recipe may use."""


def _judged(programs: Programs, name: str, wrong: Callable[[Program], str], right: str) -> CheckResult:
    """The result of asking of each program what is wrong with it; `right` is what they all are or do."""
    faults = [f"{program.name} {fault}" for program in programs if (fault := wrong(program))]
    if not programs:
        summary = "There are no linked programs."
    elif faults:
        summary = f"{len(faults)} of {len(programs)} programs are not as they should be."
    else:
        summary = f"All {len(programs)} programs {right}."
    return CheckResult(
        name=name,
        passed=bool(programs) and not faults,
        summary=summary,
        reasons=tuple(faults[:_SHOWN]),
        figures={"programs": len(programs)},
    )


def _other_target(program: Program, platform: Platform) -> str:
    """What makes a program one for another system than the platform's."""
    faults = []
    if program.bits != 64 or program.machine != _MACHINES[platform.arch]:
        faults.append(f"is {program.bits}-bit for {program.machine}")
    if program.interpreter not in _LINKERS[platform.libc]:
        faults.append(f"asks for the dynamic linker {program.interpreter or 'of no system'}")
    if platform.os == "freebsd" and (program.brand or 0) // _VERSION_UNIT != FREEBSD_MAJOR:
        faults.append("has no FreeBSD note" if program.brand is None else f"is for FreeBSD {program.brand}")
    return "; ".join(faults)


def _branded(platform: Platform) -> str:
    return f" with the note of FreeBSD {FREEBSD_MAJOR}" if platform.os == "freebsd" else ""
