"""Services of several replicas behind one name, replaced new before old."""

import pulumi_docker as docker

from infra.targets.docker.container import After, Extras, Site, make_container
from infra.workload import Service


def make_replicas(site: Site, service: Service, after: After, extras: Extras | None = None) -> list[docker.Container]:
    """All replicas; they share the service's name on its networks."""
    return [make_container(site, service, after, rolling=number, extras=extras) for number in range(1, service.replicas + 1)]
