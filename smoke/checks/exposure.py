"""What must not be reachable: only the edge publishes a port, and the host refuses Redis' and Postgres' ports."""

import asyncio
import fcntl
import socket
import struct
from typing import Any
from urllib.parse import urlsplit

import docker
from docker.errors import DockerException

from services.contract.endpoints import DATABASE_PORT, PAGE_CONFIG, REDIS_PORT
from smoke.check import CheckFailed, check, require
from smoke.checks.web import references
from smoke.platform import Platform
from smoke.waiting import never

CLOSED_PORTS = (REDIS_PORT, DATABASE_PORT)
SERVICE, STACK = "stk.service", "stk.stack"
PRIVATE_NAMES = ("VITE_GEMINI_API_KEY", "VITE_ALPHA_VANTAGE_API_KEY", "VITE_TWELVE_DATA_API_KEY")
SIOCGIFADDR = 0x8915


def published(container: Any) -> list[str]:
    """`IP:port` of every port a container publishes on the host."""
    ports: dict[str, list[dict[str, str]] | None] = container.attrs["NetworkSettings"]["Ports"] or {}
    return [f"{binding['HostIp']}:{binding['HostPort']}" for bindings in ports.values() for binding in bindings or []]


def stack_containers(containers: list[Any], port: int, stack: str | None) -> list[Any]:
    """The running containers of the stack whose edge publishes `port`, or of the stack named."""
    for container in containers:
        is_edge = container.labels.get(SERVICE) == "edge"
        if is_edge and any(binding.endswith(f":{port}") for binding in published(container)):
            stack = container.labels.get(STACK)
            break
    return [container for container in containers if stack is not None and container.labels.get(STACK) == stack]


def _look(port: int, stack: str | None) -> list[tuple[str, list[str]]]:
    client = docker.from_env()
    try:
        found = stack_containers(client.containers.list(filters={"label": SERVICE}), port, stack)
        return [(container.labels[SERVICE], published(container)) for container in found]
    finally:
        client.close()


@check(8000)
async def exposure_containers(platform: Platform) -> None:
    """Of this stack's containers only the edge publishes a port."""
    parts = urlsplit(platform.access.base_url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = await asyncio.to_thread(_look, port, platform.access.stack)
    except DockerException as error:
        hint = "no answer (elsewhere than on the Docker host: --skip exposure_containers)"
        raise CheckFailed("the Docker engine that runs the stack answers", hint, error) from error
    require(any(service == "edge" for service, _ in found), f"a container {SERVICE}=edge that publishes port {port}", found)
    require(len(found) > 1, "more containers of the same stack behind it", found)
    open_ones = [f"{service} {', '.join(ports)}" for service, ports in found if ports and service != "edge"]
    require(not open_ones, "no container but the edge publishes a port", "; ".join(open_ones))


def host_addresses() -> list[str]:
    """Every IPv4 address of this host's interfaces, loopback first."""
    addresses = ["127.0.0.1"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            try:
                answer = fcntl.ioctl(probe.fileno(), SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
            except OSError:  # an interface without an IPv4 address
                continue
            addresses.append(socket.inet_ntoa(answer[20:24]))
    return list(dict.fromkeys(addresses))


async def _stays_closed(host: str, port: int) -> None:
    async def connect() -> str:
        _, writer = await asyncio.open_connection(host, port)
        writer.close()
        return f"{host}:{port} takes connections"

    await never(connect, expected="the ports of Redis and Postgres are closed on every address", within_seconds=1)


@check(8000)
async def exposure_ports(platform: Platform) -> None:
    """No address of this host, and not the platform's own, takes a connection for Redis or Postgres."""
    hosts = dict.fromkeys([*host_addresses(), "::1", urlsplit(platform.access.base_url).hostname or ""])
    await asyncio.gather(*(_stays_closed(host, port) for host in hosts for port in CLOSED_PORTS))


@check(5000)
async def exposure_secrets(platform: Platform) -> None:
    """Neither the page, its scripts nor its configuration holds a key of this stack; the configuration names no private one."""
    page = (await platform.get("/")).text
    config = (await platform.get(PAGE_CONFIG)).text
    named = [name for name in PRIVATE_NAMES if name in config]
    require(not named, f"no private key's name in {PAGE_CONFIG}", ", ".join(named))
    served = {"/": page, PAGE_CONFIG: config}
    for reference in references(page):
        served[reference] = (await platform.get(reference)).text
    keys = [key for key in (platform.access.client_key, platform.access.control_key) if key]
    for path, text in served.items():
        require(not any(key in text for key in keys), "no key of the stack in what the page serves", f"one in {path}")


@check(5000)
async def exposure_metrics(platform: Platform) -> None:
    """Metrics are for the inside: no path of the edge answers with them."""
    for path in ("/metrics", "/api/metrics", "/ws/metrics"):
        response = await platform.http.get(path)
        require("# TYPE" not in response.text, f"{path} shows no metrics at the edge", response.text)
