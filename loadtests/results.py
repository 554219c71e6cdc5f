"""What a load run tells: a table for the eye, a JSON file for the report."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from loadtests.gate import Exit, Judgement
from loadtests.histogram import percentile
from loadtests.machine import describe
from loadtests.measures import StageResult
from loadtests.reading import Row
from services.contract.objectives import Verdict

MARK = {Verdict.MET: "ok", Verdict.MISSED: "MISSED", Verdict.INCONCLUSIVE: "?", Verdict.NOT_MEASURED: "NOT MEASURED"}


def number(value: float | None) -> str:
    """Two decimals below 100, none above, a dash for nothing."""
    return "-" if value is None else f"{value:.2f}" if abs(value) < 100 and value != int(value) else f"{value:.0f}"


def stage_lines(result: StageResult) -> list[str]:
    """What one stage did, with the load as it really was."""
    reading, load = result.reading, result.stage.load
    lines = [f"\n{result.stage.name}: {load.summary}", f"  {load.users} users, measured {result.seconds:.0f} s"]
    if result.stage.is_lighter:
        promised = result.stage.promised
        lines[-1] += f" (lighter than promised: {promised.users} users, {promised.hold_seconds:.0f} s)"
    if reading.expected:
        rate = result.updates_per_symbol_per_second
        lines.append(
            f"  {reading.symbols} symbols, {number(rate)} updates per symbol and second; {reading.held} sockets held at the end; "
            f"{reading.received} of {reading.expected} updates received, {reading.duplicates} duplicates"
        )
    for kind, count in sorted(reading.statuses.items()):
        lines.append(f"  {count} x {kind}")
    lines.append(f"  {'row':<34}{'samples':>10}{'failed':>8}{'p50':>9}{'p95':>9}{'p99':>9}{'max':>9}  ms")
    lines += [_row_line(name, row) for name, row in sorted(reading.rows.items())]
    for step in (reading.knee or {"steps": []})["steps"]:
        lines.append(
            f"  {step['rate']:.0f} updates/s: {step['received']} of {step['sent']} received, p99 {number(step['p99'])} ms"
        )
    machine = [second.machine_cpu for second in reading.seconds]
    shown = ", ".join(f"{cpu:.0f} %" for cpu in reading.cpu) or "unknown"
    lines.append(
        f"  generator CPU {shown} of a core per process, scheduled {reading.priority or 'unknown'}; "
        f"machine {number(_mean(machine))} % of all cores"
    )
    return lines


def _row_line(name: str, row: Row) -> str:
    samples, failed = sum(row.counts.values()), sum(row.failures.values())
    shown = [percentile(row.counts, percent) for percent in (50, 95, 99, 100)]
    return f"  {name:<34}{samples:>10}{failed:>8}" + "".join(f"{number(value):>9}" for value in shown)


def judgement_lines(judgements: Sequence[Judgement]) -> list[str]:
    """One line per promise: target, measured, verdict; why, where it is not met."""
    lines = [f"\n{'promise':<22}{'target':<20}{'goal':>8}{'measured':>12}{'samples':>10}  verdict"]
    for judgement in judgements:
        objective = judgement.objective
        mark = MARK[judgement.verdict]
        if judgement.verdict is Verdict.MET and not judgement.meets_goal:
            mark += " (goal missed)"
        mark += " (lighter load)" if judgement.is_lighter else ""
        lines.append(
            f"{objective.seed + ' ' + objective.id:<22}{objective.target():<20}{number(objective.goal):>8}"
            f"{number(judgement.measured):>12}{judgement.samples:>10}  {mark}"
        )
        lines += [f"    {text}" for text in (*judgement.reasons, *judgement.notes)]
    return lines


def as_data(
    profile: str, base_url: str, results: Sequence[StageResult], judgements: Sequence[Judgement], code: Exit
) -> dict[str, Any]:
    """The run as plain data."""
    return {
        "profile": profile,
        "baseUrl": base_url,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": describe(),
        "exitCode": int(code),
        "stages": [
            {
                "name": result.stage.name,
                "user": result.stage.user,
                "load": result.stage.load.model_dump(),
                "promised": result.stage.promised.model_dump(),
                "seconds": round(result.seconds, 2),
                "openedAt": result.opened_at,
                "updatesPerSymbolPerSecond": result.updates_per_symbol_per_second,
                "reading": result.reading.as_data(),
            }
            for result in results
        ],
        "promises": [judgement_data(judgement) for judgement in judgements],
    }


def judgement_data(judgement: Judgement) -> dict[str, Any]:
    """One promise as plain data."""
    objective = judgement.objective
    return {
        "id": objective.id,
        "seed": objective.seed,
        "target": objective.target(),
        "limit": objective.limit,
        "goal": objective.goal,
        "unit": objective.unit,
        "measured": judgement.measured,
        "samples": judgement.samples,
        "p50": judgement.percentiles_ms[0],
        "p95": judgement.percentiles_ms[1],
        "p99": judgement.percentiles_ms[2],
        "verdict": judgement.verdict.value,
        "goalMet": judgement.meets_goal,
        "lighterLoad": judgement.is_lighter,
        "reasons": judgement.reasons,
        "notes": judgement.notes,
    }


def write(path: Path, data: dict[str, Any]) -> None:
    """Write the JSON file, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, ensure_ascii=False) + "\n", encoding="utf-8")


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
