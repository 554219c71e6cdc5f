"""Data volumes: fixed names, so that a stack that comes back finds its data."""

import pulumi
import pulumi_docker as docker

from infra.targets.docker.engine import Engine
from infra.workload import Service


def make_volume(engine: Engine, service: Service, keep: bool) -> docker.Volume:
    """The volume of a service with data; `keep` lets it outlive `destroy`.

    Raises:
        ValueError: the service has no data.
    """
    if service.data is None:
        raise ValueError(f"{service.name} has no data")
    name = engine.name(service.data.name)
    return docker.Volume(
        name,
        name=name,
        labels=[docker.VolumeLabelArgs(label=key, value=value) for key, value in engine.label_pairs()],
        opts=pulumi.ResourceOptions(provider=engine.provider, retain_on_delete=keep),
    )
