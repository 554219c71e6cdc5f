"""Which promises of objectives.toml the services' own metrics show, and how: for alert rules and for `status`.

Limits come from objectives.toml only. What the metrics cannot show is named with its reason; a test holds both lists complete.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from services.contract.endpoints import QUOTES
from services.contract.objectives import Objective

Service = Literal["api", "ws"]
Samples = Sequence[Sample]
Labels = Mapping[str, tuple[str, ...]]
"""Label -> what its value begins with, one of these; every sample when empty."""

WINDOW = "5m"
MIN_EVENTS = 100
"""Below this a percentile in an alert is an accident, not a state."""
PERCENT = {"p50": 50, "p95": 95, "p99": 99}


class Sign(Protocol):
    """How a metric shows a promise."""

    @property
    def metric(self) -> str:
        """Family name as the service registers it."""

    @property
    def labels(self) -> Labels:
        """Which of its samples."""

    def rule(self, objective: Objective) -> str:
        """PromQL that has a value while the promise is broken."""

    def value(self, objective: Objective, before: Samples, after: Samples) -> float | None:
        """In the objective's terms, from `before` (nothing: since the processes began) to `after`; None without events."""

    def shown(self, value: float) -> str:
        """For a reader."""


@dataclass(frozen=True)
class Slow:
    """Share of a histogram (seconds) within the limit (ms), which must be one of its bounds."""

    metric: str
    labels: Labels

    def rule(self, objective: Objective) -> str:
        bound, share = str(objective.limit / 1000), PERCENT[objective.statistic] / 100
        within = f"sum(rate({self.metric}_bucket{_selector(self.labels, le=bound)}[{WINDOW}]))"
        every = f"{self.metric}_count{_selector(self.labels)}[{WINDOW}]"
        return f"{within} / sum(rate({every})) < {share:g} and sum(increase({every})) >= {MIN_EVENTS}"

    def value(self, objective: Objective, before: Samples, after: Samples) -> float | None:
        counts: dict[float, float] = {}
        for samples, sign in ((before, -1), (after, 1)):
            for sample in _chosen(samples, f"{self.metric}_bucket", self.labels):
                bound = float(sample.labels["le"])
                counts[bound] = counts.get(bound, 0.0) + sign * sample.value
        every = counts.get(float("inf"), 0.0)
        wanted = every * PERCENT[objective.statistic] / 100
        return next((1000 * bound for bound in sorted(counts) if counts[bound] >= wanted), None) if every > 0 else None

    def shown(self, value: float) -> str:
        return f"<= {value:g} ms" if value != float("inf") else "over every bound"


@dataclass(frozen=True)
class Never:
    """A counter of what the promise says does not happen: the limit is that there is none."""

    metric: str
    labels: Labels

    def rule(self, objective: Objective) -> str:
        return f"sum(increase({self.metric}{_suffix(self.metric)}{_selector(self.labels)}[{WINDOW}])) > 0"

    def value(self, objective: Objective, before: Samples, after: Samples) -> float | None:
        if not after:
            return None
        name = self.metric + _suffix(self.metric)
        risen = [sum(sample.value for sample in _chosen(samples, name, self.labels)) for samples in (before, after)]
        count = risen[1] - risen[0]
        return count if objective.better == "lower" else objective.limit - count

    def shown(self, value: float) -> str:
        return f"{value:g}"


@dataclass(frozen=True)
class Missed(Never):
    """A counter of updates that did not come through, for a promise in percent: how many, since the whole is not counted."""

    def shown(self, value: float) -> str:
        return "none missed" if value >= 100 else f"{100 - value:g} missed"


@dataclass(frozen=True)
class Flag:
    """A gauge that is 1 while the promise is broken."""

    metric: str
    labels: Labels

    def rule(self, objective: Objective) -> str:
        return f"max({self.metric}{_selector(self.labels)}) > 0"

    def value(self, objective: Objective, before: Samples, after: Samples) -> float | None:
        values = [sample.value for sample in _chosen(after, self.metric, self.labels)]
        return 1 - max(values) if values else None

    def shown(self, value: float) -> str:
        return "holds" if value >= 1 else "broken"


API_ROUTES = ("/api/v1/",)
SHOWN: Mapping[str, tuple[Service, Sign, str]] = {
    "api_errors": ("api", Never("stk_api_request_seconds_count", {"status": ("5",)}), "every request, by status"),
    "api_p95": ("api", Slow("stk_api_request_seconds", {"route": API_ROUTES}), "inside the API, every route"),
    "api_warm_p95": ("api", Slow("stk_api_request_seconds", {"route": (QUOTES,)}), "inside the API, quotes warm and cold"),
    "api_warm_p99": ("api", Slow("stk_api_request_seconds", {"route": (QUOTES,)}), "inside the API, quotes warm and cold"),
    "ws_closes": ("ws", Never("ws_connections_closed", {"cause": ("too_slow", "silent")}), "sockets the nodes gave up"),
    "ws_reach": ("ws", Missed("ws_gaps_given_up", {}), "jumps in the numbers that could not be filled"),
    "ws_latency": ("ws", Slow("ws_receive_to_write_seconds", {}), "the node's own part, the longest wait of each pass"),
    "redis_latency": ("ws", Slow("ws_publish_to_receive_seconds", {}), "publication to the ws node"),
    "pubsub": ("ws", Flag("ws_degraded", {}), "whether every node hears Redis"),
}
"""Promise -> service, sign, and what of the promise it sees (never more than the promise's own meter)."""

NOT_SHOWN: Mapping[str, str] = {
    "api_cold_p95": "the API does not tell a cold quote from a warm one: make proof",
    "api_cold_p99": "the API does not tell a cold quote from a warm one: make proof",
    "pubsub_knee": "needs a Redis of its own under rising load: make proof",
    "cache_hits": "a ratio under load, meaningless on a quiet platform: make load PROFILE=cache",
    "cache_stampede": "needs a cold cache and a crowd: make proof",
    "web_page": "seen from outside: make smoke",
    "api_health": "seen from outside: make smoke",
    "ws_connect": "seen from outside: make smoke",
    "e2e_flow": "seen from outside: make smoke",
    "page_load": "measured in a browser: make proof",
}


def read_samples(texts: Iterable[str]) -> Samples:
    """All samples of several replicas' exposition texts."""
    return [sample for text in texts for family in text_string_to_metric_families(text) for sample in family.samples]


def _chosen(samples: Samples, name: str, labels: Labels) -> Iterable[Sample]:
    return (
        sample
        for sample in samples
        if sample.name == name and all(sample.labels.get(label, "").startswith(begins) for label, begins in labels.items())
    )


def _selector(labels: Labels, **exact: str) -> str:
    parts = [f'{label}=~"({"|".join(begins)}).*"' for label, begins in labels.items()]
    parts += [f'{label}="{value}"' for label, value in exact.items()]
    return f"{{{','.join(parts)}}}" if parts else ""


def _suffix(metric: str) -> str:
    """A histogram's count has no `_total`."""
    return "" if metric.endswith("_count") else "_total"
