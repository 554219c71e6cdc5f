"""Whether Locust's socket figures can be believed: by a server that costs nothing, by another generator beside it. Pure."""

from dataclasses import dataclass
from math import sqrt
from typing import Any

from loadtests.histogram import bucket_width_ms, percentile
from loadtests.reading import READER_DELAY
from services.contract.objectives import Objective, Verdict

ERROR_SHARE = 0.1
"""The null server's p99 may be this share of the limit."""

CERTAIN = 1.96
"""Standard errors: with 95 % certainty the p99 of all lies within so many of the p99 of those that were seen."""

Finding = tuple[list[str], list[str]]
"""What speaks against a figure, and what for it."""


@dataclass(frozen=True)
class Observed:
    """p99 in ms of `samples` updates, and between what bounds it would be for all sockets: few sockets see a part of the tail."""

    p99: float
    low: float
    high: float
    samples: int
    is_bounded: bool = True
    """False when so few were seen that the p99 of all may well lie above the slowest of them."""


def socket_doubts(
    objective: Objective, data: dict[str, Any], null_run: dict[str, Any] | None, observer: dict[str, Any] | None
) -> Finding:
    """What null server and fast generator say of Locust's socket figures (`data`).

    They judge the meter of latencies; a count needs no clock, only that nobody beside it missed what it says came.
    """
    if objective.unit != "ms":
        return _nobody_else_missed(objective, data, observer or {}), []
    null, delay = _latency(null_run), _reader_delay(data)
    if null is None:
        return ["the meter's error is not known: the null server was not measured"], []
    if null > objective.limit * ERROR_SHARE:
        return [f"null server p99 {null:.2f} ms is over a tenth of the limit"], []
    error_ms = max(null, delay) + bucket_width_ms(_latency(data) or 0.0)
    doubts, notes = _agreement(observer, data, error_ms)
    return doubts, [f"null server p99 {null:.2f} ms, reader delay p99 {delay:.2f} ms", *notes]


def _nobody_else_missed(objective: Objective, data: dict[str, Any], observer: dict[str, Any]) -> list[str]:
    kept = any(promise["id"] == objective.id and promise["verdict"] == Verdict.MET for promise in data["promises"])
    lost, missed = observer.get("lost", 0), observer.get("missed", 0)
    doubts = [f"the fast generator beside it lost {lost} sockets"] if lost else []
    if missed and objective.statistic == "percent":
        doubts.append(f"the fast generator beside it missed {missed} updates")
    return doubts if kept else []


def _agreement(observer: dict[str, Any] | None, data: dict[str, Any], error_ms: float) -> Finding:
    """Whether two generators that saw the same updates say the same, within what Locust states as its own error."""
    seen, mine = observed(observer, data), _latency(data)
    if observer is None or seen is None or mine is None:
        return ["no second generator saw the same updates"], []
    apart = max(0.0, seen.low - mine, mine - seen.high if seen.is_bounded else 0.0)
    told = (
        f"the fast generator says p99 {seen.p99:.2f} ms ({seen.low:.2f} to {seen.high:.2f} by its {seen.samples} samples), "
        f"Locust {mine:.2f} ms: {apart:.2f} ms apart"
    )
    own = f"; its own delay p99 {observer['ownDelayMs']:.2f} ms" if observer.get("ownDelayMs") is not None else ""
    if apart > error_ms:
        return [f"{told}, over the stated error of {error_ms:.2f} ms{own}"], []
    return [], [f"{told}, stated error {error_ms:.2f} ms{own}"]


def _reader_delay(data: dict[str, Any]) -> float:
    """p99 in ms over the stage; 0 when nothing was read, which other doubts tell."""
    counts: dict[float, int] = {}
    for stage in data["stages"]:
        for key, count in stage["reading"]["rows"].get(READER_DELAY, {"counts": {}})["counts"].items():
            counts[float(key)] = counts.get(float(key), 0) + count
    return percentile(counts, 99) or 0.0


def _latency(data: dict[str, Any] | None) -> float | None:
    found = [promise["p99"] for promise in (data or {}).get("promises", []) if promise["id"] == "ws_latency"]
    return found[0] if found else None


def observed(observer: dict[str, Any] | None, data: dict[str, Any]) -> Observed | None:
    """What the fast generator says of the updates published within the stage's window; None when it saw none of them."""
    stages = [stage for stage in data["stages"] if stage["user"] == "viewer"]
    if not observer or not stages:
        return None
    opened = stages[0]["openedAt"] * 1000
    closed = opened + stages[0]["seconds"] * 1000
    counts: dict[float, int] = {}
    for published, latency in observer["samples"]:
        if opened <= published < closed:
            counts[latency] = counts.get(latency, 0) + 1
    samples = sum(counts.values())
    if not samples:
        return None
    margin = 100 * CERTAIN * sqrt(0.99 * 0.01 / samples)
    p99, low, most = (percentile(counts, percent) or 0.0 for percent in (99, max(0.0, 99 - margin), 100))
    high = percentile(counts, 99 + margin) if 99 + margin <= 100 else None
    return Observed(p99, low, most if high is None else high, samples, is_bounded=high is not None)
