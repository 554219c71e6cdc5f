"""S149 from the inside: how many requests for quotes the API answered, and how many readings it took from the source for them."""

from collections.abc import Iterable
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from ops.containers import StackEngine
from services.contract.endpoints import API_PORT, INDICES, METRICS, QUOTES

REQUESTS, PUBLISHED = "stk_api_request_seconds", "stk_api_updates_published"
_READ = f"import urllib.request as u; print(u.urlopen('http://127.0.0.1:{API_PORT}{METRICS}', timeout=5).read().decode())"


@dataclass(frozen=True)
class ApiCounters:
    """Added up over all replicas since they started."""

    requests: float
    readings: float

    def hit_percent(self, before: "ApiCounters") -> float | None:
        """Share of the requests since `before` that needed no reading of the source; None without requests."""
        requests, readings = self.requests - before.requests, self.readings - before.readings
        return 100 * max(0.0, 1 - readings / requests) if requests > 0 else None


def parse(texts: Iterable[str]) -> ApiCounters:
    """Add up several replicas' exposition texts."""
    requests = readings = 0.0
    for text in texts:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == f"{REQUESTS}_count" and sample.labels["route"].startswith((QUOTES, INDICES)):
                    requests += sample.value
                elif sample.name == f"{PUBLISHED}_total":
                    readings += sample.value
    return ApiCounters(requests, readings)


def read(engine: StackEngine) -> ApiCounters:
    """All API replicas of the stack, now.

    Raises:
        ContainersError: a replica did not answer.
    """
    return parse(engine.execute("api", ["python3", "-c", _READ]))
