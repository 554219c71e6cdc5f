"""Images in the engine and in registries: found, pulled, and with whose credentials."""

from __future__ import annotations

import base64
import json
from typing import Any

from .build_output import shown
from .errors import DockerError
from .resource_type import Context


def find(context: Context, name: str) -> dict[str, Any] | None:
    """Docker's description of a local image by name, digest or id; None where there is none."""
    try:
        found: dict[str, Any] = context.engine.json("GET", f"/images/{name}/json")
    except DockerError as error:
        if error.is_missing:
            return None
        raise
    return found


def repo_digest(name: str, found: dict[str, Any]) -> str:
    """The `repository@digest` of an image for the repository that `name` is in; empty where no registry has it."""
    repository, _ = split_tag(name)
    digests: list[str] = found.get("RepoDigests") or []
    return next((digest for digest in digests if digest.partition("@")[0] == repository), digests[0] if digests else "")


def find_or_pull(context: Context, name: str, platform: str = "") -> None:
    """Make sure the engine has an image; DockerError where it has not and cannot get it."""
    if not name:
        raise DockerError("the name of the image is empty")
    if find(context, name) is not None:
        return
    if name.startswith("sha256:"):
        raise DockerError(f"image {name} is not in this engine, and an image id cannot be pulled; build it again")
    pull(context, name, platform)


def pull(context: Context, name: str, platform: str = "") -> None:
    context.show(f"Pulling {name}")
    repository, tag = split_tag(name)
    params = {"fromImage": repository, "tag": tag, "platform": platform}
    headers = {"X-Registry-Auth": encoded(credentials(context, registry_of(name)))}
    messages = context.engine.stream("POST", "/images/create", params=params, headers=headers)
    shown(messages, context.show, f"image {name} is not in this engine and could not be pulled")


def split_tag(name: str) -> tuple[str, str]:
    """`repo:tag` or `repo@digest` -> repository and tag or digest; the tag is `latest` where there is none."""
    named, _, digest = name.partition("@")
    head, slash, last = named.rpartition("/")
    repository, _, tag = last.partition(":")
    return head + slash + repository, digest or tag or "latest"


def registry_of(name: str) -> str:
    """The registry a name points to: its first part where that looks like a host, else Docker's own."""
    first, slash, _ = name.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else "docker.io"


def credentials(context: Context, registry: str) -> dict[str, Any]:
    """The provider's `registryAuth` for this registry, else Docker's own credential file; empty where neither has any."""
    for entry in context.engine.settings.get("registryAuth") or []:
        if bare_host(entry.get("address", "")) == bare_host(registry) and not entry.get("authDisabled"):
            if entry.get("username"):
                return login(registry, str(entry["username"]), str(entry.get("password", "")))
            content = entry.get("configFileContent")
            found = _from_docker_config(registry, content, entry.get("configFile"))
            if found:
                return found
    return _from_docker_config(registry, None, None)


def login(registry: str, username: str, password: str) -> dict[str, Any]:
    return {"username": username, "password": password, "serveraddress": login_key(registry)}


def login_key(registry: str) -> str:
    """What Docker files a registry's login under: the host, and for its own registry a URL of old."""
    host = bare_host(registry)
    return "https://index.docker.io/v1/" if host == "docker.io" else host


def _from_docker_config(registry: str, content: str | None, path: str | None) -> dict[str, Any]:
    from docker import auth
    from docker.errors import DockerException

    try:
        config = auth.AuthConfig(json.loads(content)) if content else auth.load_config(config_path=path)
        return dict(auth.resolve_authconfig(config, registry) or {})
    except (DockerException, ValueError):
        return {}


def bare_host(address: str) -> str:
    host = address.removeprefix("https://").removeprefix("http://").split("/")[0]
    return "docker.io" if host in ("index.docker.io", "registry-1.docker.io", "") else host


def encoded(logins: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(logins).encode()).decode()
