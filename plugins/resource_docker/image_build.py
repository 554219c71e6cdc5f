"""Building and pushing an image through the engine: what is sent, what comes back, and with whose login."""

from __future__ import annotations

import json
from typing import Any

from . import build_context, images
from .build_output import shown
from .errors import DockerError
from .properties import without_nulls
from .resource_type import Context

BUILDERS = {"BuilderV1": "1", "BuilderBuildKit": "2"}


def cached_images(options: dict[str, Any]) -> list[str]:
    cache = options.get("cacheFrom")
    found = cache.get("images") if isinstance(cache, dict) else None
    return [image for image in found or [] if isinstance(image, str)]


def build(context: Context, name: str, options: dict[str, Any], registry: dict[str, Any]) -> None:
    """Build the folder `options["context"]` and tag the result; DockerError with the end of the build's output."""
    cached = cached_images(options)
    _pull_cached(context, cached, options.get("platform", ""))
    try:
        archive, dockerfile = build_context.archive(options["context"], options["dockerfile"])
    except (OSError, ValueError) as error:
        raise DockerError(f"image {name}: the build context {options['context']!r} cannot be read: {error}") from None
    headers = {"Content-Type": "application/x-tar"}
    login = _login(context, name, registry)
    if login:
        headers["X-Registry-Config"] = images.encoded({images.login_key(str(login.get("serveraddress", ""))): login})
    context.show(f"Building {name}")
    with archive:
        messages = context.engine.stream(
            "POST", "/build", body=archive, params=query(name, dockerfile, cached, options), headers=headers
        )
        output = shown(messages, context.show, f"image {name} could not be built")
    if not output.image_id:
        raise DockerError(f"image {name}: Docker's build ended without an image")


def _pull_cached(context: Context, cached: list[str], platform: str) -> None:
    for image in cached:
        try:
            images.pull(context, image, platform)
        except DockerError as error:
            context.log.info(context.urn, f"cacheFrom image {image} is not available: {error}")


def query(name: str, dockerfile: str, cached: list[str], options: dict[str, Any]) -> dict[str, Any]:
    return without_nulls(
        {
            "version": BUILDERS[options.get("builderVersion", "BuilderBuildKit")],
            "t": name,
            "dockerfile": dockerfile,
            "buildargs": json.dumps(options["args"]) if options.get("args") else None,
            "cachefrom": json.dumps(cached) if cached else None,
            "extrahosts": options.get("addHosts"),
            "networkmode": options.get("network"),
            "platform": options.get("platform"),
            "target": options.get("target"),
            "rm": "1",
        }
    )


def push(context: Context, name: str, registry: dict[str, Any]) -> str:
    """Push the image; returns `repository@digest`."""
    if bool(registry.get("username")) != bool(registry.get("password")):
        context.log.warning(context.urn, "registry has only one of username and password; using Docker's credential file")
    repository, tag = images.split_tag(name)
    headers = {"X-Registry-Auth": images.encoded(_login(context, name, registry))}
    messages = context.engine.stream("POST", f"/images/{repository}/push", params={"tag": tag}, headers=headers)
    output = shown(messages, context.show, f"image {name} could not be pushed")
    if not output.pushed_digest:
        raise DockerError(f"image {name} was pushed, but the registry told no digest")
    return f"{repository}@{output.pushed_digest}"


def _login(context: Context, name: str, registry: dict[str, Any]) -> dict[str, Any]:
    server = str(registry.get("server") or images.registry_of(name))
    if registry.get("username") and registry.get("password"):
        return images.login(server, registry["username"], registry["password"])
    return images.credentials(context, server)
