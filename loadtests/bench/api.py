"""`python -m loadtests.bench.api [--rounds N] [--seconds S]`: what a quote costs, ours beside what one would write or pick.

All servers run at once, each as one process on core 0 over the same Redis; load generator, Redis and the ingesting replica are on
core 1. Rounds are interleaved and medians taken, so that neighbours hit everybody alike. CPU seconds per million requests is the
figure to trust. Writes out/bench/api.json: server, load, p50_ms, p99_ms, cpu_s_per_million, max_rate.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from loadtests.bench.contestants import NODE_FOLDER, install_node_packages, node_binary
from loadtests.faults.processes import ROOT, Redis, free_port, redis_server, wait_for

FOLDER = Path(__file__).parent
REPORT = ROOT / "out/bench/api.json"
SYMBOLS = 40
SERVER_CORE, LOAD_CORE = 0, 1
WARM_SECONDS = 1.0
HERTZ = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Load:
    """`rate` 0 is the maximum."""

    name: str
    many: bool
    connections: int
    rate: int


LOADS = (
    Load("100 users, 500/s", False, 100, 500),
    Load("one quote, 2000/s", False, 32, 2_000),
    Load("one quote, maximum", False, 32, 0),
    Load(f"{SYMBOLS} quotes, maximum", True, 32, 0),
)


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / HERTZ


@contextmanager
def server(command: list[str], core: int, log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """One pinned process."""
    clean = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=clean | environment, stdout=output, stderr=output,
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),  # noqa: PLW1509 - no threads run in this program
        )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def build(folder: Path) -> dict[str, list[str]]:
    """Compile what needs compiling; server name -> command. Go is left out, and said so, where no Go is."""
    subprocess.run(["gcc", "-O2", "-o", str(folder / "http_load"), str(FOLDER / "http_load.c")], check=True)
    install_node_packages()
    commands = {
        "ours": [sys.executable, "-m", "services.api"],
        "naive FastAPI + redis-py": [sys.executable, "-m", "loadtests.bench.servers.naive_api"],
        "Node http + ioredis": [node_binary(), str(NODE_FOLDER / "quotes.js")],
    }
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        print("no Go on this machine: its server is left out")
        return commands
    subprocess.run([go, "build", "-mod=readonly", "-o", str(folder / "quotes_go"), "."], cwd=FOLDER / "go", check=True)
    return commands | {"Go net/http + go-redis": [str(folder / "quotes_go")]}


def measure(load: Load, port: int, pid: int, symbols: list[str], folder: Path, seconds: float) -> dict[str, float]:
    """One window."""
    path = f"/api/v1/quotes?symbols={','.join(symbols)}" if load.many else f"/api/v1/quotes/{symbols[0]}"
    words = [str(folder / "http_load"), str(port), path, str(load.connections), str(load.rate), "0", str(seconds)]
    before = cpu_seconds(pid)
    done = subprocess.run(["taskset", "-c", str(LOAD_CORE), *words], check=True, capture_output=True, text=True, timeout=120)
    spent = cpu_seconds(pid) - before
    found: dict[str, float] = json.loads(done.stdout)
    if found["errors"]:
        raise RuntimeError(f"{load.name}: {found['errors']:.0f} answers were not 200")
    if not found["requests"] and seconds > WARM_SECONDS:
        raise RuntimeError(f"{load.name}: no answer within {seconds} s: this machine is too busy to measure on")
    return found | {"cpu_s_per_million": spent / max(1, found["requests"]) * 1e6}


def rows_of(samples: dict[tuple[str, str], list[dict[str, float]]]) -> list[dict[str, Any]]:
    """Medians over the rounds."""
    rows = []
    for (name, load), found in samples.items():
        medians = {key: statistics.median(sample[key] for sample in found) for key in found[0]}
        rows.append(
            {
                "server": name, "load": load, "p50_ms": round(medians["p50_ms"], 2), "p99_ms": round(medians["p99_ms"], 2),
                "cpu_s_per_million": round(medians["cpu_s_per_million"], 1),
                "max_rate": round(medians["rate"]) if "maximum" in load else None,
            }
        )  # fmt: skip
    return rows


def run(redis: Redis, folder: Path, rounds: int, seconds: float) -> list[dict[str, Any]]:
    """Start everybody, warm up, measure in turn."""
    commands = build(folder)
    samples: dict[tuple[str, str], list[dict[str, float]]] = {}
    with ExitStack() as stack:
        usual = redis.environment() | {"SOURCE": "simulated", "HOST": "127.0.0.1", "RATE_LIMIT_PER_MINUTE": "1000000000"}
        leader = free_port()
        stack.enter_context(server(commands["ours"], LOAD_CORE, folder / "leader.log", PORT=str(leader), **usual))
        url = f"http://127.0.0.1:{leader}/api/v1/quotes"
        wait_for(lambda: len(httpx.get(url, timeout=5).json()["quotes"]) > SYMBOLS, 60, "the ingesting replica")
        symbols = [q["symbol"] for q in httpx.get(url, timeout=5).json()["quotes"] if q["symbol"].isalpha()][:SYMBOLS]
        running: dict[str, tuple[int, int]] = {}
        for name, command in commands.items():
            port = free_port()
            process = stack.enter_context(server(command, SERVER_CORE, folder / "server.log", PORT=str(port), **usual))
            running[name] = port, process.pid
            one = f"http://127.0.0.1:{port}/api/v1/quotes/{symbols[0]}"
            wait_for(lambda one=one: httpx.get(one, timeout=5).status_code == 200, 60, name)
        for number in range(-1, rounds):
            for load in LOADS:
                for name, (port, pid) in running.items():
                    found = measure(load, port, pid, symbols, folder, seconds if number >= 0 else WARM_SECONDS)
                    if number >= 0:
                        samples.setdefault((name, load.name), []).append(found)
    return rows_of(samples)


def print_table(rows: list[dict[str, Any]]) -> None:
    """By load, with the ratio to the naive server."""
    naive = {row["load"]: row["cpu_s_per_million"] for row in rows if row["server"].startswith("naive")}
    print(f"{'load':<22} {'server':<26} {'p50 ms':>7} {'p99 ms':>7} {'CPU s/M':>8} {'max/s':>8} {'naive / this':>12}")
    for row in sorted(rows, key=lambda row: row["load"]):
        ratio = naive[row["load"]] / row["cpu_s_per_million"]
        print(
            f"{row['load']:<22} {row['server']:<26} {row['p50_ms']:>7} {row['p99_ms']:>7} {row['cpu_s_per_million']:>8} "
            f"{row['max_rate'] or '':>8} {ratio:>12.1f}"
        )


def main() -> int:
    """Exit code 0; the promise is judged by whoever reads the report."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench.api")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    chosen = parser.parse_args()
    with redis_server() as redis, TemporaryDirectory() as folder:
        rows = run(redis, Path(folder), chosen.rounds, chosen.seconds)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(rows, indent=2) + "\n")
    print_table(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
