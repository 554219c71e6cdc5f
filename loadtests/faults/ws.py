"""The fault table of the ws nodes: runs each fault on a stage of its own and turns what was found into rows."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from loadtests.faults import ws_entrance, ws_frames, ws_nodes, ws_redis, ws_slow
from loadtests.faults.verdict import Findings
from loadtests.redis_box import NoRedisError

Fault = tuple[str, Callable[[Findings], Awaitable[None]]]
_ALL: dict[str, Fault] = {
    **ws_redis.FAULTS,
    **ws_nodes.FAULTS,
    **ws_slow.FAULTS,
    **ws_frames.FAULTS,
    **ws_entrance.FAULTS,
}
FAULTS = {
    name: _ALL[name]
    for name in ("R1", "R2", "R7", "R10", "R11", "N1", "N5", *(f"W{number}" for number in range(1, 17)), "DEPLOY", "LEDGER")
}
FAULT_SECONDS = 150.0


def run(names: list[str]) -> Iterator[dict[str, Any]]:
    """One row per fault, in the order of the catalogue, printed as it comes.

    Raises:
        NoRedisError: there is no redis-server to break.
    """
    for name in FAULTS:
        if name in names:
            row = asyncio.run(_row(name))
            print_row(row)
            yield row


async def _row(name: str) -> dict[str, Any]:
    text, fault = FAULTS[name]
    found = Findings()
    started = time.monotonic()
    try:
        async with asyncio.timeout(FAULT_SECONDS):
            await fault(found)
    except NoRedisError:
        raise
    except Exception as error:  # a run that breaks is a failed row, never a missing one
        found.problems.append(f"{type(error).__name__}: {error}")
        found.oracles["came through"] = False
    return {
        "part": "ws", "subject": name, "fault": text, "verdict": "FAIL" if found.problems or not found.oracles else "pass",
        "seconds": round(time.monotonic() - started, 1), "figures": found.figures, "oracles": found.oracles,
        "note": "; ".join(found.problems), "summary": found.summary,
        "taken": round(time.time()), "load_average": os.getloadavg()[0],
    }  # fmt: skip


def print_row(row: dict[str, Any]) -> None:
    """What was measured; what was not kept below it."""
    figures = ", ".join(f"{name} {value:g}" for name, value in row["figures"].items())
    print(f"{row['verdict']:<5} {row['subject']:<7} {row['fault']:<52} {row['seconds']:>6} s  {figures}", flush=True)
    for line in row.get("summary", []):
        print(f"      {line}", flush=True)
    if row["note"]:
        print(f"      not kept: {row['note']}", flush=True)


def print_all(rows: list[dict[str, Any]]) -> int:
    """The table of the catalogue from runs of its parts, with what was not run. Exit code: 0 when all of it passes."""
    table = {row["subject"]: row for row in rows}
    for name in FAULTS:
        if name in table:
            print_row(table[name])
    missing = [name for name in FAULTS if name not in table]
    passed = sum(table[name]["verdict"] == "pass" for name in FAULTS if name in table)
    print(f"{passed} of {len(FAULTS)} pass" + (f"; not run: {' '.join(missing)}" if missing else ""))
    return 0 if passed == len(FAULTS) else 1
