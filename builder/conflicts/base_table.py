"""What is found out about patches on several bases, as plain data for reports."""

from __future__ import annotations

import msgspec

from builder.patching.findings import HunkStatus


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a tree compiles. `error` is what the compiler said."""

    ok: bool
    error: str = ""


class OnBase(msgspec.Struct, frozen=True, kw_only=True):
    """A patch by itself on a base, after what it requires."""

    patch: str
    base: str
    form: str
    """The base that the file is for, as its patch.toml says: another one where there is none for this base. Empty for a
    patch given by its path."""
    status: HunkStatus
    failed: int
    """How many of its hunks do not apply."""
    hunks: int
    needs: str = ""
    """The patch that it requires and that does not apply itself."""
    built: Built | None = None
    """None if it was not tried."""

    @property
    def ok(self) -> bool:
        """Whether nothing is known that speaks against it."""
        return self.status.applied and not self.needs and (self.built is None or self.built.ok)


class BaseState(msgspec.Struct, frozen=True, kw_only=True):
    """A base by itself, and all ordered pairs of the patches on it: how many have which outcome."""

    name: str
    tree: str
    pairs: dict[str, int]
    built: Built | None = None


class BaseTable(msgspec.Struct, frozen=True, kw_only=True):
    """Patches (rows) and bases (columns), in the order in which they were given; the cells by rows."""

    bases: tuple[BaseState, ...]
    patches: tuple[str, ...]
    cells: tuple[OnBase, ...]

    @property
    def bad(self) -> int:
        """How many cells are of patches that do not apply, or do not build."""
        return sum(not cell.ok for cell in self.cells)
