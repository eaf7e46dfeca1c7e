"""`schema`: the JSON Schema of our files, so that editors complete and check them."""

from __future__ import annotations

import json

from builder.errors import UsageError
from builder.recipes.model import schema


def show_schema(kind: str) -> None:
    """Print the schema of one kind of file."""
    schemas = schema()
    if kind not in schemas:
        raise UsageError(f"--kind is {kind!r}, but must be one of: {', '.join(schemas)}.")
    print(json.dumps(schemas[kind], indent=2))
