"""manifest.json says what went in and what came out, the same for the same build."""

from __future__ import annotations

import json
from typing import Any

import pytest

from builder.packaging.manifest import Inputs, PatchInput, manifest, report
from builder.packaging.package import Package
from tests.unit.packaging import handmade

INPUTS = Inputs(
    builder="0.1.0",
    recipe="bigconc",
    recipe_sha256="aa",
    base="netqmail-1.06",
    base_tree="sha256:bb",
    configured_tree="sha256:cc",
    patches=(PatchInput(name="big-concurrency", file="netqmail-1.06.patch", sha256="dd"),),
    platform="linux-musl-amd64",
    abi="amd64",
    compiler="zig 0.17.1",
    compressor="zstd 1.5.7",
    conf={"conf-spawn": "1000", "conf-qmail": "/var/qmail"},
    ids={"qmailq": 64014},
)
PACKAGES = (Package(format="tar", name="a.tar.zst", sha256="ee", size=3),)


def made(findings: dict[str, Any]) -> bytes:
    return manifest(INPUTS, findings=findings, payload=handmade.payload(), packages=PACKAGES)


@pytest.fixture
def read() -> dict[str, Any]:
    value = json.loads(made({"checks": [{"name": "spawn-direct", "passed": True, "peak": 1000}]}))
    assert isinstance(value, dict)
    return value


def test_names_the_build_and_its_inputs(read: dict[str, Any]) -> None:
    assert read["schema_version"] == 1
    assert read["build"] == "bigconc@linux-musl-amd64"
    assert read["inputs"]["patches"][0] == {
        "name": "big-concurrency",
        "file": "netqmail-1.06.patch",
        "sha256": "dd",
    }


def test_holds_the_findings_as_they_are(read: dict[str, Any]) -> None:
    assert read["checks"][0]["peak"] == 1000


def test_sums_up_the_payload(read: dict[str, Any]) -> None:
    queue = next(entry for entry in read["payload"] if entry["path"].endswith("qmail-queue"))
    assert queue == {
        "path": "/var/qmail/bin/qmail-queue",
        "kind": "file",
        "mode": "4711",
        "user": "qmailq",
        "uid": 64014,
        "group": "qmail",
        "gid": 64010,
        "size": 10,
        "sha256": "effb21f6c50fb91876e4c69b8c4fedd906741cc153ca0be9f9fd27ff33e812c9",
    }
    trigger = next(entry for entry in read["payload"] if entry["kind"] == "fifo")
    assert (trigger["mode"], "sha256" in trigger) == ("0622", False)
    assert read["left_out"] == [{"path": "/var/qmail/man/cat8/qmail-send.0", "reason": "no nroff"}]


def test_names_the_outputs(read: dict[str, Any]) -> None:
    assert read["packages"] == [{"format": "tar", "name": "a.tar.zst", "sha256": "ee", "size": 3}]


def test_one_value_has_one_text() -> None:
    one = made({"apply": {"a": 1, "b": 2}, "checks": []})
    assert one == made({"checks": [], "apply": {"b": 2, "a": 1}})
    assert one.endswith(b"}\n")


def test_the_report_has_what_varies() -> None:
    value = json.loads(report("bigconc@native", {"seconds": {"make": 5.2}}))
    assert value == {"build": "bigconc@native", "schema_version": 1, "seconds": {"make": 5.2}}
