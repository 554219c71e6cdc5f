"""S158 from the inside: how long a price took from its publication to the ws nodes, by their own histograms.

Read before and after a load, inside the nodes' containers (metrics are not shown at the edge); the difference is the load's.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from ops.containers import StackEngine
from services.contract.endpoints import METRICS, WS_PORT

NAME = "ws_publish_to_receive_seconds"
_READ = f"import urllib.request as u; print(u.urlopen('http://127.0.0.1:{WS_PORT}{METRICS}', timeout=5).read().decode())"


@dataclass(frozen=True)
class NodeHistogram:
    """Cumulative counts by upper bound in ms, added up over all nodes."""

    cumulative: dict[float, float]

    def since(self, earlier: "NodeHistogram") -> "NodeHistogram":
        """What was added after `earlier`."""
        return NodeHistogram({bound: count - earlier.cumulative.get(bound, 0) for bound, count in self.cumulative.items()})

    @property
    def samples(self) -> int:
        """How many observations there are."""
        return int(max(self.cumulative.values(), default=0))

    def percentile(self, percent: float) -> float | None:
        """Upper bound in ms of the bucket in which the percentile lies, so never too low; None without samples."""
        wanted = self.samples * percent / 100
        for bound, count in sorted(self.cumulative.items()):
            if self.samples and count >= wanted:
                return bound
        return None


def parse(texts: Iterable[str]) -> NodeHistogram:
    """Add up the histogram of several nodes' exposition texts."""
    cumulative: dict[float, float] = {}
    for text in texts:
        for family in text_string_to_metric_families(text):
            if family.name == NAME:
                for sample in family.samples:
                    if sample.name.endswith("_bucket"):
                        bound = float(sample.labels["le"]) * 1000
                        cumulative[bound] = cumulative.get(bound, 0) + sample.value
    return NodeHistogram(cumulative)


def read(engine: StackEngine) -> NodeHistogram:
    """All ws nodes of the stack, now.

    Raises:
        ContainersError: a node did not answer.
    """
    return parse(engine.execute("ws", ["python3", "-c", _READ]))
