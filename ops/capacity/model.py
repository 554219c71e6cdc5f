"""What follows from measured steps: where the knee is and why, what a node costs by load, what two nodes should cost. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ops.capacity.generator import Seen

FULL = 0.95
"""Share of the machine's cores above which it, and not the node, is what is full."""
NODE_FULL = 0.9
"""Of one core: a node is one process and cannot use a second one."""
TOLERANCE = 0.20
"""How far a prediction may be from its run."""
MIN_POINTS = 2


@dataclass(frozen=True)
class Step:
    """One crowd held for a while. Processor in cores (CPU seconds per second); memory in bytes, at the end of connecting."""

    way: str
    """`node` straight to one node, or `edge` through the edge to all of them."""
    symbols: int
    seen: Seen
    nodes: int
    ws_cores: float
    edge_cores: float
    api_cores: float
    redis_cores: float
    machine_cores: float
    machine_share: float
    ws_bytes: Mapping[str, float]
    """By node under load."""
    edge_bytes: float

    @property
    def deliveries_per_cpu_second(self) -> float:
        """By the ws nodes that were under load."""
        return self.seen.deliveries_per_second / self.ws_cores if self.ws_cores else 0.0

    @property
    def connections_per_core(self) -> float:
        """Connections one core of a ws node would carry at this cost each."""
        return self.seen.connections / self.ws_cores if self.ws_cores else 0.0

    def fails_by(self, limit_ms: float) -> str | None:
        """What broke in this step, or None: everybody got everything in time and nobody was lost."""
        if self.seen.expected == 0:
            return "nothing was published"
        if self.seen.lost:
            return f"{self.seen.lost} sockets lost"
        if self.seen.reach < 1:
            return f"reach {self.seen.reach:.2%}"
        return None if self.seen.p99_ms < limit_ms else f"p99 {self.seen.p99_ms:.0f} ms"

    def limited_by(self) -> str:
        """What had no room left in this step."""
        if self.seen.is_starved:
            return "the generator, so the platform may carry more"
        if self.ws_cores >= NODE_FULL * self.nodes:
            return "the node's one core"
        if self.machine_share >= FULL:
            return "this machine's cores, which generator and platform share"
        return (
            f"the time promised: the node's core was {self.ws_cores / self.nodes:.0%} busy, the machine {self.machine_share:.0%}"
        )


def knee(steps: Sequence[Step], limit_ms: float) -> Step | None:
    """The heaviest step that held before the first that did not."""
    held = None
    for step in steps:
        if step.fails_by(limit_ms) is not None:
            return held
        held = step
    return held


@dataclass(frozen=True)
class Cost:
    """Cores of one node: `idle` without watchers, and `per_delivery` CPU seconds each, for one shape of watching."""

    idle: float
    per_delivery: float

    def cores(self, nodes: int, deliveries_per_second: float) -> float:
        """Of so many nodes that share a load."""
        return nodes * self.idle + self.per_delivery * deliveries_per_second


def fit(steps: Sequence[Step]) -> Cost:
    """Least squares through steps of one node and one shape.

    Raises:
        ValueError: fewer than two different loads.
    """
    loads = [step.seen.deliveries_per_second for step in steps]
    if len(set(loads)) < MIN_POINTS or any(step.nodes != 1 for step in steps):
        raise ValueError("a cost needs two steps of different load on one node")
    mean_load, mean_cores = sum(loads) / len(loads), sum(step.ws_cores for step in steps) / len(steps)
    spread = sum((load - mean_load) ** 2 for load in loads)
    slope = sum((load - mean_load) * (step.ws_cores - mean_cores) for load, step in zip(loads, steps, strict=True)) / spread
    return Cost(idle=max(0.0, mean_cores - slope * mean_load), per_delivery=slope)


@dataclass(frozen=True)
class Prediction:
    """One figure of a run of two nodes: said before from one node, and then measured."""

    what: str
    unit: str
    predicted: float
    measured: float

    @property
    def difference(self) -> float:
        """(measured - predicted) / predicted."""
        return self.measured / self.predicted - 1 if self.predicted else float("inf")

    @property
    def is_near(self) -> bool:
        """Within the tolerance."""
        return abs(self.difference) <= TOLERANCE


def check(
    cost: Cost, updates_per_symbol: float, run: Step, bytes_each: float, before_bytes: float, after_bytes: float, share: float
) -> list[Prediction]:
    """What one node's cost says of `run`, beside what it was.

    Memory is judged on the nodes that no crowd was on before (a process keeps what it once had): `before_bytes` without this
    crowd, `after_bytes` with its `share`.
    """
    crowd = run.seen.connections
    deliveries = crowd * run.symbols * updates_per_symbol
    cores, more_bytes = cost.cores(run.nodes, deliveries), crowd * share * bytes_each
    return [
        Prediction("deliveries", "per second", deliveries, run.seen.deliveries_per_second),
        Prediction("processor of the ws nodes", "CPU seconds per second", cores, run.ws_cores),
        Prediction("deliveries of the ws nodes", "per CPU second", deliveries / cores, run.deliveries_per_cpu_second),
        Prediction("memory of the newly used", "MiB", (before_bytes + more_bytes) / 2**20, after_bytes / 2**20),
    ]
