"""Which resource types this plugin has, and the words for those it has not."""

from __future__ import annotations

from functools import cache

from .errors import Refused
from .resource_type import ResourceType

NOT_IMPLEMENTED = {
    "docker:index/plugin:Plugin",
    "docker:index/registryImage:RegistryImage",
    "docker:index/remoteImage:RemoteImage",
    "docker:index/secret:Secret",
    "docker:index/service:Service",
    "docker:index/serviceConfig:ServiceConfig",
    "docker:index/tag:Tag",
    "docker:index/buildxBuilder:BuildxBuilder",
}


@cache
def _types() -> dict[str, ResourceType]:
    from .container import Container
    from .image import Image
    from .network import Network
    from .volume import Volume

    types: list[ResourceType] = [Container(), Image(), Network(), Volume()]
    return {each.token: each for each in types}


def resource_type(token: str) -> ResourceType:
    """The type with this token; Refused for any other."""
    found = _types().get(token)
    if found is not None:
        return found
    known = ", ".join(sorted(each.split(":")[-1] for each in _types()))
    name = token.split(":")[-1]
    if token in NOT_IMPLEMENTED:
        raise Refused(
            f"{name} is not implemented by this docker plugin (it has {known}); "
            "the official plugin has it: STOCK_TRACKER_PLUGINS=official"
        )
    raise Refused(f"{token} is no resource type of the docker provider (this plugin has {known})")
