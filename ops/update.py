"""Runs `./pulumiw up` or `destroy` and shows it. Ctrl-C lets Pulumi end what it has begun; twice ends it at once."""

import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Self

from rich.console import Console

from ops.progress import Progress, read_events
from ops.stack import Stack

INTERRUPTED = 130


def run_update(stack: Stack, console: Console, *words: str) -> tuple[int, Progress]:
    """Run one changing command, such as `up`; Pulumi's exit code (130 when interrupted) and what was seen."""
    progress = Progress(console, stack.label.replace("/", "-"))
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "output").open("w+") as output:
        log = Path(folder) / "events"
        command = stack.command(*words, "--yes", "--skip-preview", "--event-log", str(log))
        # A process group of its own: a terminal's Ctrl-C would reach Pulumi twice, and twice means "at once".
        process = subprocess.Popen(
            command, cwd=stack.root, env=stack.environment(), stdout=output, stderr=subprocess.STDOUT, process_group=0
        )
        with Interrupts(process, console) as interrupts:
            progress.show(interrupts.held_until_heard(read_events(log, lambda: process.poll() is not None)))
            code = process.wait()
        if code and not progress.errors:
            output.seek(0)
            progress.errors = [line.removeprefix("error: ") for line in output.read().strip().splitlines()[-6:]]
    return (INTERRUPTED if interrupts.count and code else code), progress


class Interrupts:
    """Passes Ctrl-C and SIGTERM on to Pulumi. The first waits for Pulumi's first event: before it, Pulumi drops it unseen."""

    def __init__(self, process: "subprocess.Popen[str] | subprocess.Popen[bytes]", console: Console) -> None:
        self.count = 0
        self._process, self._console = process, console
        self._heard = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._take) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *raised: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def held_until_heard(self, events: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The same events; what was held back goes to Pulumi at the first."""
        for event in events:
            if not self._heard:
                self._heard = True
                if self.count:
                    self._process.send_signal(signal.SIGINT)
            yield event

    def _take(self, number: int, frame: FrameType | None) -> None:
        said = "ending at once" if self.count else "ending what has begun (again: at once)"
        self._console.print(f"interrupted: {said}")
        self.count += 1
        if self._heard or self.count > 1:
            self._process.send_signal(signal.SIGINT)
