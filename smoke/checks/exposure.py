"""What must not be reachable: only the edge publishes a port, and the host refuses Redis' and Postgres' ports."""

import asyncio
import fcntl
import socket
import struct
from urllib.parse import urlsplit

from ops.containers import ContainersError, StackContainer, StackEngine, port_of
from services.contract.endpoints import DATABASE_PORT, PAGE_CONFIG, REDIS_PORT
from smoke.check import check
from smoke.checks.web import references
from smoke.failure import CheckFailed, require
from smoke.platform import Platform
from smoke.waiting import never

CLOSED_PORTS = (REDIS_PORT, DATABASE_PORT)
PRIVATE_NAMES = ("VITE_GEMINI_API_KEY", "VITE_ALPHA_VANTAGE_API_KEY", "VITE_TWELVE_DATA_API_KEY")
SIOCGIFADDR = 0x8915


def _look(platform: Platform) -> list[StackContainer]:
    with StackEngine(platform.access.base_url, platform.access.stack) as engine:
        return engine.containers()


@check(8000)
async def exposure_containers(platform: Platform) -> None:
    """Of this stack's containers only the edge publishes a port."""
    try:
        found = await asyncio.to_thread(_look, platform)
    except ContainersError as error:
        hint = "no answer (elsewhere than on the Docker host: --skip exposure_containers)"
        raise CheckFailed("the Docker engine that runs the stack answers", hint, error) from error
    edge = f"a container stk.service=edge that publishes port {port_of(platform.access.base_url)}"
    require(any(container.service == "edge" for container in found), edge, [container.name for container in found])
    require(len(found) > 1, "more containers of the same stack behind it", [container.name for container in found])
    open_ones = [f"{c.service} {', '.join(c.published)}" for c in found if c.published and c.service != "edge"]
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
