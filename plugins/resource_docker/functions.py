"""Functions (`docker.get_…`): what programs may ask about objects they did not make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import images
from .errors import DockerError, RefusedError
from .network import Network
from .resource_type import Context


def invoke(context: Context, token: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Answer a function call; RefusedError for a function this plugin has not."""
    function = FUNCTIONS.get(token)
    if function is None:
        known = ", ".join(sorted(each.split(":")[-1] for each in FUNCTIONS))
        raise RefusedError(f"{token.split(':')[-1]} is not implemented by this docker plugin (it has {known})")
    return function(context, arguments)


def get_network(context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    name = str(arguments["name"])
    try:
        found = context.engine.json("GET", f"/networks/{name}")
    except DockerError as error:
        if error.is_missing:
            raise DockerError(f"there is no docker network {name}", error.status) from None
        raise
    state = Network().look(context, str(found["Id"]), {}) or {}
    kept = {key: state[key] for key in ("driver", "internal", "ipamConfigs", "name", "options", "scope")}
    containers = sorted((found.get("Containers") or {}).items())
    return {**kept, "id": found["Id"], "containers": [_attached(key, value) for key, value in containers]}


def _attached(container_id: str, endpoint: dict[str, Any]) -> dict[str, Any]:
    return {
        "containerId": container_id,
        "endpointId": endpoint.get("EndpointID", ""),
        "ipv4Address": endpoint.get("IPv4Address", ""),
        "ipv6Address": endpoint.get("IPv6Address", ""),
        "macAddress": endpoint.get("MacAddress", ""),
        "name": endpoint.get("Name", ""),
    }


def get_remote_image(context: Context, arguments: dict[str, Any]) -> dict[str, Any]:
    """A local image (the official provider's name for it notwithstanding); DockerError where there is none."""
    name = str(arguments["name"])
    found = images.find(context, name)
    if found is None:
        raise DockerError(f"there is no image {name} in this engine; `docker pull {name}` gets it", 404)
    return {"id": found["Id"], "name": name, "repoDigest": images.repo_digest(name, found)}


FUNCTIONS: dict[str, Callable[[Context, dict[str, Any]], dict[str, Any]]] = {
    "docker:index/getNetwork:getNetwork": get_network,
    "docker:index/getRemoteImage:getRemoteImage": get_remote_image,
}
