"""One run of one server under one load: starts both sides, lets the generator measure, returns a row."""

import json
import os
import shutil
import statistics
import subprocess
from pathlib import Path
from typing import Any

from loadtests.bench.contestants import running
from loadtests.bench.loads import Load
from loadtests.bench.place import ROOT, Place, Target, pin
from loadtests.redis_box import RedisBox
from services.contract.keyspace import CHANNEL_UPDATES

OUT = ROOT / "out" / "bench"
SOURCES = Path(__file__).parent / "generator"
WARM_SECONDS = 2
NULL_CLIENTS = 9_900
"""Both ends of the null server's connections lie in one process, whose descriptors are limited to 20,000 on many machines."""

Row = dict[str, Any]


def build_generator() -> Path:
    """Compile the generator.

    Raises:
        RuntimeError: there is no C compiler.
        subprocess.CalledProcessError: it failed.
    """
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise RuntimeError("no C compiler; install one: apt-get install gcc libc6-dev")
    OUT.mkdir(parents=True, exist_ok=True)
    target = OUT / "generator"
    subprocess.run([compiler, "-O2", "-pthread", "-o", str(target), *map(str, sorted(SOURCES.glob("*.c")))], check=True)
    return target


def measure(generator: Path, name: str, load: Load, box: RedisBox, place: Place, seconds: int, pad: int) -> Row:
    """One row; figures are of the window of `seconds` after a warm-up.

    Raises:
        RuntimeError: server or generator failed; says what it wrote.
    """
    if name == "null":
        return _generate(generator, Target("127.0.0.1", (), ()), name, load, box, place, seconds, pad)
    with running(name, place) as target:
        return _generate(generator, target, name, load, box, place, seconds, pad)


def _generate(generator: Path, target: Target, name: str, load: Load, box: RedisBox, place: Place, seconds: int, pad: int) -> Row:
    clients = min(load.clients, NULL_CLIENTS) if name == "null" else load.clients * target.nodes
    words = [
        target.host, _list(target.ports), "/ws", target.client_key, "", box.port, CHANNEL_UPDATES, box.password,
        clients, load.symbols, load.each, "same" if load.same else "random", load.updates,
        WARM_SECONDS, seconds, _list(target.pids), pad,
    ]  # fmt: skip
    cores = os.sched_getaffinity(0)
    done = subprocess.run(
        [str(generator), *map(str, words)], capture_output=True, text=True, timeout=seconds + 120, check=False,
        preexec_fn=lambda: pin(cores if name == "null" else cores - {place.core} or cores, place.realtime),
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"{name}: generator failed: {done.stderr[-300:]}")
    found: Row = json.loads(done.stdout)
    cpu, delivered = found["cpu_seconds"], found["received"] / 1e6
    nodes, edge = cpu[: target.nodes], cpu[target.nodes :]
    facts = {"server": name, "clients": clients, "symbols": load.symbols, "symbols_per_client": load.each, "edge": name == "edge"}
    return facts | found | {
        "deliveries_per_second": round(found["received"] / seconds),
        "cpu_s_per_million": round(sum(nodes) / delivered, 3) if delivered else 0.0,
        "edge_cpu_s_per_million": round(sum(edge) / delivered, 3) if delivered else 0.0,
        "node_cpu": round(sum(nodes) / seconds / target.nodes, 4),
        "kib_per_connection": round(sum(found["grown_kib"][: target.nodes]) / clients, 2),
        "load_average": os.getloadavg()[0],
    }  # fmt: skip


def median_of(rows: list[Row]) -> Row:
    """Per figure the median over the rounds; reach is the worst."""
    merged = dict(rows[0])
    for key, value in rows[0].items():
        if isinstance(value, int | float) and any(row[key] != value for row in rows):
            merged[key] = round(statistics.median(row[key] for row in rows), 3)
    return merged | {"reach": min(row["reach"] for row in rows), "rounds": len(rows)}


def _list(numbers: tuple[int, ...]) -> str:
    return ",".join(map(str, numbers))
