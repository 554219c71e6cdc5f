"""Turns what was measured into verdicts on promises, and verdicts into an exit code. Pure: no Locust, no I/O.

Either the meter can be trusted, and a promise is met or missed; or it cannot, and nothing is said: *inconclusive*.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from loadtests.histogram import percentile
from loadtests.profiles import Stage, UserKind
from loadtests.reading import COLD, LATENCY, READER_DELAY, Reading, Row
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
class StageResult:
    """One stage as it went. `seconds` is how long the window was open, `opened_at` when (Unix seconds)."""

    stage: Stage
    reading: Reading
    seconds: float
    opened_at: float = 0.0

    @property
    def updates_per_symbol_per_second(self) -> float | None:
        """The rate the source really had."""
        reading = self.reading
        return reading.updates / reading.symbols / self.seconds if reading.symbols and self.seconds else None


@dataclass(frozen=True)
class Judgement:
    """One promise: what was measured for it and what that says. `reasons` explain anything but `met`."""

    objective: Objective
    verdict: Verdict
    measured: float | None
    samples: int
    percentiles_ms: tuple[float | None, float | None, float | None] = (None, None, None)
    reasons: list[str] = field(default_factory=list)
    is_lighter: bool = False

    @property
    def meets_goal(self) -> bool:
        """Whether our own, harder number is kept as well."""
        return self.measured is not None and self.objective.keeps(self.measured, self.objective.goal)


@dataclass(frozen=True)
class Measured:
    """The value for one promise, with the samples behind it."""

    value: float | None
    samples: int
    percentiles_ms: tuple[float | None, float | None, float | None] = (None, None, None)


def requests(reading: Reading) -> Row:
    """All HTTP rows of a reading as one."""
    whole = Row()
    for name, row in reading.rows.items():
        if name.startswith("GET "):
            for key, count in row.counts.items():
                whole.counts[key] = whole.counts.get(key, 0) + count
            for reason, count in row.failures.items():
                whole.failures[reason] = whole.failures.get(reason, 0) + count
    return whole


def _timed(row: Row, percent: float) -> Measured:
    shown = (percentile(row.counts, 50), percentile(row.counts, 95), percentile(row.counts, 99))
    return Measured(percentile(row.counts, percent), sum(row.counts.values()), shown)


FAILED_MS = 10_000.0
"""A request without an answer waited for ever; it counts as long as a caller would wait."""


def _cold(result: StageResult, percent: float) -> Measured:
    row = result.reading.rows.get(COLD, Row())
    failed = sum(row.failures.values())
    counts = {**row.counts, FAILED_MS: row.counts.get(FAILED_MS, 0) + failed} if failed else row.counts
    return _timed(Row(counts), percent)


def _failures(result: StageResult) -> Measured:
    row = requests(result.reading)
    failed = sum(row.failures.values())
    asked = failed + sum(row.counts.values())
    return Measured(failed if asked else None, asked)


def _closes(result: StageResult) -> Measured:
    return Measured(sum(result.reading.lost.values()), result.stage.load.users)


def _reach(result: StageResult) -> Measured:
    reading = result.reading
    return Measured(100 * reading.received / reading.expected if reading.expected else None, reading.expected)


MEASURES: Mapping[str, tuple[UserKind, Callable[[StageResult], Measured]]] = {
    "api_errors": ("caller", _failures),
    "api_p95": ("caller", lambda result: _timed(requests(result.reading), 95)),
    "api_warm_p95": ("caller", lambda result: _timed(requests(result.reading), 95)),
    "api_warm_p99": ("caller", lambda result: _timed(requests(result.reading), 99)),
    "api_cold_p95": ("cold", lambda result: _cold(result, 95)),
    "api_cold_p99": ("cold", lambda result: _cold(result, 99)),
    "ws_closes": ("viewer", _closes),
    "ws_reach": ("viewer", _reach),
    "ws_latency": ("viewer", lambda result: _timed(result.reading.rows.get(LATENCY, Row()), 99)),
}
"""By promise: the kind of user whose stage measures it, and how."""


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
    """A judgement for every promise whose load was run and that this program measures."""
    judged = []
    for result in results:
        for objective in objectives.objective:
            kind, measure = MEASURES.get(objective.id, (None, None))
            if measure and objective.load == result.stage.name and kind == result.stage.user:
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
        reasons = ["no sample"]
    lighter = result.stage.is_lighter
    return Judgement(objective, verdict, measured.value, measured.samples, measured.percentiles_ms, reasons, lighter)


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
    return f"{objective.statistic} {value:.2f} {objective.unit}" if value is not None else "no sample"


def exit_code(judgements: Sequence[Judgement]) -> Exit:
    """MISSED when a promise was broken or not measured, else INCONCLUSIVE when one could not be judged, else MET."""
    verdicts = {judgement.verdict for judgement in judgements}
    if not judgements or verdicts & {Verdict.MISSED, Verdict.NOT_MEASURED}:
        return Exit.MISSED
    return Exit.INCONCLUSIVE if Verdict.INCONCLUSIVE in verdicts else Exit.MET
