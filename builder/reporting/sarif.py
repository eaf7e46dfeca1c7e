"""Findings as SARIF 2.1.0, which code hosts and editors show at the line of the patch file.

The structs are the part of the standard that we use, under its own names:
https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from urllib.parse import quote

from msgspec import Struct, field

from builder import __version__
from builder.reporting import json
from builder.reporting.report import Finding, PatchFile, Report, called, findings
from builder.reporting.rules import RULES, Level, Rule

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
REPOSITORY = "SRCROOT"
_BASE = "BASE"
_FINGERPRINT = "qmailBuilderHunk/v1"
"""The number grows if the same finding ever gets another value: hosts then see all findings as new."""


class _Part(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What all objects share: the standard's camelCase names, and nothing said that is the default."""


class Message(_Part, frozen=True, kw_only=True):
    text: str


class ArtifactLocation(_Part, frozen=True, kw_only=True):
    uri: str
    uri_base_id: str | None = None


class Region(_Part, frozen=True, kw_only=True):
    start_line: int


class PhysicalLocation(_Part, frozen=True, kw_only=True):
    artifact_location: ArtifactLocation
    region: Region


class Location(_Part, frozen=True, kw_only=True):
    physical_location: PhysicalLocation
    id: int | None = None
    message: Message | None = None


class Result(_Part, frozen=True, kw_only=True):
    rule_id: str
    level: Level
    message: Message
    locations: tuple[Location, ...]
    related_locations: tuple[Location, ...] = ()
    partial_fingerprints: dict[str, str]


class Configuration(_Part, frozen=True, kw_only=True):
    level: Level


class RuleDescriptor(_Part, frozen=True, kw_only=True):
    id: str
    short_description: Message
    help: Message
    default_configuration: Configuration


class Driver(_Part, frozen=True, kw_only=True):
    name: str
    version: str
    rules: tuple[RuleDescriptor, ...]


class Tool(_Part, frozen=True, kw_only=True):
    driver: Driver


class Artifact(_Part, frozen=True, kw_only=True):
    location: ArtifactLocation
    hashes: dict[str, str]


class UriBase(_Part, frozen=True, kw_only=True):
    description: Message


class AutomationDetails(_Part, frozen=True, kw_only=True):
    id: str


class Run(_Part, frozen=True, kw_only=True):
    tool: Tool
    automation_details: AutomationDetails
    original_uri_base_ids: dict[str, UriBase]
    artifacts: tuple[Artifact, ...]
    results: tuple[Result, ...]
    column_kind: str = field(name="columnKind")


class Log(_Part, frozen=True, kw_only=True):
    schema: str = field(name="$schema")
    version: str = field(name="version")
    runs: tuple[Run, ...]


def render(report: Report) -> str:
    """The whole report as one run of a SARIF log."""
    found = findings(report)
    used = {finding.rule.id: finding.rule for finding in found}
    rules = (*RULES, *(rule for name, rule in sorted(used.items()) if rule not in RULES))
    run = Run(
        tool=Tool(
            driver=Driver(name="qmail-builder", version=__version__, rules=tuple(map(_descriptor, rules)))
        ),
        # The part before the last slash names the analysis, so that two recipes do not hide each other's findings.
        automation_details=AutomationDetails(id=f"qmail-builder/apply/{report.id}/"),
        original_uri_base_ids={
            REPOSITORY: UriBase(
                description=Message(text="The top of the repository that the patches lie in.")
            ),
            _BASE: UriBase(
                description=Message(text=f"The source tree of {report.base}, {report.base_tree}.")
            ),
        },
        artifacts=tuple(
            Artifact(location=_patch_location(file), hashes={"sha-256": file.sha256}) for file in report.files
        ),
        results=tuple(_results(report, found)),
        column_kind="unicodeCodePoints",
    )
    return document(run)


def document(run: Run) -> str:
    """The log of one run, as text."""
    return json.dumps(Log(schema=_SCHEMA, version="2.1.0", runs=(run,)))


def _descriptor(rule: Rule) -> RuleDescriptor:
    return RuleDescriptor(
        id=rule.id,
        short_description=Message(text=rule.summary),
        help=Message(text=rule.help),
        default_configuration=Configuration(level=rule.level),
    )


def _results(report: Report, found: Sequence[Finding]) -> Iterator[Result]:
    seen: Counter[str] = Counter()
    for finding in found:
        fingerprint = _fingerprint(finding)
        seen[fingerprint] += 1
        # The same hunk twice in one file is two findings, and hosts tell them apart by this alone.
        yield _result(report, finding, f"{fingerprint}:{seen[fingerprint]}")


def _result(report: Report, finding: Finding, fingerprint: str) -> Result:
    return Result(
        rule_id=finding.rule.id,
        level=finding.rule.level,
        message=Message(text=finding.message),
        locations=(Location(physical_location=at(_patch_location(finding.file), finding.patch_line)),),
        related_locations=_related(report, finding),
        partial_fingerprints={_FINGERPRINT: fingerprint},
    )


def _related(report: Report, finding: Finding) -> tuple[Location, ...]:
    """Where it is in the base's tree, and the hunk that is in the way."""
    places: list[tuple[ArtifactLocation, int, str]] = []
    if finding.path:
        target = ArtifactLocation(uri=uri(finding.path), uri_base_id=_BASE)
        places.append((target, finding.line, f"{finding.path} as the patches before it left it"))
    culprit = report.line_of(finding.owner, finding.path) if finding.owner else None
    if finding.owner and culprit:
        said = f"{called(finding.owner.hunk)} of {finding.owner.patch} owns the lines that are in the way"
        places.append((_patch_location(culprit[0]), culprit[1], said))
    return tuple(
        Location(id=number, physical_location=at(location, line), message=Message(text=text))
        for number, (location, line, text) in enumerate(places, 1)
    )


def at(location: ArtifactLocation, line: int) -> PhysicalLocation:
    """A line of a file, from 1."""
    return PhysicalLocation(artifact_location=location, region=Region(start_line=line))


def _patch_location(file: PatchFile) -> ArtifactLocation:
    return located(file.path)


def located(path: str) -> ArtifactLocation:
    """A patch file: by its path in the repository, or an absolute one."""
    if PurePosixPath(path).is_absolute():
        return ArtifactLocation(uri=f"file://{uri(path)}")
    return ArtifactLocation(uri=uri(path), uri_base_id=REPOSITORY)


def uri(path: str) -> str:
    """A path as part of a URI."""
    return quote(path.encode("utf-8", "surrogateescape"))


def _fingerprint(finding: Finding) -> str:
    """The same for the same hunk with the same fault, wherever in the patch file it stands."""
    parts = (finding.file.patch.name, finding.path, finding.rule.id, finding.text_hash)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
