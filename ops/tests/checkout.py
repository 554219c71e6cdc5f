"""A copy of the checkout as somebody else would have it, with a stack of its own."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ops.access import ROOT
from ops.lock import read_locks
from ops.stack import Stack


@dataclass
class Checkout:
    """A folder with the project in it, and the name of the stack used there."""

    folder: Path
    stack_name: str

    @property
    def stack(self) -> Stack:
        return Stack(self.stack_name, self.folder)

    @property
    def environment(self) -> dict[str, str]:
        """What a person's shell has, without what this test run was told about stacks."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "STOCK_TRACKER_"))}
        return {**kept, "STOCK_TRACKER_STACK": self.stack_name}

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command there to its end."""
        return subprocess.run(
            command, cwd=self.folder, env={**self.environment, **environment}, text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def ops(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """`python -m ops …` there."""
        return self.run(".venv/bin/python", "-m", "ops", *words, **environment)

    def pulumi(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`./pulumiw …` on the stack there."""
        return self.run("./pulumiw", *words, "--stack", self.stack_name, "--non-interactive")

    def configure(self, **values: object) -> None:
        for key, value in values.items():
            assert self.pulumi("config", "set", key, str(value)).returncode == 0, key

    def up_interrupted(self, at: Callable[[], bool], number: signal.Signals) -> tuple[int, str]:
        """`ops up`, and a signal as soon as `at()` is true: Ctrl-C to ops, a kill to Pulumi itself."""
        process = subprocess.Popen(
            [".venv/bin/python", "-m", "ops", "up", "--no-smoke"], cwd=self.folder, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            deadline = time.monotonic() + 120
            while not at():
                assert process.poll() is None, f"it ended before the moment came:\n{process.communicate()[0]}"
                assert time.monotonic() < deadline, "the moment never came"
                time.sleep(0.05)
            pid = process.pid if number is signal.SIGINT else read_locks(self.stack.locks())[0].pid
            os.kill(pid, number)
            said, _ = process.communicate(timeout=120)
            return process.returncode, said
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=120)


def copy_checkout(folder: Path, stack_name: str) -> Checkout:
    """A copy of what version control knows or would take, as it is on the disk now."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        source, target = ROOT / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    return Checkout(folder, stack_name)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
