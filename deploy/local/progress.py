"""Shows what the stack waits for: a spinner with seconds on a terminal, plain lines anywhere else."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.console import Console
from rich.progress import Progress as Display
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn


class Progress:
    """Call it with each new step; `done` ends the last one, before anything else is printed.

    `stages` are what is to be done: a step that begins with one of them is shown with those that follow it.
    """

    def __init__(self, stages: Sequence[str] = (), console: Console | None = None) -> None:
        self._stages = stages
        self._console = console or Console(highlight=False)
        self._begun = time.monotonic()
        self._step = ""
        self._step_begun = self._begun
        self._display: Display | None = None

    def __call__(self, text: str) -> None:
        """The next step begins, and the one before is done."""
        self.done()
        self._step, self._step_begun = text, time.monotonic()
        if self._console.is_terminal:
            columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
            self._display = Display(*columns, console=self._console, transient=True)
            self._display.add_task(text + self._ahead())
            self._display.start()
        else:
            print(f"{self._step_begun - self._begun:6.1f} s  {text}{self._ahead()}", flush=True)

    def done(self) -> None:
        """The current step is done."""
        if self._display is not None:
            self._display.stop()
            self._display = None
            self._console.print(f"{time.monotonic() - self._step_begun:6.1f} s  {self._step}")
        self._step = ""

    def total(self) -> float:
        """Seconds since the first step could begin."""
        return time.monotonic() - self._begun

    def _ahead(self) -> str:
        current = next((number for number, stage in enumerate(self._stages) if self._step.startswith(stage)), None)
        left = [] if current is None else self._stages[current + 1 :]
        return f"; still to come: {', '.join(left)}" if left else ""
