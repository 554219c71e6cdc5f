"""Turns what was measured into verdicts on promises, and verdicts into an exit code. Pure: no Locust, no I/O.

Either the meter can be trusted, and a promise is met or missed; or it cannot, and nothing is said: *inconclusive*.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from loadtests.histogram import percentile
from loadtests.measures import FAILED_MS, MEASURES, Measured, StageResult, requests
from loadtests.reading import COLD, READER_DELAY, Row
from services.contract.objectives import Objective, Objectives, Verdict

CPU_LIMIT_PERCENT = 60.0
"""Of one core, for each Locust process; above it Locust's figures drift long before it warns."""
ERROR_SHARE = 0.1
"""The meter's own delay may be this share of the limit it judges."""
RATE_TOLERANCE = 0.1


class Exit(IntEnum):
    """Exit codes of a load run."""

    MET = 0
    MISSED = 1
    CONFIG = 2
    INCONCLUSIVE = 4


@dataclass(frozen=True)
class Judgement:
    """One promise: what was measured for it and what that says. `reasons` explain anything but `met`."""

    objective: Objective
    verdict: Verdict
    measured: float | None
    samples: int
    percentiles_ms: tuple[float | None, float | None, float | None] = (None, None, None)
    reasons: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_lighter: bool = False

    @property
    def meets_goal(self) -> bool:
        """Whether our own, harder number is kept as well."""
        return self.measured is not None and self.objective.keeps(self.measured, self.objective.goal)


def doubts(result: StageResult, objective: Objective) -> list[str]:
    """Why the meter cannot be trusted for this promise; empty when it can."""
    reading = result.reading
    found = [
        f"a Locust process used {cpu:.0f} % CPU, over {CPU_LIMIT_PERCENT:g} %" for cpu in reading.cpu if cpu > CPU_LIMIT_PERCENT
    ]
    if not reading.cpu:
        found.append("the generator's CPU is not known")
    if result.stage.user == "viewer":
        found += _socket_doubts(result, objective)
    if result.stage.user == "cold" and result.why_not_counted:
        found.append(f"whether it was cold is not known: {result.why_not_counted}")
    if (knee := reading.knee) and knee["rate"] is None and knee["reachedByMeter"]:
        found.append("the generator could not keep its own pace")
    return found


def _socket_doubts(result: StageResult, objective: Objective) -> list[str]:
    reading, found = result.reading, []
    delay = percentile(reading.rows.get(READER_DELAY, Row()).counts, 99)
    if objective.unit == "ms" and delay is not None and delay > objective.limit * ERROR_SHARE:
        found.append(f"reader delay p99 {delay:.1f} ms is over a tenth of the limit")
    if objective.unit == "ms" and reading.received < reading.expected:
        found.append(f"{reading.expected - reading.received} updates never came: their delay is not in the figure")
    if reading.clock_faults:
        found.append(f"{reading.clock_faults} messages have no usable receive time: clocks differ, or the kernel gives none")
    wanted = result.stage.load.updates_per_symbol_per_second
    rate = result.updates_per_symbol_per_second
    if wanted and rate is not None and rate < wanted * (1 - RATE_TOLERANCE):
        found.append(f"the source made {rate:.2f} updates per symbol and second, not {wanted:g}")
    return found


def judge(results: Sequence[StageResult], objectives: Objectives) -> list[Judgement]:
    """A judgement for every promise whose load was run and that this program measures.

    A load that no promise names (ws5000, fanout, spike, soak) is held to what is promised to the same kind of user.
    """
    named = {objective.load for objective in objectives.objective}
    judged = []
    for result in results:
        stage = result.stage
        for objective in objectives.objective:
            kind, measure = MEASURES.get(objective.id, (None, None))
            if measure and kind == stage.user and (objective.load == stage.name or stage.name not in named):
                judged.append(_judge_one(result, objective, measure(result)))
    return judged


def _judge_one(result: StageResult, objective: Objective, measured: Measured) -> Judgement:
    verdict = objective.judge(measured.value)
    reasons = doubts(result, objective)
    if verdict in (Verdict.MET, Verdict.MISSED) and reasons:
        verdict = Verdict.INCONCLUSIVE
    elif verdict is Verdict.MISSED:
        reasons = [_why(result, objective, measured.value)]
    elif verdict is Verdict.NOT_MEASURED:
        reasons = [_why_not(result)]
    lower_bound = bool((knee := result.reading.knee) and knee["reachedByMeter"])
    notes = ["a lower bound: the generator could not go further"] if lower_bound else []
    lighter = result.stage.is_lighter
    return Judgement(objective, verdict, measured.value, measured.samples, measured.percentiles_ms, reasons, notes, lighter)


def _why_not(result: StageResult) -> str:
    failed = [reason for row in result.reading.rows.values() for reason in row.failures]
    return result.why_not_counted or "; ".join(failed[:1]) or "no sample"


def _why(result: StageResult, objective: Objective, value: float | None) -> str:
    reading = result.reading
    if objective.id == "ws_closes":
        return "; ".join(f"{count} x {reason}" for reason, count in sorted(reading.lost.items()))
    if objective.id == "ws_reach":
        missing = reading.expected - reading.received
        return f"{missing} of {reading.expected} updates missed by {reading.short_sockets} sockets (lost or conflated)"
    if objective.id == "api_errors":
        return "; ".join(f"{count} x {reason}" for reason, count in sorted(requests(reading).failures.items()))
    if failed := sum(reading.rows.get(COLD, Row()).failures.values()):
        return f"{failed} requests failed: each counts as {FAILED_MS:g} ms"
    if value is None:
        return "no sample"
    return f"{objective.statistic} {value:.2f} ms" if objective.unit == "ms" else f"{value:g} {objective.unit}"


def exit_code(judgements: Sequence[Judgement]) -> Exit:
    """MISSED when a promise was broken or not measured, else INCONCLUSIVE when one could not be judged, else MET."""
    verdicts = {judgement.verdict for judgement in judgements}
    if not judgements or verdicts & {Verdict.MISSED, Verdict.NOT_MEASURED}:
        return Exit.MISSED
    return Exit.INCONCLUSIVE if Verdict.INCONCLUSIVE in verdicts else Exit.MET
