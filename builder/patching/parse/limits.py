"""What is too much: bounds that no real patch comes near and that keep a hostile one from using up the machine."""

from __future__ import annotations

from builder.patching.parse.error import PatchError

MIB = 1024 * 1024

MOST_BYTES = 64 * MIB
"""Of a patch file, unpacked."""
MOST_LINES = 2_000_000
MOST_HUNKS = 100_000
MOST_FILES = 20_000
MOST_BINARY = 64 * MIB
"""Of what all binary payloads of a patch unpack to."""
MOST_DELTA = 2 * MIB
"""Of one binary delta: its instructions are carried out one by one."""
MOST_NOTES = 1_000
HIGHEST_LINE = 2_000_000_000
"""Of a line number in a hunk's head."""
LONGEST_NAME = 4096
DEEPEST_PATH = 256

_HINT = "Do not apply it; if it is meant, split it."


def refuse_size(name: str, data: bytes) -> None:
    """PatchError if the patch file is beyond the bounds."""
    if len(data) > MOST_BYTES:
        raise too_much(name, f"is larger than {MOST_BYTES // MIB} MiB")
    if len(data) > MOST_LINES and data.count(b"\n") > MOST_LINES:
        raise too_much(name, f"has more than {MOST_LINES} lines")


def too_much(name: str, what: str) -> PatchError:
    """The error for what is beyond a bound."""
    return PatchError(f"Patch {name} {what}.", rule="too-much", hint=_HINT)
