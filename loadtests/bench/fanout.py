"""`python -m loadtests.bench.fanout`: our fan-out against others, interleaved, on one machine; rows to out/bench/fanout.json.

One generator (generator.c, compiled here) holds all clients and publishes; the server has a core of its own, generator and
Redis share the other. Every server is measured once per round, rounds repeat, the median counts: neighbours of a shared
machine disturb all alike. CPU seconds per million deliveries is the figure to trust; milliseconds move with the neighbours.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtests.bench.contestants import NAMES, ROOT, Place, install_node_packages, pin, running
from loadtests.redis_box import NoRedisError, RedisBox, free_port, redis_box
from services.contract.keyspace import CHANNEL_UPDATES

OUT = ROOT / "out" / "bench"
SOURCE = Path(__file__).parent / "generator.c"
WARM_SECONDS = 2
MAX_GENERATOR_CPU = 0.6


@dataclass(frozen=True)
class Load:
    """`each` of `symbols` per client; `updates` per second in all."""

    clients: int
    symbols: int
    each: int
    updates: float
    same: bool = False

    @property
    def deliveries(self) -> float:
        """Per second."""
        return self.updates * self.clients * (1.0 if self.same else self.each / self.symbols)


LOADS = {
    "seed-5-of-50": Load(1_000, 50, 5, 50),
    "seed-same-5": Load(1_000, 5, 5, 5, same=True),
    "100k": Load(1_000, 50, 10, 500),
    "10k-clients": Load(10_000, 50, 10, 50),
}
"""The owner's load twice (5,000 deliveries/s, symbols at random and all alike), then 100,000/s over 1,000 and 10,000 clients."""

GOALS: dict[str, dict[str, float]] = {
    "seed-5-of-50": {"p99_ms": 5, "broadcast": 0.65},
    "seed-same-5": {"p99_ms": 15, "broadcast": 0.75},
    "100k": {"p99_ms": 25, "broadcast": 0.45, "node-preframed": 0.55, "node-batched": 1.2},
    "10k-clients": {"p99_ms": 150, "broadcast": 0.6},
}
"""p99 of ours, and ours / other in CPU per delivery, at most."""


def build_generator() -> Path:
    """Compile the generator.

    Raises:
        RuntimeError: there is no C compiler, or it failed.
    """
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise RuntimeError("no C compiler; install one: apt-get install gcc libc6-dev")
    target = OUT / "generator"
    subprocess.run([compiler, "-O2", "-pthread", "-o", str(target), str(SOURCE)], check=True)
    return target


def measure(generator: Path, name: str, load: Load, box: RedisBox, place: Place, seconds: int, pad: int) -> dict[str, Any]:
    """One run of one server under one load."""
    with running(name, place) as pid:
        key = place.client_key_file.read_text() if name == "ours" else ""
        words = [
            "127.0.0.1", place.port, "/ws", key, "", box.port, CHANNEL_UPDATES, box.password,
            load.clients, load.symbols, load.each, "same" if load.same else "random", load.updates,
            WARM_SECONDS, seconds, pid, pad,
        ]  # fmt: skip
        cores = os.sched_getaffinity(0)
        done = subprocess.run(
            [str(generator), *map(str, words)], capture_output=True, text=True, timeout=seconds + 120, check=False,
            preexec_fn=lambda: pin(cores - {place.core} or cores, place.realtime),
        )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(f"{name}: generator failed: {done.stderr[-300:]}")
    row: dict[str, Any] = json.loads(done.stdout)
    row |= {"load": "", "server": name, "clients": load.clients, "symbols": load.symbols, "symbols_per_client": load.each}
    row |= {"deliveries_per_second": round(row["received"] / seconds), "edge": False, "load_average": os.getloadavg()[0]}
    return row


