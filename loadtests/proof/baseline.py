"""Compares a run with saved ones. One run proves nothing on a shared machine: noise is what the saved runs differ by themselves.

The file is a list of runs, each the measured value by promise. A value is a regression when it is worse than every saved one and
farther from their median than three times their usual deviation, a fifth of the median, and a floor.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from loadtests.proof.evidence import Row
from services.contract.objectives import Objective

FEWEST_RUNS = 3
MOST_RUNS = 20
SHARE, DEVIATIONS, FLOOR = 0.2, 3.0, {"ms": 2.0}


class BaselineError(ValueError):
    """The file is no baseline."""


@dataclass(frozen=True)
class Comparison:
    """One promise against the saved runs."""

    objective: Objective
    measured: float
    median: float
    noise: float
    is_regression: bool


Runs = list[dict[str, float]]


def load(path: Path) -> Runs:
    """The saved runs; none when there is no file.

    Raises:
        BaselineError: it is something else.
    """
    if not path.exists():
        return []
    try:
        runs = json.loads(path.read_text(encoding="utf-8"))
        return [{str(name): float(value) for name, value in run.items()} for run in runs]
    except (ValueError, TypeError, AttributeError) as error:
        raise BaselineError(f"{path} is no baseline (a list of objects with numbers): {error}") from error


def add(path: Path, runs: Runs, rows: Sequence[Row]) -> None:
    """Save this run too; the oldest ones go."""
    measured = {row.objective.id: row.measured for row in rows if row.measured is not None}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([*runs, measured][-MOST_RUNS:], indent=1) + "\n", encoding="utf-8")


def compare(rows: Sequence[Row], runs: Sequence[Mapping[str, float]]) -> list[Comparison]:
    """Every promise that was measured now and in at least FEWEST_RUNS saved runs."""
    compared = []
    for row in rows:
        saved = [run[row.objective.id] for run in runs if row.objective.id in run]
        if row.measured is not None and len(saved) >= FEWEST_RUNS:
            compared.append(_compare_one(row.objective, row.measured, saved))
    return compared


def _compare_one(objective: Objective, measured: float, saved: Sequence[float]) -> Comparison:
    middle = median(saved)
    usual = 1.4826 * median(abs(value - middle) for value in saved)  # the standard deviation, were they normal
    noise = max(DEVIATIONS * usual, SHARE * abs(middle), FLOOR.get(objective.unit, 0.0))
    worse = measured - middle if objective.better == "lower" else middle - measured
    worst = max(saved) if objective.better == "lower" else min(saved)
    beyond_all = measured > worst if objective.better == "lower" else measured < worst
    return Comparison(objective, measured, middle, noise, beyond_all and worse > noise)
