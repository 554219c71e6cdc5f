"""`up`: look first, then let Pulumi work, then prove that the platform answers, then say where it is and what to type next."""

import os
import subprocess
import sys
import time

from rich.console import Console

from ops.preflight import preflight
from ops.progress import Progress
from ops.stack import Stack
from ops.update import INTERRUPTED, run_update

UP_FAILED, SMOKE_FAILED = 1, 3
SAID_ELSEWHERE = ("update failed", "an unhandled error occurred: program exited")


def up(stack: Stack, console: Console, *, smoke: bool = True) -> int:
    """Bring the stack up. 0 it runs and answers, 1 the update failed, 3 it runs but a smoke check failed, 130 interrupted.

    Raises:
        Problem: it cannot begin.
    """
    began = time.monotonic()
    preflight(stack, lambda line: console.print(f"✓ {line}"))
    code, progress = run_update(stack, console, "up")
    if code:
        _say_failure(stack, console, code, progress)
        return INTERRUPTED if code == INTERRUPTED else UP_FAILED
    changed = sum(count for operation, count in progress.changes.items() if operation != "same")
    console.print(f"✓ up: {changed or 'no'} change{'s' * (changed != 1)} in {time.monotonic() - began:.1f} s")
    smoked = _smoke(stack) if smoke else 0
    _say_where(stack, console)
    return SMOKE_FAILED if smoked else 0


def _smoke(stack: Stack) -> int:
    sys.stdout.flush()
    command = [sys.executable, "-m", "smoke", "--stack", stack.name]
    return subprocess.run(command, cwd=stack.root, env={**os.environ, "NO_COLOR": "1"}, check=False).returncode


def _say_failure(stack: Stack, console: Console, code: int, progress: Progress) -> None:
    for error in dict.fromkeys(progress.errors):
        if not error.removeprefix("error: ").startswith(SAID_ELSEWHERE):
            console.print(f"✗ {error.removeprefix('error: ')}", markup=False)
    if code == INTERRUPTED:
        console.print("Interrupted. What was made stays; it goes on from there: make up")
    else:
        console.print(f"The update of stack {stack.name} failed; what ran before runs on. Look: make status; then: make up")


def _say_where(stack: Stack, console: Console) -> None:
    outputs = stack.outputs()
    console.print()
    for name, key in (("page", "url"), ("API", "apiUrl"), ("socket", "wsUrl"), ("release", "release")):
        console.print(f"  {name:<9}{outputs.get(key, '?')}", markup=False)
    console.print("\n  next: make status   make replay DAY=YYYY-MM-DD SPEED=60   make down")
