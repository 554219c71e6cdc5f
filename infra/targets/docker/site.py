"""The page and the edge. A new page replaces page containers only; the edge alone owns a port of the host."""

import json
from collections.abc import Mapping

import pulumi_docker as docker

from infra.settings import Settings
from infra.targets.docker.container import After, Extras, Site, make_container
from infra.targets.docker.service import make_replicas
from infra.workload import PAGE_CONFIG_FILE, Service
from services.contract.endpoints import EDGE_PORT


def make_page(site: Site, service: Service, config: Mapping[str, str], after: After) -> list[docker.Container]:
    """The page's replicas, each with its runtime configuration."""
    content = site.images.part(service.image).apply(lambda part: json.dumps({**config, "RELEASE": part}, indent=2))
    return make_replicas(site, service, after, Extras(files={PAGE_CONFIG_FILE: content}))


def make_edge(site: Site, service: Service, settings: Settings, after: After) -> docker.Container:
    """The edge on the stack's published port."""
    port = docker.ContainerPortArgs(internal=EDGE_PORT, external=settings.port, ip=settings.bind_address, protocol="tcp")
    return make_container(site, service, after, extras=Extras(ports=[port]))
