"""Which resource types this plugin has, and the words for those it has not."""

from __future__ import annotations

from functools import cache

from .errors import RefusedError
from .resource_type import ResourceType

NOT_IMPLEMENTED = {
    "docker:index/plugin:Plugin",
    "docker:index/registryImage:RegistryImage",
    "docker:index/secret:Secret",
    "docker:index/service:Service",
    "docker:index/serviceConfig:ServiceConfig",
    "docker:index/tag:Tag",
    "docker:index/buildxBuilder:BuildxBuilder",
}


@cache
def load_types() -> dict[str, ResourceType]:
    from .container import Container
    from .image import Image
    from .network import Network
    from .remote_image import RemoteImage
    from .volume import Volume

    types: list[ResourceType] = [Container(), Image(), Network(), RemoteImage(), Volume()]
    return {each.token: each for each in types}


def resource_type(token: str) -> ResourceType:
    """The type with this token; RefusedError for any other."""
    found = load_types().get(token)
    if found is not None:
        return found
    known = ", ".join(sorted(each.split(":")[-1] for each in load_types()))
    name = token.split(":")[-1]
    if token in NOT_IMPLEMENTED:
        raise RefusedError(
            f"{name} is not implemented by this docker plugin (it has {known}); "
            "the official plugin has it: STOCK_TRACKER_PLUGINS=official"
        )
    raise RefusedError(f"{token} is no resource type of the docker provider (this plugin has {known})")
