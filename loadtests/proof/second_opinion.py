"""Whether Locust's socket figures can be believed: by a server that costs nothing, by another generator beside it. Pure."""

from typing import Any

from loadtests.histogram import percentile
from loadtests.reading import READER_DELAY
from services.contract.objectives import Objective

ERROR_SHARE = 0.1
"""The null server's p99 may be this share of the limit."""

Finding = tuple[list[str], list[str]]
"""What speaks against a figure, and what for it."""


def socket_doubts(
    objective: Objective, data: dict[str, Any], null_run: dict[str, Any] | None, observer: dict[str, Any] | None
) -> Finding:
    """What null server and fast generator say of Locust's socket figures (`data`).

    They judge the meter of latencies; a count needs no clock, only that nobody beside it missed what it says came.
    """
    if objective.unit != "ms":
        short = (observer or {}).get("missed", 0) + (observer or {}).get("lost", 0)
        return ([f"the fast generator beside it missed {short} updates or sockets"] if short else []), []
    null, delay = _latency(null_run), _reader_delay(data)
    if null is None:
        return ["the meter's error is not known: the null server was not measured"], []
    if null > objective.limit * ERROR_SHARE:
        return [f"null server p99 {null:.2f} ms is over a tenth of the limit"], []
    doubts, notes = _agreement(observer, data, max(null, delay))
    return doubts, [f"null server p99 {null:.2f} ms, reader delay p99 {delay:.2f} ms", *notes]


def _agreement(observer: dict[str, Any] | None, data: dict[str, Any], error_ms: float) -> Finding:
    """Whether two generators that saw the same updates say the same, within what Locust states as its own error."""
    seen, mine = observed_p99(observer, data), _latency(data)
    if observer is None or seen is None or mine is None:
        return ["no second generator saw the same updates"], []
    told = f"the fast generator says p99 {seen:.2f} ms, Locust {mine:.2f} ms: {abs(seen - mine):.2f} ms apart"
    own = f"; its own delay p99 {observer['ownDelayMs']:.2f} ms" if observer.get("ownDelayMs") is not None else ""
    if abs(seen - mine) > error_ms:
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


def observed_p99(observer: dict[str, Any] | None, data: dict[str, Any]) -> float | None:
    """The second observer's p99 over the updates published within the stage's window."""
    stages = [stage for stage in data["stages"] if stage["user"] == "viewer"]
    if not observer or not stages:
        return None
    opened = stages[0]["openedAt"] * 1000
    closed = opened + stages[0]["seconds"] * 1000
    counts: dict[float, int] = {}
    for published, latency in observer["samples"]:
        if opened <= published < closed:
            counts[latency] = counts.get(latency, 0) + 1
    return percentile(counts, 99)
