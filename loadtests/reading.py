"""What was measured in one window, as plain data: by one process, or by all of them added up. Knows no Locust."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

LATENCY, READER_DELAY, CONNECT = "publish to receive", "reader delay", "connect to greeting"
COLD = "GET quote nobody asked for yet"
KNEE = "search for the knee"


@dataclass
class Row:
    """All requests or messages of one name."""

    counts: dict[float, int] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)


@dataclass
class Second:
    """One second of one process, for the plots. Times in ms, CPU in percent."""

    at: float
    received: int
    p50: float | None
    p99: float | None
    requests: int
    request_p95: float | None
    held: int
    cpu: float
    machine_cpu: float


@dataclass
class Reading:
    """What was measured between the opening and the closing of a window, in one process or in all."""

    rows: dict[str, Row] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    held: int = 0
    expected: int = 0
    received: int = 0
    duplicates: int = 0
    short_sockets: int = 0
    symbols: int = 0
    updates: int = 0
    clock_faults: int = 0
    cpu: list[float] = field(default_factory=list)
    """Mean of each process over the window, in percent of one core."""
    seconds: list[Second] = field(default_factory=list)
    priority: str = ""
    """How the operating system schedules the generator."""
    knee: dict[str, Any] | None = None
    """What the publisher found, where one ran: see pubsub.Knee."""

    def as_data(self) -> dict[str, Any]:
        """Plain, for the wire between Locust processes and for JSON."""
        return asdict(self)

    @staticmethod
    def from_data(data: dict[str, Any]) -> "Reading":
        """The inverse; histogram keys that JSON or msgpack made text are numbers again."""
        rows = {
            name: Row({float(key): count for key, count in row["counts"].items()}, dict(row["failures"]))
            for name, row in data["rows"].items()
        }
        return Reading(**{**data, "rows": rows, "seconds": [Second(**second) for second in data["seconds"]]})


def total(readings: list[Reading]) -> Reading:
    """All processes together: counts add up, what every process sees alike (symbols, updates) is the largest."""
    whole = Reading()
    for reading in readings:
        for name, row in reading.rows.items():
            into = whole.rows.setdefault(name, Row())
            for key, count in row.counts.items():
                into.counts[key] = into.counts.get(key, 0) + count
            into.failures = dict(Counter(into.failures) + Counter(row.failures))
        whole.lost = dict(Counter(whole.lost) + Counter(reading.lost))
        whole.statuses = dict(Counter(whole.statuses) + Counter(reading.statuses))
        for name in ("held", "expected", "received", "duplicates", "short_sockets", "clock_faults"):
            setattr(whole, name, getattr(whole, name) + getattr(reading, name))
        whole.symbols, whole.updates = max(whole.symbols, reading.symbols), max(whole.updates, reading.updates)
        whole.cpu += reading.cpu
        whole.priority, whole.knee = whole.priority or reading.priority, whole.knee or reading.knee
    whole.seconds = _together([second for reading in readings for second in reading.seconds])
    return whole


def _together(seconds: list[Second]) -> list[Second]:
    """One for each second: counts add up; of times and CPU the worst process counts, as percentiles cannot be added."""
    by_second: dict[int, Second] = {}
    for second in sorted(seconds, key=lambda second: second.at):
        known = by_second.get(int(second.at))
        by_second[int(second.at)] = second if known is None else _both(known, second)
    return list(by_second.values())


def _both(one: Second, other: Second) -> Second:
    return Second(
        at=one.at,
        received=one.received + other.received,
        p50=_worse(one.p50, other.p50),
        p99=_worse(one.p99, other.p99),
        requests=one.requests + other.requests,
        request_p95=_worse(one.request_p95, other.request_p95),
        held=one.held + other.held,
        cpu=max(one.cpu, other.cpu),
        machine_cpu=max(one.machine_cpu, other.machine_cpu),
    )


def _worse(one: float | None, other: float | None) -> float | None:
    return max((value for value in (one, other) if value is not None), default=None)
