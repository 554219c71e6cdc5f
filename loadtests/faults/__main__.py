"""`python -m loadtests.faults api [--source NAME] [--fault NAME]`, `... ws [--fault NAME ...]`: a table, and out/faults.json."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from loadtests.faults import api, ws
from loadtests.faults.upstream import FAULTS
from loadtests.redis_box import NoRedisError

REPORT = Path("out/faults.json")


def main() -> int:
    """Exit codes: 0 all pass, 1 some FAIL, 2 it could not be run."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.faults")
    parts = parser.add_subparsers(dest="part", required=True)
    of_api = parts.add_parser("api", help="sources and Redis under the API")
    of_api.add_argument("--source", choices=[*api.SOURCES, "redis"], help="this one only")
    of_api.add_argument("--fault", choices=[*FAULTS[1:], *api.REDIS_FAULTS], help="this one only")
    of_ws = parts.add_parser("ws", help="Redis, nodes and clients under the ws nodes")
    of_ws.add_argument("--fault", choices=list(ws.FAULTS), nargs="+", default=list(ws.FAULTS), help="these only")
    of_ws.add_argument("--table", action="store_true", help="run nothing, print what was found last, of every fault")
    chosen = parser.parse_args()
    if chosen.part == "api":
        rows = api_rows(chosen)
        print_table(rows)
        write(rows, "api")
    elif chosen.table:
        rows = [row for row in held() if row.get("part") == "ws"]
        return ws.print_all(rows)
    else:
        try:
            rows = []
            for row in ws.run(chosen.fault):  # kept one by one: a run that is broken off keeps what it found
                rows.append(row)
                write([row], "ws")
        except NoRedisError as error:
            print(f"faults: {error}", file=sys.stderr)
            return 2
    return 0 if all(row["verdict"] == "pass" for row in rows) else 1


def api_rows(chosen: argparse.Namespace) -> list[dict[str, Any]]:
    """The rows that were asked for."""
    if chosen.source == "redis" or chosen.fault in api.REDIS_FAULTS:
        names = [chosen.fault] if chosen.fault else list(api.REDIS_FAULTS)
        return [vars(api.redis_fault(name)) for name in names]
    if chosen.source or chosen.fault:
        faults = (chosen.fault,) if chosen.fault else FAULTS[1:]
        sources = (chosen.source,) if chosen.source else api.SOURCES
        return [vars(row) for source in sources for row in api.source_faults(source, faults)]
    return api.run()


def print_table(rows: list[dict[str, Any]]) -> None:
    """One line a fault; a failed oracle is named below it."""
    print(f"{'subject':<14} {'fault':<15} {'verdict':<8} {'s':>6} {'slowest':>8}  answers")
    for row in rows:
        line = f"{row['subject']:<14} {row['fault']:<15} {row['verdict']:<8} {row['seconds']:>6} {row['slowest_ms']:>5} ms"
        print(f"{line}  {row['answers']}")
        for name in (name for name, held in row["oracles"].items() if not held):
            print(f"    broken: {name} {row['note']}")


def held() -> list[dict[str, Any]]:
    """The rows of all runs so far."""
    rows: list[dict[str, Any]] = json.loads(REPORT.read_text()) if REPORT.is_file() else []
    return rows


def write(rows: list[dict[str, Any]], part: str) -> None:
    """Replace the rows of these faults in the report, keep all others."""
    REPORT.parent.mkdir(exist_ok=True)
    others = held()
    again = {(row["subject"], row["fault"]) for row in rows}
    kept = [row for row in others if row.get("part") != part or (row["subject"], row["fault"]) not in again]
    REPORT.write_text(json.dumps(kept + rows, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
