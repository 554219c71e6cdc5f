"""How many requests a client may make in a minute: counted here, summed over all replicas in Redis once a second.

The count in Redis lags by up to a second, which costs a hard limit a little sharpness and every request nothing. Redis away: each
replica counts for itself. Health is exempt. The client is the address that the one trusted proxy saw, an IPv6 client its /64.
"""

import asyncio
import ipaddress
from dataclasses import dataclass, field
from time import time

from starlette.types import ASGIApp, Receive, Scope, Send

from services.api.quotes_answer import refuse
from services.api.redis_link import RedisAway, RedisLink

WINDOW_SECONDS = 60
SYNC_SECONDS = 1.0
CLIENTS_MAX = 100_000
DEAR_PATHS = ("/api/v1/insights", "/api/v1/history", "/api/v1/symbols")
EXEMPT_PATHS = ("/health", "/metrics")


@dataclass(slots=True)
class Count:
    """One client's requests in the current window: told by Redis, and not yet told to Redis."""

    shared: int = 0
    own: int = 0


@dataclass
class Limiter:
    """Counts for one class of paths."""

    name: str
    per_minute: int
    window: int = 0
    counts: dict[str, Count] = field(default_factory=dict)
    refused: int = 0

    def admit(self, client: str, now: float) -> int:
        """0, or the seconds until the client may come again."""
        window = int(now // WINDOW_SECONDS)
        if window != self.window or len(self.counts) > CLIENTS_MAX:
            self.window = window
            self.counts = {}
        count = self.counts.get(client)
        if count is None:
            count = self.counts[client] = Count()
        if count.shared + count.own >= self.per_minute:
            self.refused += 1
            return max(1, int(WINDOW_SECONDS - now % WINDOW_SECONDS) + 1)
        count.own += 1
        return 0


class RateLimits:
    """The limiters in force and their exchange with Redis."""

    def __init__(self, link: RedisLink, per_minute: int, dear_per_minute: int) -> None:
        self._link = link
        self.usual = Limiter("usual", per_minute)
        self.dear = Limiter("dear", dear_per_minute)

    async def share(self) -> None:
        """Once a second: add what was counted here, take over the sums."""
        while True:
            await asyncio.sleep(SYNC_SECONDS)
            for limiter in (self.usual, self.dear):
                await self._share_one(limiter)

    async def _share_one(self, limiter: Limiter) -> None:
        window = limiter.window
        told = [(client, count, count.own) for client, count in limiter.counts.items() if count.own]
        if not told or not self._link.is_up:
            return
        pipeline = self._link.client.pipeline(transaction=False)
        for client, _, own in told:
            key = f"rate:{limiter.name}:{client}:{window}"
            pipeline.incrby(key, own)
            pipeline.expire(key, 2 * WINDOW_SECONDS)
        try:
            sums = (await self._link.call(lambda _: pipeline.execute()))[::2]
        except RedisAway:
            return
        for (_, count, own), total in zip(told, sums, strict=True):
            count.shared, count.own = int(total), count.own - own


class RateLimitLayer:
    """Plain ASGI: 429 with Retry-After before anything else is done for the request."""

    def __init__(self, app: ASGIApp, limits: RateLimits, trusted_hops: int) -> None:
        self._app = app
        self._limits = limits
        self._trusted_hops = trusted_hops

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(EXEMPT_PATHS):
            limiter = self._limits.dear if scope["path"].startswith(DEAR_PATHS) else self._limits.usual
            wait = limiter.admit(client_of(scope, self._trusted_hops), time())
            if wait:
                detail = f"more than {limiter.per_minute} requests in a minute"
                await refuse(scope, send, 429, detail, (b"retry-after", str(wait).encode()))
                return
        await self._app(scope, receive, send)


def client_of(scope: Scope, trusted_hops: int) -> str:
    """The address that the trusted proxy saw: what clients write left of it in X-Forwarded-For counts for nothing."""
    address: str = scope["client"][0] if scope.get("client") else "unknown"
    if trusted_hops:
        for name, value in scope["headers"]:
            if name == b"x-forwarded-for":
                hops = value.decode("latin-1").split(",")
                address = hops[-min(trusted_hops, len(hops))].strip()
    if ":" not in address:
        return address[:45]
    try:
        return str(ipaddress.ip_network((address, 64), strict=False))
    except ValueError:
        return "malformed"
