"""S149 from the inside: how many requests for quotes the API answered, and for how many of them the source had to be read."""

from collections.abc import Collection, Iterable, Mapping

from prometheus_client.parser import text_string_to_metric_families

from ops.containers import StackEngine
from services.contract.endpoints import API_PORT, INDICES, METRICS, QUOTES

REQUESTS = "stk_api_request_seconds"
_READ = f"import urllib.request as u; print(u.urlopen('http://127.0.0.1:{API_PORT}{METRICS}', timeout=5).read().decode())"


def parse(texts: Iterable[str]) -> int:
    """Requests for quotes and indices, added up over several replicas' exposition texts, since they started."""
    requests = 0.0
    for text in texts:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == f"{REQUESTS}_count" and sample.labels["route"].startswith((QUOTES, INDICES)):
                    requests += sample.value
    return int(requests)


def requests_answered(engine: StackEngine) -> int:
    """By all API replicas of the stack, since they started.

    Raises:
        ContainersError: a replica did not answer.
    """
    return parse(engine.execute("api", ["python3", "-c", _READ]))


def hit_percent(requests: int, asked: Collection[str], before: Mapping[str, int], after: Mapping[str, int]) -> float | None:
    """Share of `requests` for which nothing of what they `asked` for had to be read from the source; None without requests.

    `before` and `after` are the sequence numbers by symbol: each reading is published once. What nobody of them asked for ticks
    on by itself and is no miss of theirs.
    """
    readings = sum(after.get(symbol, 0) - before.get(symbol, 0) for symbol in asked)
    return 100 * max(0.0, 1 - readings / requests) if requests > 0 else None
