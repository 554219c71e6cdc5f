"""Who may open a socket, decided before the upgrade; and the plain HTTP paths on the same port.

A browser is known by its exact Origin, any other client by the stack's client key or a user's token in a header.
"""

import asyncio
import hmac
import ipaddress
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from services.contract.endpoints import CLIENT_KEY_HEADER, STREAM
from services.ws.clients import Clients
from services.ws.connection import ClientConnection
from services.ws.limits import Bucket
from services.ws.tokens import TokenRefused, Tokens

Page = Callable[[], Awaitable[tuple[int, str, bytes]]]
"""Status, content type, body."""


@dataclass(frozen=True)
class AdmissionRules:
    """Who is let in, and how many."""

    origins: frozenset[str]
    client_keys: tuple[str, ...]
    trusted_hops: int
    max_connections: int
    max_connections_per_address: int
    handshakes_per_second: float
    handshake_burst: int


class Admission:
    """The library calls the instance with each request; None lets the upgrade go on."""

    def __init__(self, rules: AdmissionRules, clients: Clients, tokens: Tokens, pages: dict[str, Page]) -> None:
        self._rules = rules
        self._clients = clients
        self._tokens = tokens
        self._pages = pages
        self._rate = Bucket(rules.handshakes_per_second, rules.handshake_burst, asyncio.get_running_loop().time())
        self.refused: Counter[str] = Counter()
        self.is_open = True
        """False while draining."""

    async def __call__(self, connection: ServerConnection, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        page = self._pages.get(path)
        if page is not None:
            return _respond(*await page())
        if path != STREAM:
            return _respond(HTTPStatus.NOT_FOUND, "text/plain", f"no such path; the socket is {STREAM}\n".encode())
        address = client_address(request.headers, connection.remote_address, self._rules.trusted_hops)
        refusal = self._full(address) or await self._stranger(request.headers)
        if refusal is None:
            self._clients.add(cast(ClientConnection, connection), address)
            return None
        self.refused[refusal.cause] += 1
        return _respond(refusal.status, "text/plain", refusal.text.encode(), refusal.retry_after_seconds)

    def _full(self, address: str) -> "Refusal | None":
        rules, clients = self._rules, self._clients
        if not self.is_open:
            return Refusal("draining", HTTPStatus.SERVICE_UNAVAILABLE, "this node is going away\n", 1)
        if len(clients) >= rules.max_connections:
            text = f"node full: {len(clients)} connections, limit {rules.max_connections}\n"
            return Refusal("node_full", HTTPStatus.SERVICE_UNAVAILABLE, text, 5)
        held = clients.from_address(address)
        if held >= rules.max_connections_per_address:
            text = f"too many connections from {address}: {held}, limit {rules.max_connections_per_address}\n"
            return Refusal("address_full", HTTPStatus.TOO_MANY_REQUESTS, text, 5)
        if not self._rate.take(asyncio.get_running_loop().time()):
            text = f"too many handshakes, limit {rules.handshakes_per_second:g} per second\n"
            return Refusal("handshake_rate", HTTPStatus.SERVICE_UNAVAILABLE, text, max(1, round(self._rate.wait_seconds())))
        return None

    async def _stranger(self, headers: Headers) -> "Refusal | None":
        origins = headers.get_all("Origin")
        if origins:
            if len(origins) == 1 and origins[0] in self._rules.origins:
                return None
            return Refusal("origin", HTTPStatus.FORBIDDEN, "this Origin is not on the list (ALLOWED_ORIGINS)\n")
        key = headers.get(CLIENT_KEY_HEADER, "") if len(headers.get_all(CLIENT_KEY_HEADER)) == 1 else ""
        if any(hmac.compare_digest(key.encode(), good.encode()) for good in self._rules.client_keys):
            return None
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token:
            try:
                await self._tokens.check(token)
            except TokenRefused as error:
                return Refusal("token", HTTPStatus.FORBIDDEN, f"{error}\n")
            return None
        return Refusal(
            "no_origin", HTTPStatus.FORBIDDEN, f"without an Origin a client needs {CLIENT_KEY_HEADER} or a bearer token\n"
        )


@dataclass(frozen=True)
class Refusal:
    """An answer instead of the upgrade."""

    cause: str
    status: HTTPStatus
    text: str
    retry_after_seconds: int | None = None


def client_address(headers: Headers, peer: object, trusted_hops: int) -> str:
    """The address that counts for limits: what the outermost trusted proxy saw, else the peer; IPv6 by its /64."""
    hops = [part.strip() for value in headers.get_all("X-Forwarded-For") for part in value.split(",")]
    text = str(peer[0]) if isinstance(peer, tuple) and peer else "unknown"
    if trusted_hops and len(hops) >= trusted_hops:
        text = hops[-trusted_hops]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "unknown"
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _respond(status: int, content_type: str, body: bytes, retry_after_seconds: int | None = None) -> Response:
    headers = Headers(
        [
            ("Content-Type", content_type),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Connection", "close"),
        ]
    )
    if retry_after_seconds is not None:
        headers["Retry-After"] = str(retry_after_seconds)
    return Response(int(status), HTTPStatus(status).phrase, headers, body)
