"""The loads of the fan-out bench, who is measured under each, and the goals they are held to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """`each` of `symbols` per client, at random or all clients the same; `updates` per second in all."""

    clients: int
    symbols: int
    each: int
    updates: float
    servers: tuple[str, ...]
    same: bool = False


_OTHERS = ("broadcast", "naive", "node-naive", "node-preframed")
LOADS = {
    "seed-5-of-50": Load(1_000, 50, 5, 50, ("null", "ours", *_OTHERS, "bare")),
    "seed-same-5": Load(1_000, 5, 5, 5, ("null", "ours", *_OTHERS, "bare"), same=True),
    "100k": Load(1_000, 50, 10, 500, ("null", "ours", *_OTHERS, "node-batched")),
    "10k-clients": Load(10_000, 50, 10, 50, ("null", "ours", "broadcast", "node-preframed", "node-batched")),
    "edge-1000": Load(1_000, 50, 5, 50, ("ours", "edge")),
    "edge-5000": Load(5_000, 50, 5, 50, ("ours", "edge")),
    "replicas": Load(1_000, 50, 10, 125, ("ours", "two-nodes")),
}
"""The owner's load twice (5,000 deliveries/s, symbols at random and all alike), 100,000/s over 1,000 and 10,000 clients, the
whole path with the edge, and twice the clients on two nodes. `null` is no server at all: what the generator itself adds."""

P99_MS = {"seed-5-of-50": 5.0, "seed-same-5": 15.0, "100k": 25.0, "10k-clients": 150.0}
CPU_RATIO = {
    "seed-5-of-50": {"broadcast": 0.65},
    "seed-same-5": {"broadcast": 0.75},
    "100k": {"broadcast": 0.45, "node-preframed": 0.55, "node-batched": 1.2},
    "10k-clients": {"broadcast": 0.6},
}
"""Ours / other in CPU per delivery, at most."""
KIB_PER_CONNECTION = 20.0
EDGE_RATIO = 1.5
"""p99 through edge and containers / bare, at most."""
SCALING = 1.8
"""Twice the clients on two nodes: 2 x CPU of one node / CPU of each of two, at least."""
