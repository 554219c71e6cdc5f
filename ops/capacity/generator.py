"""Runs the fast generator of the fan-out bench as a program of its own, watching what the platform itself publishes.

Nothing is published into the platform: its own source makes the updates. How many sockets and which is the caller's to decide.
"""

import json
import resource
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

from ops.access import ROOT
from services.contract.endpoints import STREAM
from tools.machine.problem import Problem

SOURCES = ROOT / "loadtests" / "bench" / "generator"
PROGRAM = ROOT / "out" / "capacity" / "generator"
SPARE_HANDLES = 64
MAX_CPU = 0.6
"""Of one core; above it the generator may be what is slow."""
PATIENCE_SECONDS = 60.0
WARM_SECONDS = 2.0


@dataclass(frozen=True)
class Crowd:
    """How many sockets, and how many symbols each of them picks at random."""

    connections: int
    symbols: int


@dataclass(frozen=True)
class Seen:
    """What the generator saw in its window. Times in ms; `cpu` is its own, in cores."""

    connections: int
    seconds: float
    expected: int
    received: int
    p50_ms: float
    p99_ms: float
    read_delay_p99_ms: float
    cpu: float
    bytes_per_message: float
    lost: int

    @property
    def reach(self) -> float:
        """Received / expected; 0 when nothing was published."""
        return self.received / self.expected if self.expected else 0.0

    @property
    def deliveries_per_second(self) -> float:
        """Updates received a second, over all sockets."""
        return self.received / self.seconds

    @property
    def is_starved(self) -> bool:
        """Whether the generator itself may be what was slow."""
        return self.cpu > MAX_CPU


def build(program: Path = PROGRAM) -> Path:
    """Compile the generator.

    Raises:
        Problem: there is no C compiler, or it failed.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise Problem("The load generator cannot be built.", "There is no C compiler.", "apt-get install gcc libc6-dev")
    program.parent.mkdir(parents=True, exist_ok=True)
    words = [compiler, "-O2", "-pthread", "-o", str(program), *map(str, sorted(SOURCES.glob("*.c")))]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Problem("The load generator cannot be built.", done.stderr.strip()[-300:], " ".join(words))
    return program


def require_handles(sockets: int) -> None:
    """Raise the limit of open files for this process and those it starts.

    Raises:
        Problem: the machine does not allow as many.
    """
    need = sockets + SPARE_HANDLES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= need:
        return
    if hard not in (resource.RLIM_INFINITY,) and hard < need:
        raise Problem(f"{sockets} sockets need {need} open files, this user may have {hard}.", "", f"ulimit -Hn {need}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (need, hard))


def command(
    program: Path, address: tuple[str, int], origin: str, crowd: Crowd, names: Sequence[str], seconds: float
) -> list[str]:
    """The generator's words; no secret is among them, a socket is let in by its origin."""
    unused = {"redis_port": 0, "channel": "-", "password": ""}
    words = [
        address[0], address[1], STREAM, "", origin, *unused.values(), crowd.connections, len(names), crowd.symbols,
        "random", 0, WARM_SECONDS, seconds, 0, 0, ",".join(names),
    ]  # fmt: skip
    return [str(program), *map(str, words)]


def run(words: Sequence[str], seconds: float, at: Callable[[str], None]) -> Seen:
    """One crowd from connecting to leaving; `at` is called with `open`, `from` and `to` as they happen.

    Raises:
        Problem: the generator was refused, or did not end in time.
    """
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    last = ""
    try:
        watchdog = _kill_after(process, PATIENCE_SECONDS + seconds)
        for line in process.stdout:
            last = line.strip()
            if not last.startswith("{"):
                at(last.split(" ")[0])
        process.wait()
        watchdog.cancel()
        said = process.stderr.read().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
    if process.returncode or not last.startswith("{"):
        raise Problem("The sockets could not all be opened.", said[-300:] or "It took too long.", "make status")
    return read(last, seconds)


def read(line: str, seconds: float) -> Seen:
    """The generator's JSON line."""
    found = json.loads(line)
    return Seen(
        connections=found["connections"],
        seconds=seconds,
        expected=round(found["expected"]),
        received=found["received"],
        p50_ms=found["p50_ms"],
        p99_ms=found["p99_ms"],
        read_delay_p99_ms=found["read_delay_p99_ms"],
        cpu=found["generator_cpu"],
        bytes_per_message=found["bytes_per_message"],
        lost=found["unexpected_closes"],
    )


def _kill_after(process: "subprocess.Popen[str]", seconds: float) -> Timer:
    timer = Timer(seconds, process.kill)
    timer.daemon = True
    timer.start()
    return timer
