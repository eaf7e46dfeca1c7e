"""Progress bars on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from builder.console import Quiet

if TYPE_CHECKING:
    from types import TracebackType


class Bars(Quiet):
    """A spinner for the current step and a bar for each part that counts; all vanish at the end."""

    def __init__(self) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._step: TaskID | None = None
        self._parts: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def step(self, text: str) -> None:
        for part in self._parts.values():
            self._progress.remove_task(part)
        self._parts.clear()
        if self._step is not None:
            self._progress.remove_task(self._step)
        self._step = self._progress.add_task(text, total=None)

    def advance(self, text: str, done: int, total: int | None) -> None:
        if text not in self._parts:
            self._parts[text] = self._progress.add_task(f"  {text}", total=total)
        self._progress.update(self._parts[text], completed=done, total=total)
