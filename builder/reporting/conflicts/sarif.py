"""The matrix as SARIF 2.1.0: each collision at the hunk of the patch that comes second."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping

from builder import __version__
from builder.conflicts.values import Collision, CollisionKind, Matrix, Outcome, Pair
from builder.reporting import sarif
from builder.reporting.conflicts.files import ComparedFile
from builder.reporting.conflicts.words import QUIET, SIGNS, what
from builder.reporting.rules import Level
from builder.reporting.screen import printable

_FINGERPRINT = "qmailBuilderPair/v1"
"""The number grows if the same finding ever gets another value: hosts then see all findings as new."""
_BASE = "BASE"
_LEVELS = {
    Outcome.FUZZ: Level.WARNING,
    Outcome.RESOLVED: Level.WARNING,
    Outcome.HIDDEN: Level.ERROR,
    Outcome.SEMANTIC: Level.ERROR,
    Outcome.CONFLICT: Level.ERROR,
}

_APPLIED = ("clean", "offset", "fuzz")


def render(matrix: Matrix, files: Mapping[str, ComparedFile]) -> str:
    """The pairs that are not clean as one run of a SARIF log. `files` are the patch files, by the patches' names."""
    run = sarif.Run(
        tool=sarif.Tool(driver=sarif.Driver(name="qmail-builder", version=__version__, rules=_rules())),
        automation_details=sarif.AutomationDetails(id=f"qmail-builder/conflicts/{matrix.base}/"),
        original_uri_base_ids={
            sarif.REPOSITORY: sarif.UriBase(
                description=sarif.Message(text="The top of the repository that the patches lie in.")
            ),
            _BASE: sarif.UriBase(
                description=sarif.Message(text=f"The source tree of {matrix.base}, {matrix.base_tree}.")
            ),
        },
        artifacts=tuple(
            sarif.Artifact(location=sarif.located(file.path), hashes={"sha-256": file.sha256})
            for file in files.values()
        ),
        results=tuple(_results(matrix, files)),
        column_kind="unicodeCodePoints",
    )
    return sarif.document(run)


def _rules() -> tuple[sarif.RuleDescriptor, ...]:
    return tuple(
        sarif.RuleDescriptor(
            id=_rule(outcome),
            short_description=sarif.Message(text=f"The second patch {SIGNS[outcome].meaning}."),
            help=sarif.Message(text="Each finding says what to do next."),
            default_configuration=sarif.Configuration(level=level),
        )
        for outcome, level in _LEVELS.items()
    )


def _rule(outcome: Outcome) -> str:
    return f"pair.{outcome.value}"


def _results(matrix: Matrix, files: Mapping[str, ComparedFile]) -> Iterator[sarif.Result]:
    seen: Counter[str] = Counter()
    broken = frozenset(patch.name for patch in matrix.patches if patch.alone not in _APPLIED)
    for pair in matrix.pairs:
        if pair.outcome in QUIET:
            continue
        for collision in pair.collisions or (None,):
            same = _fingerprint(pair, collision)
            seen[same] += 1
            yield _result(pair, collision, files, broken, f"{same}:{seen[same]}")


def _result(
    pair: Pair,
    collision: Collision | None,
    files: Mapping[str, ComparedFile],
    broken: frozenset[str],
    fingerprint: str,
) -> sarif.Result:
    path, hunk = (collision.path, collision.second_hunk) if collision else ("", 0)
    # What is wrong with a patch by itself is shown there, whichever of the two it is.
    by_itself = collision is not None and collision.kind is CollisionKind.ALONE
    file = files[pair.first if by_itself and pair.first in broken else pair.second]
    where = sarif.at(sarif.located(file.path), file.line(path, hunk))
    return sarif.Result(
        rule_id=_rule(pair.outcome),
        level=_LEVELS[pair.outcome],
        message=sarif.Message(text=printable(_message(pair, collision))),
        locations=(sarif.Location(physical_location=where),),
        related_locations=tuple(_related(pair, collision, files)) if collision else (),
        partial_fingerprints={_FINGERPRINT: fingerprint},
    )


def _message(pair: Pair, collision: Collision | None) -> str:
    """Hosts show each finding by itself: so each has the advice for the pair, too."""
    head = f"{pair.second} after {pair.first}: {pair.outcome}"
    note = f" ({pair.note})" if pair.note else ""
    where = f": {what(collision)}" if collision else ""
    advice = (collision.advice if collision else "", pair.advice)
    return " ".join(filter(None, (f"{head}{note}{where}.", *advice)))


def _related(pair: Pair, collision: Collision, files: Mapping[str, ComparedFile]) -> Iterator[sarif.Location]:
    """The hunk of the first patch, and the place in the base."""
    if collision.kind is not CollisionKind.ALONE:
        file = files[pair.first]
        yield sarif.Location(
            id=1,
            physical_location=sarif.at(
                sarif.located(file.path), file.line(collision.path, collision.first_hunk)
            ),
            message=sarif.Message(text=f"what {pair.first} does there"),
        )
    if collision.base_line:
        target = sarif.ArtifactLocation(uri=sarif.uri(collision.path), uri_base_id=_BASE)
        yield sarif.Location(
            id=2,
            physical_location=sarif.at(target, collision.base_line),
            message=sarif.Message(text=f"{collision.path} as the base has it"),
        )


def _fingerprint(pair: Pair, collision: Collision | None) -> str:
    """The same for the same lines in dispute between the same patches, wherever they stand."""
    parts = [pair.first, pair.second, pair.outcome.value]
    if collision is not None:
        parts += [collision.path, collision.kind.value, collision.base, collision.first, collision.second]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
