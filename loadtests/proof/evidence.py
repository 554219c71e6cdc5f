"""From what the steps brought home to one row per promise. Pure: files and processes are the steps' business.

A promise nobody measured is red, not absent. A figure whose meter cannot be trusted is inconclusive, never a pass or a fail.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from loadtests.histogram import percentile
from loadtests.proof.second_opinion import socket_doubts
from services.contract.objectives import Objective, Objectives, Verdict

INFINITY = float("inf")
BUSY_PERCENT = 40.0
"""Of all cores: the idle platform and its monitoring stay far below."""


@dataclass(frozen=True)
class Row:
    """One promise as the report shows it."""

    objective: Objective
    verdict: Verdict
    measured: float | None = None
    samples: int = 0
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    reasons: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_lighter: bool = False

    @property
    def meets_goal(self) -> bool:
        """Whether our own, harder number is kept too."""
        return self.measured is not None and self.objective.keeps(self.measured, self.objective.goal)


@dataclass
class Evidence:
    """What the steps found; each is None, or absent, when its step was not run or failed (`failures` says why)."""

    smoke: dict[str, Any] | None = None
    loads: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Result files of Locust by profile."""
    null: dict[str, Any] | None = None
    observer: dict[str, Any] | None = None
    page_ms: list[float] | None = None
    redis_counts: dict[float, float] | None = None
    """Cumulative histogram of publish to ws node during ws1000, by upper bound in ms."""
    failures: dict[str, str] = field(default_factory=dict)
    busy: dict[str, float] = field(default_factory=dict)
    """Percent of all cores the machine used right before each step, while nothing was measured."""

    @property
    def knee(self) -> dict[str, Any] | None:
        """What the search for Redis' knee found: see pubsub.Knee."""
        found = [stage["reading"]["knee"] for stage in self.loads.get("pubsub", {"stages": []})["stages"]]
        return found[0] if found else None


def conclude(evidence: Evidence, objectives: Objectives) -> list[Row]:
    """One row per promise, in the file's order."""
    known = {**_from_loads(evidence, objectives), **_from_smoke(evidence, objectives), **_from_others(evidence, objectives)}
    rows = [known.get(row.id) or Row(row, Verdict.NOT_MEASURED, reasons=_why_not(row, evidence)) for row in objectives.objective]
    return [_excused(row, evidence) for row in rows]


def _excused(row: Row, evidence: Evidence) -> Row:
    """Neighbours on the machine only make things slower: a time kept among them is kept, a missed one says nothing."""
    busy = max((evidence.busy.get(step, 0.0) for step in _STEPS_OF.get(row.objective.id, ())), default=0.0)
    is_speed = row.objective.unit in ("ms", "updates/s")
    if row.verdict is not Verdict.MISSED or not is_speed or busy <= BUSY_PERCENT:
        return row
    reason = f"others used {busy:.0f} % of the machine before the step began; run again when it is quiet"
    return replace(row, verdict=Verdict.INCONCLUSIVE, reasons=[*row.reasons, reason])


def _why_not(objective: Objective, evidence: Evidence) -> list[str]:
    failed = [f"{step}: {text}" for step, text in evidence.failures.items() if step in _STEPS_OF.get(objective.id, ())]
    return failed or ["no step measured it"]


_STEPS_OF: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("web_page", "api_health", "ws_connect", "pubsub", "e2e_flow"), ("smoke",)),
    **dict.fromkeys(("api_errors", "api_p95", "api_warm_p95", "api_warm_p99"), ("api",)),
    **dict.fromkeys(("api_cold_p95", "api_cold_p99"), ("cold",)),
    **dict.fromkeys(("ws_closes", "ws_reach", "ws_latency", "redis_latency"), ("ws", "null", "observer")),
    **dict.fromkeys(("cache_hits", "cache_stampede"), ("cache",)),
    "pubsub_knee": ("pubsub",),
    "page_load": ("page",),
}


def _judged(objective: Objective, measured: float | None, samples: int, **more: Any) -> Row:
    verdict = objective.judge(measured)
    reasons = more.pop("reasons", [])
    if verdict is Verdict.MISSED and not reasons:
        reasons = [f"{measured:g} {objective.unit}, promised {objective.target()}"]
    return Row(objective, verdict, measured, samples, reasons=reasons, **more)


def _from_loads(evidence: Evidence, objectives: Objectives) -> dict[str, Row]:
    rows = {}
    for data in evidence.loads.values():
        for promise in data["promises"]:
            objective = objectives[promise["id"]]
            verdict, reasons = Verdict(promise["verdict"]), list(promise["reasons"])
            notes = list(promise["notes"])
            if objective.load == "ws1000":
                doubts, more = socket_doubts(objective, data, evidence.null, evidence.observer)
                notes += more
                if doubts and verdict in (Verdict.MET, Verdict.MISSED):
                    verdict, reasons = Verdict.INCONCLUSIVE, doubts
            rows[objective.id] = Row(
                objective, verdict, promise["measured"], promise["samples"], promise["p50"], promise["p95"], promise["p99"],
                reasons, notes, promise["lighterLoad"],
            )  # fmt: skip
    return rows


def _from_smoke(evidence: Evidence, objectives: Objectives) -> dict[str, Row]:
    rows = {}
    for check in (evidence.smoke or {}).get("checks", []):
        if not check["objective"] or check["outcome"] == "not run":
            continue
        objective = objectives[check["objective"]]
        passed = check["outcome"] == "passed"
        reasons = [] if passed else [f"expected {check['expected']}; got {check['got']}"]
        if objective.unit == "ms":
            row = _judged(objective, check["ms"], 1, reasons=reasons)
            rows[objective.id] = row if passed else Row(objective, Verdict.MISSED, check["ms"], 1, reasons=reasons)
        else:
            rows[objective.id] = _judged(objective, float(passed), 1, reasons=reasons)
    return rows


def _from_others(evidence: Evidence, objectives: Objectives) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    if evidence.page_ms:
        counts: dict[float, int] = {}
        for value in evidence.page_ms:
            counts[value] = counts.get(value, 0) + 1
        shown = {f"p{percent}": percentile(counts, percent) for percent in (50, 95, 99)}
        rows["page_load"] = _judged(objectives["page_load"], shown["p95"], len(evidence.page_ms), **shown)
    if evidence.redis_counts:
        rows["redis_latency"] = _redis_row(evidence.redis_counts, objectives["redis_latency"])
    return rows


def _redis_row(cumulative: Mapping[float, float], objective: Objective) -> Row:
    """Percentiles are the upper bounds of the buckets they lie in; a bound equal to the limit still keeps the promise."""
    total = max(cumulative.values())
    found: dict[str, float | None] = {}
    for percent in (50, 95, 99):
        bounds = [bound for bound, count in sorted(cumulative.items()) if total and count >= total * percent / 100]
        found[f"p{percent}"] = bounds[0] if bounds and (percent == 99 or bounds[0] < INFINITY) else None
    measured = found["p99"]
    if measured is None:
        return Row(objective, Verdict.NOT_MEASURED, reasons=["the nodes counted nothing"])
    verdict = Verdict.MET if measured <= objective.limit else Verdict.MISSED
    note = f"99 % are at most {measured:g} ms (bound of the histogram's bucket)"
    if measured == INFINITY:
        note, measured = "99 % are not within the histogram's last bound", None
    reasons, notes = ([], [note]) if verdict is Verdict.MET else ([note], [])
    return Row(objective, verdict, measured, int(total), found["p50"], found["p95"], measured, reasons, notes)
