"""Counting what the node does, and showing it to Prometheus. Hot paths add to plain numbers; the cost is at the scrape."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

BOUNDS_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Histogram:
    """Seconds in fixed buckets."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_SECONDS) + 1)
        self.total = 0.0

    def observe(self, seconds: float, times: int = 1) -> None:
        """Add `times` observations of `seconds`; a clock that is behind counts as 0."""
        seconds = max(seconds, 0.0)
        self.counts[bisect_left(BOUNDS_SECONDS, seconds)] += times
        self.total += seconds * times

    def quantile(self, share: float) -> float:
        """Upper bound of the bucket in which the given share of observations is reached; 0.0 without any."""
        wanted = share * sum(self.counts)
        seen = 0
        for bound, count in zip((*BOUNDS_SECONDS, float("inf")), self.counts, strict=True):
            seen += count
            if count and seen >= wanted:
                return bound
        return 0.0

    def family(self, name: str, text: str) -> Metric:
        """As Prometheus reads it."""
        seen = 0
        buckets = []
        for bound, count in zip((*map(str, BOUNDS_SECONDS), "+Inf"), self.counts, strict=True):
            seen += count
            buckets.append((bound, seen))
        family = HistogramMetricFamily(name, text)
        family.add_metric([], buckets, self.total)
        return family


class NodeMetrics(Collector):
    """Asks a function for the metric families at each scrape."""

    def __init__(self, families: Callable[[], Iterable[Metric]]) -> None:
        self._families = families
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def collect(self) -> Iterable[Metric]:
        """Called by prometheus_client."""
        return self._families()

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self._registry)


def gauge(name: str, text: str, value: float) -> Metric:
    """A value that goes up and down."""
    return GaugeMetricFamily(name, text, value=value)


def counter(name: str, text: str, value: float) -> Metric:
    """A value that only rises."""
    return CounterMetricFamily(name, text, value=value)


def counters(name: str, text: str, label: str, values: Mapping[str, int]) -> Metric:
    """One counter per label value."""
    family = CounterMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
