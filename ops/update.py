"""Runs `./pulumiw up` or `destroy` and shows it. Ctrl-C lets Pulumi end what it has begun; twice ends it at once."""

import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

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
        with _pass_on_interrupts(process, console) as interrupted:
            progress.show(read_events(log, lambda: process.poll() is not None))
            code = process.wait()
        if code and not progress.errors:
            output.seek(0)
            progress.errors = [line.removeprefix("error: ") for line in output.read().strip().splitlines()[-6:]]
    return (INTERRUPTED if interrupted.is_set() and code else code), progress


@contextmanager
def _pass_on_interrupts(
    process: "subprocess.Popen[str] | subprocess.Popen[bytes]", console: Console
) -> Iterator[threading.Event]:
    interrupted = threading.Event()

    def pass_on(number: int, frame: FrameType | None) -> None:
        said = "ending at once" if interrupted.is_set() else "ending what has begun (again: at once)"
        console.print(f"interrupted: {said}")
        interrupted.set()
        process.send_signal(signal.SIGINT)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
