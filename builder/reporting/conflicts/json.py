"""The matrix as JSON for other programs. The shape is versioned: a field may be added, none changes its meaning."""

from __future__ import annotations

import msgspec

from builder.conflicts.values import Matrix
from builder.reporting.json import dumps

CONFLICTS_SCHEMA = 1


class ConflictsReport(Matrix, frozen=True, kw_only=True):
    """What `conflicts --format json` prints."""

    schema_version: int


def render(matrix: Matrix) -> str:
    """The whole matrix as JSON."""
    return dumps(ConflictsReport(schema_version=CONFLICTS_SCHEMA, **msgspec.structs.asdict(matrix)))
