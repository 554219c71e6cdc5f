"""Which addresses may be called at all: https, and plain http only towards this machine or network outside production.

A base URL is judged by its words when it is set, and once more by the address its name led to when a connection is there: a
name may lead anywhere, and elsewhere tomorrow.
"""

import ipaddress
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

Trace = Callable[[str, dict[str, Any]], Awaitable[None]]


class ForbiddenAddressError(OSError):
    """The service's name leads into a network of our own."""


def check_base_url(url: str, *, production: bool) -> str:
    """A base URL that may be called.

    Raises:
        ValueError: it is no https address, or plain http in production or to a public address.
    """
    parts = urlsplit(url)
    if parts.username or parts.query or parts.fragment or not parts.hostname:
        raise ValueError(f"{url!r} is no plain base URL")
    if parts.scheme == "https":
        if _is_local(parts.hostname) and production:
            raise ValueError(f"{url!r} points into this network")
        return url.rstrip("/")
    if parts.scheme != "http" or production or not _is_local(parts.hostname):
        raise ValueError(f"{url!r}: expected https (plain http only to this machine, outside production)")
    return url.rstrip("/")


def public_only(host: str) -> Trace:
    """An httpx `trace` extension for one request to `host`: it ends the request before a byte of it is sent when the connection
    went to an address that is not public.

    A connection to a proxy is not judged: it resolves the name itself, and stands inside the network.
    """
    asked: list[str] = []

    async def trace(event: str, facts: dict[str, Any]) -> None:
        if event == "connection.connect_tcp.started":
            asked.append(facts["host"])
        elif event == "connection.connect_tcp.complete" and asked[-1] == host:
            stream = facts["return_value"]
            address = str(stream.get_extra_info("server_addr")[0])
            if not ipaddress.ip_address(address.split("%", 1)[0]).is_global:
                await stream.aclose()
                raise ForbiddenAddressError(f"{host} leads to {address}, which is not public")

    return trace


def _is_local(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or "." not in host
    return not address.is_global
