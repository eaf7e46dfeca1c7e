"""manifest.json: every input by its digest, every finding, every output. The same inputs give the same bytes.

What differs from run to run, such as seconds and megabytes, goes into report.json beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from builder.packaging.package import Package
from builder.packaging.payload import Entry, Payload
from builder.toolchains.profiles import build_id

MANIFEST = "manifest.json"
REPORT = "report.json"
SCHEMA_VERSION = 1


class PatchInput(Struct, frozen=True, kw_only=True):
    """A patch as it was applied."""

    name: str
    file: str
    """The variant's file name."""
    sha256: str


class Inputs(Struct, frozen=True, kw_only=True):
    """All that decides what the outputs are. Digests of trees are `Tree.digest`, "sha256:…"."""

    builder: str
    """The version of qmail-builder."""
    recipe: str
    recipe_sha256: str
    base: str
    base_tree: str
    """The digest of the base before any patch."""
    configured_tree: str
    """The digest of what was compiled."""
    patches: tuple[PatchInput, ...]
    """In the order in which they were applied."""
    platform: str
    abi: str
    """What the programs are made for, in the words of the platform's package manager: amd64, FreeBSD:14:amd64."""
    profile: str = "release"
    """How it was compiled: release, debug or sanitize."""
    compiler: str
    """The compiler's own words for its version."""
    compressor: str
    """`archive.COMPRESSOR`."""
    conf: dict[str, str]
    """The first line of each conf-* file."""
    ids: dict[str, int]
    """The user and group ids compiled in, by the names of `configure.ids.Ids`."""


def manifest(
    inputs: Inputs, *, findings: Mapping[str, Any], payload: Payload, packages: Iterable[Package]
) -> bytes:
    """The text of manifest.json.

    `findings` are the parts "apply", "compile" and "checks" as values that msgspec can write, without anything that
    another run of the same build would measure differently.
    """
    return as_json(
        {
            **findings,
            "schema_version": SCHEMA_VERSION,
            "build": build_id(inputs.recipe, inputs.platform, inputs.profile),
            "inputs": inputs,
            "payload": [_summary(entry) for entry in payload.entries],
            "left_out": [{"path": left.path, "reason": left.reason} for left in payload.left_out],
            "packages": list(packages),
        }
    )


def _summary(entry: Entry) -> dict[str, Any]:
    summary = {
        "path": entry.path,
        "kind": entry.kind,
        "mode": f"{entry.mode:04o}",
        "user": entry.user,
        "uid": entry.uid,
        "group": entry.group,
        "gid": entry.gid,
    }
    if entry.data is None:
        return summary
    return {**summary, "size": len(entry.data), "sha256": hashlib.sha256(entry.data).hexdigest()}


def report(build: str, parts: Mapping[str, Any]) -> bytes:
    """The text of report.json: what this run measured. `build` is recipe@platform."""
    return as_json({**parts, "schema_version": SCHEMA_VERSION, "build": build})


def as_json(value: Any) -> bytes:
    """JSON with sorted keys and two spaces of indent: one text for one value."""
    return msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=2) + b"\n"
