"""What the engine holds under a stack's labels, and whose it is. Knows names, labels and ids; decides nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import docker
from docker.errors import DockerException, NotFound

from tools.machine import docker_engine
from tools.machine.problem import Problem

STACK, OWNER, SERVICE = "stk.stack", "stk.owner", "stk.service"
KINDS = {
    "container": "docker:index/container:Container",
    "network": "docker:index/network:Network",
    "volume": "docker:index/volume:Volume",
}
"""Kind -> type in Pulumi's state."""


@dataclass(frozen=True)
class Held:
    """A container, network or volume of the engine. The id of a volume is its name."""

    kind: str
    id: str
    name: str
    labels: Mapping[str, str]

    @property
    def owner(self) -> str:
        """The checkout that made it, or empty."""
        return self.labels.get(OWNER, "")


class Inventory:
    """One engine."""

    def __init__(self, docker_host: str | None = None) -> None:
        """Raises Problem when the engine does not answer (E1)."""
        try:
            self.client = docker.DockerClient(base_url=docker_host) if docker_host else docker_engine.client()
            self.client.ping()
        except Exception as error:
            where = docker_host or docker_engine.host()
            raise Problem(
                f"Cannot reach Docker at {where}: {docker_engine.why_silent() if not docker_host else error}.",
                "It is not running, or your user may not use it. Nothing was changed.",
                "start it, or add yourself to group docker, then: tools/bootstrap",
            ) from error

    def of_stack(self, label: str) -> list[Held]:
        """Everything that carries the stack's label."""
        filters = {"label": f"{STACK}={label}"}
        found = [("container", self.client.containers.list(all=True, filters=filters, ignore_removed=True))]
        found += [("network", self.client.networks.list(filters=filters)), ("volume", self.client.volumes.list(filters=filters))]
        return [_held(kind, thing) for kind, things in found for thing in things]

    def named(self, names: Sequence[str]) -> list[Held]:
        """Containers and volumes with one of these names, whoever made them."""
        found = []
        for kind, collection in (("container", self.client.containers), ("volume", self.client.volumes)):
            for name in names:
                try:
                    found.append(_held(kind, collection.get(name)))
                except NotFound:
                    continue
        return found

    def publisher(self, port: int) -> Held | None:
        """The container that publishes a port of the host."""
        for container in self.client.containers.list(filters={"publish": f"{port}/tcp"}, ignore_removed=True):
            return _held("container", container)
        for container in self.client.containers.list(ignore_removed=True):
            bindings = (binding for found in (container.ports or {}).values() for binding in found or [])
            if any(binding["HostPort"] == str(port) for binding in bindings):
                return _held("container", container)
        return None

    def remove(self, held: Held) -> None:
        """Remove a container or network; one that is gone already is fine.

        Raises:
            Problem: the engine refuses.
        """
        assert held.kind != "volume", "data is never removed from here"
        try:
            if held.kind == "container":
                self.client.containers.get(held.id).remove(force=True)
            else:
                self.client.networks.get(held.id).remove()
        except NotFound:
            return
        except DockerException as error:
            raise Problem(f"Cannot remove {held.kind} {held.name}.", str(error), f"docker inspect {held.name}") from error


def _held(kind: str, thing: Any) -> Held:
    labels = thing.attrs.get("Labels") or thing.attrs.get("Config", {}).get("Labels") or {}
    return Held(kind, thing.id, thing.name, labels)
