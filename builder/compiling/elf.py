"""Programs and objects as data: what an ELF file is for, what it needs, and how hard it makes an attacker's life."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import NoteSection, SymbolTableSection
from elftools.elf.segments import InterpSegment

_MAGIC = b"\x7fELF"
_BIND_NOW, _NOW = 0x8, 0x1


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A linked program."""

    name: str
    bits: int
    machine: str
    """The processor: "EM_X86_64", "EM_AARCH64", …"""
    interpreter: str
    """The dynamic linker that it asks for; empty if it is static."""
    brand: int | None
    """FreeBSD's note: the version of the system that it was made for; None without one."""
    needed: tuple[str, ...]
    """Libraries."""
    undefined: frozenset[str]
    """What it takes from them, and cannot do without."""
    position_independent: bool
    executable_stack: bool
    writable_code: bool
    """Whether a part is both writable and executable, or code is changed when it is loaded."""
    protected_relocations: bool
    """Whether what the dynamic linker has filled in is read-only afterwards, all of it (full RELRO)."""
    paths: tuple[str, ...]
    """Where it looks for libraries first (RPATH, RUNPATH)."""


@dataclass(frozen=True, slots=True)
class Symbols:
    """The names that an object gives to others, and those that it takes."""

    defined: frozenset[str]
    undefined: frozenset[str]


def is_elf(path: Path) -> bool:
    """Whether a file is a program or object, for whatever machine."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def programs_in(folder: Path) -> tuple[Program, ...]:
    """Every linked program in a folder, by name."""
    found = (_program(path) for path in sorted(folder.iterdir()) if path.is_file() and is_elf(path))
    return tuple(program for program in found if program is not None)


def symbols_of(path: Path) -> Symbols:
    """The symbols of an object file."""
    with path.open("rb") as file:
        tables = [s for s in ELFFile(file).iter_sections() if isinstance(s, SymbolTableSection)]
        symbols = [symbol for table in tables for symbol in table.iter_symbols() if symbol.name]
        shared = [symbol for symbol in symbols if symbol["st_info"]["bind"] != "STB_LOCAL"]
    return Symbols(
        defined=frozenset(symbol.name for symbol in shared if symbol["st_shndx"] != "SHN_UNDEF"),
        undefined=frozenset(symbol.name for symbol in shared if symbol["st_shndx"] == "SHN_UNDEF"),
    )


def _program(path: Path) -> Program | None:
    with path.open("rb") as file:
        elf = ELFFile(file)
        if elf["e_type"] not in ("ET_EXEC", "ET_DYN"):
            return None
        tags = _tags(elf)
        segments = list(elf.iter_segments())
        stack = next((segment for segment in segments if segment["p_type"] == "PT_GNU_STACK"), None)
        loaded = [segment["p_flags"] for segment in segments if segment["p_type"] == "PT_LOAD"]
        now = "DT_BIND_NOW" in tags or bool(_number(tags, "DT_FLAGS") & _BIND_NOW)
        relro = any(segment["p_type"] == "PT_GNU_RELRO" for segment in segments)
        return Program(
            name=path.name,
            bits=elf.elfclass,
            machine=str(elf["e_machine"]),
            interpreter=next((s.get_interp_name() for s in segments if isinstance(s, InterpSegment)), ""),
            brand=_brand(elf),
            needed=tuple(str(value) for value in tags.get("DT_NEEDED", ())),
            undefined=frozenset(_undefined(elf)),
            position_independent=elf["e_type"] == "ET_DYN",
            executable_stack=stack is None or bool(stack["p_flags"] & 1),
            writable_code="DT_TEXTREL" in tags
            or bool(_number(tags, "DT_FLAGS") & 4)
            or any(flags & 3 == 3 for flags in loaded),
            protected_relocations=not tags or (relro and (now or bool(_number(tags, "DT_FLAGS_1") & _NOW))),
            paths=tuple(str(v) for name in ("DT_RPATH", "DT_RUNPATH") for v in tags.get(name, ())),
        )


def _tags(elf: ELFFile) -> dict[str, list[str | int]]:
    """The dynamic section: names of libraries and paths as text, everything else as numbers."""
    found: dict[str, list[str | int]] = {}
    for section in elf.iter_sections():
        if isinstance(section, DynamicSection):
            for tag in section.iter_tags():
                text = {"DT_NEEDED": "needed", "DT_RPATH": "rpath", "DT_RUNPATH": "runpath"}.get(
                    tag.entry.d_tag
                )
                value = getattr(tag, text) if text else tag.entry.d_val
                found.setdefault(str(tag.entry.d_tag), []).append(value)
    return found


def _number(tags: dict[str, list[str | int]], name: str) -> int:
    return int(tags.get(name, [0])[0])


def _brand(elf: ELFFile) -> int | None:
    for section in elf.iter_sections():
        if isinstance(section, NoteSection):
            for note in section.iter_notes():
                if note["n_name"] == "FreeBSD" and note["n_descsz"] == 4 and _is_version(note["n_type"]):
                    raw = note["n_descdata"]
                    return int.from_bytes(raw.encode("latin-1") if isinstance(raw, str) else raw, "little")
    return None


def _is_version(kind: object) -> bool:
    """NT_FREEBSD_ABI_TAG, which is 1, under whatever name the library gives to that number."""
    return kind in (1, "NT_FREEBSD_ABI_TAG", "NT_GNU_ABI_TAG", "NT_VERSION")


def _undefined(elf: ELFFile) -> Iterator[str]:
    table = elf.get_section_by_name(".dynsym")
    if isinstance(table, SymbolTableSection):
        for symbol in table.iter_symbols():
            # FreeBSD's own start of a program asks for a weak one that nobody has had for years.
            if symbol.name and symbol["st_shndx"] == "SHN_UNDEF" and symbol["st_info"]["bind"] != "STB_WEAK":
                yield symbol.name
