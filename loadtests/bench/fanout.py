"""`python -m loadtests.bench.fanout`: our fan-out against others, interleaved, on one machine; rows to out/bench/fanout.json.

One generator (generator/, compiled here) holds all clients and publishes; the server has a core of its own, generator and
Redis share the other. Every server is measured once per round, rounds repeat, the median counts: neighbours of a shared
machine disturb all alike. CPU seconds per million deliveries is the figure to trust; milliseconds move with the neighbours.
Parts can be measured one after another (--loads, --servers): rows of the same load and server are replaced, others kept.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from loadtests.bench.contestants import install_node_packages
from loadtests.bench.edge import NoEngineError
from loadtests.bench.loads import LOADS
from loadtests.bench.measurement import OUT, Row, build_generator, measure, median_of
from loadtests.bench.place import Place
from loadtests.bench.verdicts import judge, show
from loadtests.redis_box import NoRedisError, RedisBox, free_port, redis_box

REPORT = OUT / "fanout.json"


def run(chosen: argparse.Namespace) -> Iterator[list[Row]]:
    """The rows of each chosen load, its servers interleaved."""
    generator = build_generator()
    with redis_box() as box, tempfile.TemporaryDirectory() as folder:
        if chosen.realtime:
            os.sched_setscheduler(box.pid, os.SCHED_FIFO, os.sched_param(10))
        for load in chosen.loads:
            names = [name for name in LOADS[load].servers if not chosen.servers or name in chosen.servers]
            if any(name.startswith("node-") for name in names):
                install_node_packages()
            yield list(_rounds(generator, load, names, chosen, box, Path(folder)))


def _rounds(
    generator: Path, load: str, names: list[str], chosen: argparse.Namespace, box: RedisBox, folder: Path
) -> Iterator[Row]:
    rows: dict[str, list[Row]] = {}
    for number in range(chosen.rounds):
        for name in names:
            try:
                row = measure(generator, name, LOADS[load], box, _place(box, folder, chosen), chosen.seconds, chosen.pad)
            except NoEngineError as error:
                print(f"{load} {name}: not measured, {error}", file=sys.stderr)
                continue
            rows.setdefault(name, []).append(row | {"load": load, "run": chosen.run})
            print(f"round {number + 1} {load} {name}: {row['cpu_s_per_million']} s/M, p99 {row['p99_ms']} ms", file=sys.stderr)
    yield from (median_of(rows[name]) for name in rows)


def _place(box: RedisBox, folder: Path, chosen: argparse.Namespace) -> Place:
    password, key = folder / "redis_password", folder / "client_key"
    password.write_text(box.password)
    key.write_text("bench-client-key")
    core = min(os.sched_getaffinity(0))
    return Place((free_port(), free_port()), box.port, password, key, core, chosen.batch_ms, chosen.realtime)


def merged(rows: list[Row]) -> list[Row]:
    """With the rows of earlier runs that were not measured again, in the order of the loads."""
    before = json.loads(REPORT.read_text())["rows"] if REPORT.is_file() else []
    again = {(row["load"], row["server"]) for row in rows}
    kept = [row for row in before if "run" in row and (row["load"], row["server"]) not in again]
    table = {(row["load"], row["server"]): row for row in kept + rows}
    return [table[load, server] for load, about in LOADS.items() for server in about.servers if (load, server) in table]


def write(rows: list[Row]) -> None:
    """Rows and verdicts."""
    REPORT.write_text(json.dumps({"taken": time.time(), "cores": os.cpu_count(), "rows": rows, "goals": judge(rows)}, indent=1))


def options() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    servers = sorted({name for load in LOADS.values() for name in load.servers})
    parser.add_argument("--loads", nargs="+", choices=list(LOADS), default=list(LOADS), help="these only")
    parser.add_argument("--servers", nargs="+", choices=servers, help="these only (default: all that belong to a load)")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=int, default=4, help="of each window")
    parser.add_argument("--batch-ms", type=int, default=20, help="interval of node-batched: about our p99 at 100k")
    parser.add_argument("--realtime", action="store_true", help="on a busy machine, as root: neighbours cannot interrupt")
    parser.add_argument("--pad", type=int, default=0, help="bytes added to each update (0: 228 bytes)")
    return parser


def main() -> int:
    """Measure, write, print. Exit 0 when it could be measured, 2 when not; goals are printed, they decide no exit code."""
    chosen = options().parse_args()
    chosen.run = round(time.time())
    try:
        for taken in run(chosen):  # kept load by load: a run that is broken off keeps what it measured
            rows = merged(taken)
            write(rows)
    except (NoRedisError, RuntimeError, subprocess.SubprocessError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    show(rows)
    print("\n".join(judge(rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
