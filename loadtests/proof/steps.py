"""Does the measuring: each step runs one program or asks one thing, and adds to the evidence.

A step that fails leaves its reason and lets the others go on; the promises it should have measured are then red.
"""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtests.machine import busy_percent
from loadtests.node_histogram import read as read_nodes
from loadtests.page_loads import BrowserError, load_times_ms
from loadtests.proof.evidence import Evidence
from ops.access import ROOT, Access
from ops.containers import ContainersError, StackEngine
from services.contract.objectives import Objectives

NULL_HOLD_SECONDS = 10.0
OBSERVERS_SHARE = 0.07
"""The second observer holds this many sockets for each of Locust's: 5 to 10 %."""
OBSERVER_LEAD_SECONDS = 3.0
"""About what Locust needs until its first user comes: the observer's sockets are opened until its last one has come."""
STEP_NAMES = ("smoke", "null", "api", "ws", "cache", "cold", "pubsub", "page")


class StepError(Exception):
    """A step brought nothing home; the text says why."""


@dataclass(frozen=True)
class Run:
    """What every step needs. `words` are the options that say where the platform is, passed on as they were given."""

    access: Access
    objectives: Objectives
    words: Sequence[str]
    folder: Path
    users: int | None = None
    hold_seconds: float | None = None
    is_strict: bool = False
    """A slow figure counts even when neighbours kept the machine busy."""
    tell: Callable[[str], None] = print

    def engine(self) -> StackEngine:
        """The stack's containers."""
        return StackEngine(self.access.base_url, self.access.stack)

    @property
    def lighter(self) -> list[str]:
        """Locust's options for a lighter run."""
        users = [] if self.users is None else ["--at-most-users", str(self.users)]
        return users + ([] if self.hold_seconds is None else ["--hold-seconds", str(self.hold_seconds)])


def take(run: Run, names: Sequence[str]) -> Evidence:
    """Run the named steps in their fixed order."""
    evidence = Evidence()
    for name in STEP_NAMES:
        if name not in names:
            evidence.failures[name] = "left out"
            continue
        if not run.is_strict:
            evidence.busy[name] = busy_percent()
        began = time.monotonic()
        try:
            STEPS[name](run, evidence)
            outcome = "done"
        except (StepError, ContainersError, BrowserError, OSError) as error:
            outcome = evidence.failures[name] = str(error)
        busy = f"machine busy before {evidence.busy[name]:>3.0f} %   " if name in evidence.busy else ""
        run.tell(f"{name:<10}{time.monotonic() - began:>7.0f} s   {busy}{outcome}")
    return evidence


def _program(run: Run, name: str, words: Sequence[str]) -> int:
    """Run a program of this checkout; its output goes to a file beside the report."""
    with (run.folder / f"{name}.txt").open("w") as output:
        return subprocess.run(
            [sys.executable, "-m", *words], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, check=False
        ).returncode


def _result(run: Run, name: str, code: int) -> dict[str, Any]:
    file = run.folder / f"{name}.json"
    if not file.exists():
        told = (run.folder / f"{name}.txt").read_text().strip().splitlines()
        raise StepError(f"ended with {code} and no result: {told[-1] if told else 'no output'}")
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def _smoke(run: Run, evidence: Evidence) -> None:
    code = _program(run, "smoke", ["smoke", *run.words, "--json", str(run.folder / "smoke.json")])
    evidence.smoke = _result(run, "smoke", code)


def _locust(run: Run, profile: str, name: str, words: Sequence[str]) -> dict[str, Any]:
    file = run.folder / f"{name}.json"
    options = ["--headless", "--only-summary", "--profile", profile, "--results", str(file)]
    code = _program(run, name, ["locust", "-f", "loadtests/locustfile.py", *options, *words])
    return _result(run, name, code)


def _null(run: Run, evidence: Evidence) -> None:
    with _helper(["loadtests.null_server"]) as url:
        users = ["--at-most-users", str(run.users)] if run.users else []
        key = run.folder / "null.key"
        key.write_text("none")
        hold = min(NULL_HOLD_SECONDS, run.hold_seconds or NULL_HOLD_SECONDS)
        words = ["--base-url", url, "--client-key-file", str(key), "--hold-seconds", str(hold), *users]
        evidence.null = _locust(run, "ws1000", "null", words)


def _api(run: Run, evidence: Evidence) -> None:
    evidence.loads["api100"] = _locust(run, "api100", "api100", [*run.words, *run.lighter])


def _ws(run: Run, evidence: Evidence) -> None:
    users = run.users or run.objectives.load["ws1000"].users
    seen = run.folder / "observer.json"
    load = run.objectives.load["ws1000"]
    seconds = OBSERVER_LEAD_SECONDS + users / load.users_per_second
    observer = ["loadtests.observer", *run.words, "--connections", str(max(1, round(users * OBSERVERS_SHARE)))]
    observer += ["--seconds", f"{seconds:g}"]
    before, failed = _nodes(run)
    with _helper([*observer, "--output", str(seen)]):
        evidence.loads["ws1000"] = _locust(run, "ws1000", "ws1000", [*run.words, *run.lighter])
    evidence.observer = json.loads(seen.read_text()) if seen.exists() else None
    after, failed = _nodes(run)
    if before and after:
        evidence.redis_counts = after.since(before).cumulative
    elif failed:
        evidence.failures["ws"] = failed


def _nodes(run: Run) -> tuple[Any, str]:
    """The nodes' histogram, or why there is none: the sockets are measured all the same."""
    try:
        with run.engine() as engine:
            found = read_nodes(engine)
    except ContainersError as error:
        return None, str(error)
    return (found, "") if found.cumulative else (None, "no ws node of this stack on this Docker engine")


def _cache(run: Run, evidence: Evidence) -> None:
    evidence.loads["cache"] = _locust(run, "cache", "cache", [*run.words, *run.lighter])


def _cold(run: Run, evidence: Evidence) -> None:
    evidence.loads["api100cold"] = _locust(run, "api100cold", "api100cold", [*run.words, *run.lighter])


def _pubsub(run: Run, evidence: Evidence) -> None:
    evidence.loads["pubsub"] = _locust(run, "pubsub", "pubsub", run.words)


def _page(run: Run, evidence: Evidence) -> None:
    evidence.page_ms = load_times_ms(run.access.base_url + "/", run.objectives.load["page10"].repetitions)


@contextlib.contextmanager
def _helper(words: Sequence[str]) -> Iterator[str]:
    """A program beside another one; yields the first line it prints, and ends it by closing its standard input."""
    process = subprocess.Popen(
        [sys.executable, "-m", *words], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ.copy()
    )
    assert process.stdout
    assert process.stdin
    try:
        line = process.stdout.readline().strip()
        if not line:
            raise StepError(f"{words[0]} did not start")
        yield line
    finally:
        process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()


STEPS: dict[str, Callable[[Run, Evidence], None]] = {
    "smoke": _smoke,
    "null": _null,
    "api": _api,
    "ws": _ws,
    "cold": _cold,
    "cache": _cache,
    "pubsub": _pubsub,
    "page": _page,
}
