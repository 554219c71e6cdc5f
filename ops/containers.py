"""The running containers of a stack on this Docker engine, found by the address of its edge or by the stack's name."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import docker
from docker.errors import DockerException

SERVICE, STACK = "stk.service", "stk.stack"


class ContainersError(Exception):
    """The engine does not answer, or a command in a container failed."""


@dataclass(frozen=True)
class StackContainer:
    """One container: its service, name, image digest and the host addresses it publishes."""

    service: str
    name: str
    image: str
    published: tuple[str, ...]


def port_of(base_url: str) -> int:
    """The port a base URL means."""
    parts = urlsplit(base_url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def published(container: Any) -> list[str]:
    """`IP:port` of every port a container publishes on the host."""
    ports: dict[str, list[dict[str, str]] | None] = container.attrs["NetworkSettings"]["Ports"] or {}
    return [f"{binding['HostIp']}:{binding['HostPort']}" for bindings in ports.values() for binding in bindings or []]


def of_stack(containers: list[Any], port: int, stack: str | None) -> list[Any]:
    """Those of the stack whose edge publishes `port`; failing that, of the stack named."""
    for container in containers:
        is_edge = container.labels.get(SERVICE) == "edge"
        if is_edge and any(binding.endswith(f":{port}") for binding in published(container)):
            stack = container.labels.get(STACK)
            break
    return [container for container in containers if stack is not None and container.labels.get(STACK) == stack]


class StackEngine:
    """The Docker engine, asked about one stack. Use as a context manager.

    Raises:
        ContainersError: from every method, when the engine does not answer.
    """

    def __init__(self, base_url: str, stack: str | None = None) -> None:
        self._port, self._stack = port_of(base_url), stack
        try:
            self._client = docker.from_env()
        except DockerException as error:
            raise ContainersError(f"the Docker engine does not answer: {error}") from error

    def __enter__(self) -> "StackEngine":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def containers(self) -> list[StackContainer]:
        """All running containers of the stack."""
        return [StackContainer(c.labels[SERVICE], c.name, c.attrs["Image"], tuple(published(c))) for c in self._found()]

    def execute(self, service: str, command: list[str]) -> list[str]:
        """Run `command` in every container of a service; the standard outputs.

        Raises:
            ContainersError: it ended with another code than 0.
        """
        answers = []
        for container in self._found():
            if container.labels[SERVICE] != service:
                continue
            code, (out, err) = container.exec_run(command, demux=True)
            if code != 0:
                last = (err or out or b"").decode(errors="replace").strip().splitlines()[-1:]
                raise ContainersError(f"{container.name}: {command[0]} ended with {code}: {' '.join(last)}")
            answers.append((out or b"").decode(errors="replace"))
        return answers

    def restart(self, service: str, patience_seconds: float = 90.0) -> None:
        """Restart a service's containers one after the other, each healthy before the next.

        Raises:
            ContainersError: one did not become healthy.
        """
        for container in self._found():
            if container.labels[SERVICE] != service:
                continue
            container.restart(timeout=20)
            _wait_until_healthy(container, patience_seconds)

    @contextlib.contextmanager
    def stopped(self, service: str, patience_seconds: float = 60.0) -> Iterator[None]:
        """Within the block a service's containers do not run; after it they run and are healthy again.

        Raises:
            ContainersError: there are none, or one did not come back.
        """
        containers = [container for container in self._found() if container.labels[SERVICE] == service]
        if not containers:
            raise ContainersError(f"no running container of {service} in this stack on this Docker engine")
        try:
            for container in containers:
                container.stop(timeout=5)
            yield
        finally:
            for container in containers:
                container.start()
            for container in containers:
                _wait_until_healthy(container, patience_seconds)

    def _found(self) -> list[Any]:
        try:
            running = self._client.containers.list(filters={"label": SERVICE}, ignore_removed=True)
            return of_stack(running, self._port, self._stack)
        except DockerException as error:
            raise ContainersError(f"the Docker engine does not answer: {error}") from error


def _wait_until_healthy(container: Any, patience_seconds: float) -> None:
    deadline = time.monotonic() + patience_seconds
    container.reload()
    while container.attrs["State"].get("Health", {}).get("Status") != "healthy":
        if time.monotonic() > deadline:
            raise ContainersError(f"{container.name} is not healthy {patience_seconds:g} s after its start")
        time.sleep(0.3)
        container.reload()