def median_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Per figure the median over the rounds; reach is the worst."""
    merged = dict(rows[0])
    for key, value in rows[0].items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            merged[key] = round(statistics.median(row[key] for row in rows), 3)
    merged["reach"] = min(row["reach"] for row in rows)
    merged["rounds"] = len(rows)
    return merged


def judge(rows: list[dict[str, Any]]) -> list[str]:
    """One line per goal: value, limit, verdict."""
    table = {(row["load"], row["server"]): row for row in rows}
    lines = []
    for load, goals in GOALS.items():
        ours = table.get((load, "ours"))
        if ours is None:
            continue
        lines.append(f"{load}: reach {ours['reach']:.2%} (goal 100 %) {'met' if ours['reach'] >= 1 else 'MISSED'}")
        for name, limit in goals.items():
            other = table.get((load, name))
            if name == "p99_ms":
                value, text = ours["p99_ms"], f"p99 {ours['p99_ms']:.1f} ms"
            elif other is None:
                continue
            else:
                value = ours["cpu_s_per_million"] / other["cpu_s_per_million"]
                text = f"CPU {value:.2f} x {name} (p99 there {other['p99_ms']:.1f} ms, reach {other['reach']:.1%})"
            lines.append(f"{load}: {text} (goal <= {limit:g}) {'met' if value <= limit else 'MISSED'}")
        if ours["generator_cpu"] > MAX_GENERATOR_CPU:
            lines.append(f"{load}: INCONCLUSIVE, the generator used {ours['generator_cpu']:.0%} of its core")
    return lines


def show(rows: list[dict[str, Any]]) -> None:
    """A table on stdout."""
    heads = f"{'load':14} {'server':15} {'msg/s':>8} {'reach':>8} {'p50':>8} {'p95':>8} {'p99 ms':>8} {'s/M':>7}"
    print(f"{heads} {'KiB/conn':>9} {'gen':>5}")
    for row in rows:
        print(
            f"{row['load']:14} {row['server']:15} {row['deliveries_per_second']:8.0f} {row['reach']:8.2%} {row['p50_ms']:8.1f} "
            f"{row['p95_ms']:8.1f} {row['p99_ms']:8.1f} {row['cpu_s_per_million']:7.2f} {row['kib_per_connection']:9.1f} "
            f"{row['generator_cpu']:5.0%}"
        )


def run(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """All loads, all servers, interleaved."""
    OUT.mkdir(parents=True, exist_ok=True)
    generator = build_generator()
    if any(name.startswith("node-") for name in arguments.servers):
        install_node_packages()
    rows = []
    with redis_box() as box, tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "redis_password", Path(folder) / "client_key"
        files[0].write_text(box.password)
        if arguments.realtime:
            os.sched_setscheduler(box.pid, os.SCHED_FIFO, os.sched_param(10))
        files[1].write_text("bench-client-key")
        for load_name in arguments.loads:
            load = LOADS[load_name]
            taken: dict[str, list[dict[str, Any]]] = {name: [] for name in arguments.servers}
            for number in range(arguments.rounds):
                for name in arguments.servers:
                    place = Place(
                        free_port(),
                        box.port,
                        *files,
                        core=min(os.sched_getaffinity(0)),
                        batch_ms=arguments.batch_ms,
                        realtime=arguments.realtime,
                    )
                    row = measure(generator, name, load, box, place, arguments.seconds, arguments.pad) | {"load": load_name}
                    taken[name].append(row)
                    print(
                        f"round {number + 1} {load_name} {name}: {row['cpu_s_per_million']} s/M, p99 {row['p99_ms']} ms",
                        file=sys.stderr,
                    )
            rows += [median_of(taken[name]) for name in arguments.servers]
    return rows


def main() -> int:
    """Measure, write, print. Exit 0 when it could be measured, 2 when not; goals are printed, they decide no exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", type=lambda text: text.split(","), default=list(NAMES))
    parser.add_argument("--loads", type=lambda text: text.split(","), default=list(LOADS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--batch-ms", type=int, default=20, help="interval of node-batched: about our p99 at 100k")
    parser.add_argument("--realtime", action="store_true", help="on a busy machine, as root: neighbours cannot interrupt")
    parser.add_argument("--pad", type=int, default=0, help="bytes added to each update (0: 260 bytes)")
    arguments = parser.parse_args()
    try:
        rows = run(arguments)
    except (NoRedisError, RuntimeError, subprocess.SubprocessError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    verdicts = judge(rows)
    (OUT / "fanout.json").write_text(
        json.dumps({"taken": time.time(), "cores": os.cpu_count(), "rows": rows, "goals": verdicts}, indent=1)
    )
    show(rows)
    print("\n".join(verdicts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
