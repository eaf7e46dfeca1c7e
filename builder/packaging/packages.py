"""Every format of packages, and writing those that a recipe wants."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from builder.console import Progress
from builder.errors import UsageError
from builder.packaging.archive import tar_zst
from builder.packaging.deb import deb
from builder.packaging.output import Output
from builder.packaging.package import Label, Package
from builder.packaging.payload import Payload
from builder.packaging.pkg import file_name as pkg_name
from builder.packaging.pkg import pkg
from builder.toolchains.platforms import Os


@dataclass(frozen=True, slots=True)
class Format:
    """How a kind of package is named and made."""

    file_name: Callable[[Label], str]
    make: Callable[[Payload, Label], bytes]
    os: tuple[Os, ...]
    """The systems that it is for."""


FORMATS = {
    "tar": Format(
        lambda label: f"{label.name}-{label.version}-{label.platform.id}.tar.zst",
        lambda payload, _: tar_zst(payload.entries),
        ("linux", "freebsd"),
    ),
    "deb": Format(lambda label: f"{label.name}_{label.version}_{label.platform.arch}.deb", deb, ("linux",)),
    "pkg": Format(pkg_name, pkg, ("freebsd",)),
}
"""By the names that a recipe's [package] formats may have."""


def formats_for(wanted: Iterable[str], label: Label) -> tuple[str, ...]:
    """The formats that a recipe wants, or all that its platform has if it names none.

    UsageError for one that is for another system, or in which the package could not have its name.
    """
    system = label.platform.os
    names = tuple(sorted(set(wanted))) or tuple(name for name, form in FORMATS.items() if system in form.os)
    for name in names:
        if system not in FORMATS[name].os:
            fit = ", ".join(other for other, form in FORMATS.items() if system in form.os)
            raise UsageError(
                f"[package] formats names {name}, which is no format of packages for {label.platform.id}.",
                hint=f"Name some of {fit}, or none for all of them.",
            )
        FORMATS[name].file_name(label)
    return names


def write_packages(
    payload: Payload, label: Label, formats: Iterable[str], *, output: Output, progress: Progress
) -> tuple[Package, ...]:
    """Write the payload in each of these formats, as `formats_for` understands them; their order does not matter."""
    names = formats_for(formats, label)
    return tuple(_written(name, payload, label, output, progress) for name in names)


def _written(name: str, payload: Payload, label: Label, output: Output, progress: Progress) -> Package:
    file_name = FORMATS[name].file_name(label)
    progress.step(f"packaging {file_name}")
    data = FORMATS[name].make(payload, label)
    output.add(file_name, data)
    return Package(format=name, name=file_name, sha256=hashlib.sha256(data).hexdigest(), size=len(data))
