"""Says on the error stream how far a measurement is: a bar on a terminal, a line a step elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Tell = Callable[[int, int], None]


class Steps:
    """The steps of one measurement, shown one after the other."""

    def __init__(self, *, is_silent: bool = False) -> None:
        self._console = Console(stderr=True, highlight=False, quiet=is_silent)

    @contextmanager
    def step(self, name: str) -> Iterator[Tell]:
        """Show a step while it lasts; yield what tells how much of it is done, of how much."""
        if not self._console.is_terminal:
            self._console.print(name)
            yield lambda _done, _total: None
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, TimeRemainingColumn(), console=self._console, transient=True) as progress:
            task = progress.add_task(name, total=None)
            yield lambda done, total: progress.update(task, completed=done, total=total)
