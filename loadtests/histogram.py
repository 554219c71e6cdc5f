"""Counts of measured milliseconds: fine enough for a 0.1 ms error, small enough to send and to keep."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

FINE_BELOW_MS = 100.0


def bucket(milliseconds: float) -> float:
    """0.01 ms wide below 100 ms, 1 ms wide above. Replaces Locust's own rounding, which turns 2.25 into 2."""
    return round(milliseconds, 2) if milliseconds < FINE_BELOW_MS else float(round(milliseconds))


def bucket_width_ms(milliseconds: float) -> float:
    """How much a value read from a histogram may differ from the one that was put in."""
    return 0.01 if milliseconds < FINE_BELOW_MS else 1.0


def percentile(counts: Mapping[float, int], percent: float) -> float | None:
    """The smallest value that at least `percent` of all samples do not exceed (nearest rank); None without samples."""
    total = sum(counts.values())
    if not total:
        return None
    rank = max(1, -(-total * percent // 100))  # rounded up
    for value in sorted(counts):
        rank -= counts[value]
        if rank <= 0:
            return value
    raise AssertionError("unreachable: the ranks add up to the total")


@dataclass
class Histogram:
    """Samples of one kind. `counts` maps a bucket in ms to how many fell into it."""

    counts: dict[float, int] = field(default_factory=dict)

    def add(self, milliseconds: float) -> None:
        """Count one sample."""
        key = bucket(milliseconds)
        self.counts[key] = self.counts.get(key, 0) + 1

    def merge(self, counts: Mapping[float, int]) -> None:
        """Count the samples of another histogram too."""
        for key, count in counts.items():
            self.counts[key] = self.counts.get(key, 0) + count

    def take(self) -> dict[float, int]:
        """Return what was counted since the last call, and start anew."""
        counts, self.counts = self.counts, {}
        return counts

    @property
    def samples(self) -> int:
        """How many were counted."""
        return sum(self.counts.values())

    def percentiles(self, percents: Iterable[float] = (50, 95, 99)) -> list[float | None]:
        """Several percentiles in ms."""
        return [percentile(self.counts, percent) for percent in percents]
