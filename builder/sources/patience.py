"""How long a source may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Limits in seconds. The bases are a third of a megabyte: a source that needs longer than this is no help."""

    connect: float = 4.0
    """Until a mirror's host takes the connection."""
    stall: float = 20.0
    """Without a byte in the middle of a transfer."""
    mirrors: float = 15.0
    """For mirrors that give nothing at all, together: after that git has its turn."""
    git: float = 120.0
    """For all that git does."""
