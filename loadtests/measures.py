"""How each promise's value is taken from what a stage measured. Whether it keeps the promise is the gate's business. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from loadtests.histogram import percentile
from loadtests.profiles import Stage, UserKind
from loadtests.reading import COLD, LATENCY, Reading, Row


@dataclass(frozen=True)
class StageResult:
    """One stage as it went. `seconds` is how long the window was open, `opened_at` when (Unix seconds)."""

    stage: Stage
    reading: Reading
    seconds: float
    opened_at: float = 0.0
    counted: Mapping[str, tuple[float, int]] = field(default_factory=dict)
    """Value and samples by promise, where the platform's own counters were read; else `why_not_counted`."""
    why_not_counted: str = ""

    @property
    def updates_per_symbol_per_second(self) -> float | None:
        """The rate the source really had."""
        reading = self.reading
        return reading.updates / reading.symbols / self.seconds if reading.symbols and self.seconds else None


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


def _counted(name: str) -> Callable[[StageResult], Measured]:
    return lambda result: Measured(*result.counted.get(name, (None, 0)))


def _knee(result: StageResult) -> Measured:
    knee = result.reading.knee
    if knee is None:
        return Measured(None, 0)
    sent = sum(step["sent"] for step in knee["steps"])
    last = [step for step in knee["steps"] if step["rate"] == knee["rate"]]
    shown = (last[0]["p50"], None, last[0]["p99"]) if last else (None, None, None)
    return Measured(knee["rate"] or 0.0, sent, shown)


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
    "cache_hits": ("caller", _counted("cache_hits")),
    "cache_stampede": ("cold", _counted("cache_stampede")),
    "pubsub_knee": ("publisher", _knee),
}
"""By promise: the kind of user whose stage measures it, and how."""
