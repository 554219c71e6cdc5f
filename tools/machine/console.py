"""What the user sees: one line per step with its time; progress in place on a terminal, now and then elsewhere."""

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

NAME_WIDTH = 12
TEXT_WIDTH = 88  # of what a program says of itself: pip names two hundred packages in one line
QUIET_SECONDS = 20.0  # without a terminal, at most one line of progress in this time


class Step:
    """One thing to have. `progress` while making it, `done` with what there is in the end."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.result = ""
        self._started = time.monotonic()
        self._last_said = self._started
        self._terminal = sys.stdout.isatty()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    def progress(self, text: str) -> None:
        """Say how far a long step is. Cheap enough to be called for every line of a build."""
        line = f"  {self.name:<{NAME_WIDTH}} {_shortened(text)}  ({self.seconds:.0f} s)"
        if self._terminal:
            width = shutil.get_terminal_size().columns - 1
            print(f"\r\033[K{line[:width]}", end="", flush=True)
        elif time.monotonic() - self._last_said >= QUIET_SECONDS:
            self._last_said = time.monotonic()
            print(line, flush=True)

    def done(self, text: str) -> None:
        self.result = text

    def close(self, mark: str) -> None:
        line = f"{mark} {self.name:<{NAME_WIDTH}} {self.result:<72} {self.seconds:6.1f} s"
        print(f"\r\033[K{line}" if self._terminal else line, flush=True)


def _shortened(text: str) -> str:
    return text if len(text) <= TEXT_WIDTH else f"{text[: TEXT_WIDTH - 1]}…"


@contextmanager
def step(name: str) -> Iterator[Step]:
    current = Step(name)
    try:
        yield current
    except BaseException:
        current.done("failed")
        current.close("✗")
        raise
    current.close("✓")
