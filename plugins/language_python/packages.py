"""From an installed pulumi-plugin.json to the package the engine must have a plugin for."""

import base64
from typing import Any

from pulumi.runtime.proto import plugin_pb2


def required_package(plugin: dict[str, Any]) -> plugin_pb2.PackageDependency | None:
    """None for a package that works without a plugin (`resource: false`), or whose file names none."""
    if not plugin.get("resource") or not plugin.get("name"):
        return None
    parameterization = plugin.get("parameterization")
    return plugin_pb2.PackageDependency(
        name=plugin["name"],
        kind="resource",
        version=tagged(plugin.get("version", "")),
        server=plugin.get("server", ""),
        parameterization=plugin_pb2.PackageParameterization(
            name=parameterization["name"],
            version=parameterization["version"],
            value=base64.b64decode(parameterization["value"]),
        )
        if parameterization
        else None,
    )


def tagged(version: str) -> str:
    """`5.1.0` as the engine writes it: `v5.1.0`. An unknown version stays empty."""
    return version if not version or version.startswith("v") else f"v{version}"
