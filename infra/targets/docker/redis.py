"""The cache: one Redis on its volume."""

import pulumi_docker as docker

from infra.targets.docker.container import Extras, Site, make_container
from infra.targets.docker.volume import make_volume
from infra.workload import Service


def make_redis(site: Site, service: Service, keep_data: bool) -> docker.Container:
    """Redis, healthy before anything that depends on it starts."""
    return make_container(site, service, [], extras=Extras(volume=make_volume(site.engine, service, keep_data)))
