"""Where a contestant of the fan-out bench runs, what it talks to, and where its clients connect."""

import os
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Place:
    """Ports to listen on, the Redis to hear, the core to run on."""

    ports: tuple[int, int]
    redis_port: int
    password_file: Path
    client_key_file: Path
    core: int
    batch_ms: int
    realtime: bool = False


@dataclass(frozen=True)
class Target:
    """Where clients connect, and whose CPU is counted: the first `nodes` processes are servers, further ones the edge."""

    host: str
    ports: tuple[int, ...]
    pids: tuple[int, ...]
    nodes: int = 1
    client_key: str = ""


def pin(cores: set[int], realtime: bool) -> None:
    """Give the calling process its cores; with `realtime` (root only) no ordinary neighbour takes its main thread from it."""
    os.sched_setaffinity(0, cores)
    if realtime:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(10))
