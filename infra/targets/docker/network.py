"""The stack's networks: three without a way out, one with."""

import pulumi_docker as docker

from infra.targets.docker.engine import Engine
from infra.workload import INTERNAL_NETWORKS, OUTWARD


def make_networks(engine: Engine) -> dict[str, docker.Network]:
    """Networks by the workload's name for them."""
    return {
        noun: docker.Network(
            engine.name(noun),
            name=engine.name(noun),
            driver="bridge",
            internal=noun in INTERNAL_NETWORKS,
            labels=[docker.NetworkLabelArgs(label=key, value=value) for key, value in engine.label_pairs()],
            opts=engine.opts,
        )
        for noun in (*INTERNAL_NETWORKS, OUTWARD)
    }
