"""`python -m loadtests.faults api [--source NAME] [--fault NAME]`: prints the table and writes out/faults.json."""

import argparse
import json
import sys
from pathlib import Path

from loadtests.faults import api
from loadtests.faults.upstream import FAULTS

REPORT = Path("out/faults.json")


def main() -> int:
    """Exit codes: 0 all pass, 1 some FAIL."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.faults")
    parser.add_argument("part", choices=["api"])
    parser.add_argument("--source", choices=[*api.SOURCES, "redis"], help="this one only")
    parser.add_argument("--fault", choices=[*FAULTS[1:], *api.REDIS_FAULTS], help="this one only")
    chosen = parser.parse_args()
    if chosen.source == "redis" or chosen.fault in api.REDIS_FAULTS:
        names = [chosen.fault] if chosen.fault else list(api.REDIS_FAULTS)
        rows = [vars(api.redis_fault(name)) for name in names]
    else:
        faults = (chosen.fault,) if chosen.fault else FAULTS[1:]
        if chosen.source or chosen.fault:
            sources = (chosen.source,) if chosen.source else api.SOURCES
            rows = [vars(row) for source in sources for row in api.source_faults(source, faults)]
        else:
            rows = api.run()
    print_table(rows)
    write(rows, "api")
    return 0 if all(row["verdict"] == "pass" for row in rows) else 1


def print_table(rows: list[dict[str, object]]) -> None:
    """One line a fault; a failed oracle is named below it."""
    print(f"{'subject':<14} {'fault':<15} {'verdict':<8} {'s':>6} {'slowest':>8}  answers")
    for row in rows:
        line = f"{row['subject']:<14} {row['fault']:<15} {row['verdict']:<8} {row['seconds']:>6} {row['slowest_ms']:>5} ms"
        print(f"{line}  {row['answers']}")
        oracles: dict[str, bool] = row["oracles"]  # type: ignore[assignment]
        for name in (name for name, held in oracles.items() if not held):
            print(f"    broken: {name} {row['note']}")


def write(rows: list[dict[str, object]], part: str) -> None:
    """Replace this part's rows in the report, keep the others'."""
    REPORT.parent.mkdir(exist_ok=True)
    others = json.loads(REPORT.read_text()) if REPORT.is_file() else []
    kept = [row for row in others if row.get("part") != part]
    REPORT.write_text(json.dumps(kept + rows, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
