"""What the generator's own machine gives: file handles, CPU, clock. A figure from a starved generator is no figure."""

import contextlib
import os
import platform
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

SPARE_HANDLES = 256
LOOPBACK = ("127.0.0.1", "localhost", "::1")
PROXY_HANDLES_PER_SOCKET = 6
"""Counted: two sockets, and the two ends of a pipe for each direction."""
NICE = -10


class TooFewHandlesError(Exception):
    """E11: more sockets are wanted than this process, or the way to the platform, may open."""


def require_handles(sockets: int) -> None:
    """Raise the soft limit as far as the hard one allows, and refuse to start when that is not enough.

    Raises:
        TooFewHandlesError: says how many are needed, how many there are, and what to type.
    """
    need = sockets + SPARE_HANDLES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < need <= hard or hard == resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, need), hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if soft < need:
        raise TooFewHandlesError(
            f"{sockets} sockets need >= {need} open files, you have {soft}. Run: ulimit -n {max(8192, need)}"
        )


def require_way(url: str, sockets: int, processes: Path = Path("/proc")) -> None:
    """Refuse more sockets than Docker's proxy of a port published here can carry: beyond that it ends, and the port with it.

    Raises:
        TooFewHandlesError: says how many it can carry, and the way past it.
    """
    address = urlsplit(url)
    if address.hostname not in LOOPBACK:
        return  # what is sent to any other address the kernel carries by itself
    needed = sockets * PROXY_HANDLES_PER_SOCKET + SPARE_HANDLES
    for words, handles in _proxies(processes):
        if _said(words, "-host-port") == str(address.port) and handles < needed:
            past = f"http://{_said(words, '-container-ip')}:{_said(words, '-container-port')}"
            raise TooFewHandlesError(
                f"docker-proxy behind {address.netloc} may open {handles} files and needs "
                f"{PROXY_HANDLES_PER_SOCKET} for each of {sockets} sockets. "
                f"Go straight to the edge: STOCK_TRACKER_URL={past}, or start dockerd with a higher limit"
            )


def _proxies(processes: Path) -> Iterator[tuple[list[str], int]]:
    """Command line and limit of open files of each docker-proxy that runs."""
    for process in processes.glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):  # gone meanwhile, or somebody else's
            words = (process / "cmdline").read_text().split("\0")
            if words[0].endswith("docker-proxy"):
                yield words, _open_files(process / "limits")


def _said(words: list[str], option: str) -> str:
    return words[words.index(option) + 1]


def _open_files(limits: Path) -> int:
    """The hard limit of another process, from its limits as the kernel tells them."""
    line = next(line for line in limits.read_text().splitlines() if line.startswith("Max open files"))
    hard = line.split()[4]
    return int(hard) if hard.isdigit() else sys.maxsize


def go_first(priority: int = 1) -> str:
    """Let this process run before others, where we may (root): a meter that waits for a core measures the wait.

    Real time of the lowest kind: it takes a core at once when something has come, and the platform waits, not the meter. The
    kernel keeps 5 % of every second for others, and children do not inherit it. Returns what was got, for the report.
    """
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
        return f"real time {priority}"
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
        return f"nice {NICE}"
    return "as any other"


@dataclass
class CpuMeter:
    """Share of one core that this process used, and of all cores that the machine did, since the last reading."""

    _process: float = field(default_factory=time.process_time)
    _wall: float = field(default_factory=time.monotonic)
    _machine: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        self._machine = machine_ticks()

    def read(self) -> tuple[float, float]:
        """(this process in percent of one core, the machine in percent of all cores)."""
        process, wall, machine = time.process_time(), time.monotonic(), machine_ticks()
        own = 100 * (process - self._process) / max(wall - self._wall, 1e-6)
        busy, total = machine[0] - self._machine[0], machine[1] - self._machine[1]
        self._process, self._wall, self._machine = process, wall, machine
        return own, 100 * busy / total if total else 0.0


def machine_ticks() -> tuple[float, float]:
    """(busy, all) clock ticks of the machine since it started, from /proc/stat."""
    fields = [float(part) for part in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle = fields[3] + fields[4]
    return sum(fields) - idle, sum(fields)


def busy_percent(seconds: float = 2.0) -> float:
    """How much of all cores the machine uses while this process only waits."""
    meter = CpuMeter()
    time.sleep(seconds)
    return meter.read()[1]


def describe() -> dict[str, str | int]:
    """The machine a figure was taken on."""
    model = [line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    return {
        "cores": os.cpu_count() or 0,
        "cpu": model[0] if model else "unknown",
        "memoryMiB": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "kernel": platform.release(),
        "python": platform.python_version(),
    }
