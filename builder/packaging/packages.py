"""Every format of packages, and writing those that a recipe wants."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from builder.console import Progress
from builder.packaging.archive import tar_zst
from builder.packaging.deb import deb
from builder.packaging.output import Output
from builder.packaging.package import Label, Package
from builder.packaging.payload import Payload


@dataclass(frozen=True, slots=True)
class Format:
    """How a kind of package is named and made."""

    file_name: Callable[[Label], str]
    make: Callable[[Payload, Label], bytes]


FORMATS = {
    "tar": Format(
        lambda label: f"{label.name}-{label.version}-{label.platform.id}.tar.zst",
        lambda payload, _: tar_zst(payload.entries),
    ),
    "deb": Format(lambda label: f"{label.name}_{label.version}_{label.platform.arch}.deb", deb),
}
"""By the names that a recipe's [package] formats may have."""


def write_packages(
    payload: Payload, label: Label, formats: Iterable[str], *, output: Output, progress: Progress
) -> tuple[Package, ...]:
    """Write the payload in each of these formats; the order of `formats` does not matter."""
    return tuple(_written(name, payload, label, output, progress) for name in sorted(set(formats)))


def _written(name: str, payload: Payload, label: Label, output: Output, progress: Progress) -> Package:
    file_name = FORMATS[name].file_name(label)
    progress.step(f"packaging {file_name}")
    data = FORMATS[name].make(payload, label)
    output.add(file_name, data)
    return Package(format=name, name=file_name, sha256=hashlib.sha256(data).hexdigest(), size=len(data))
