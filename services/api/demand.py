"""Which symbols somebody watches: the default list, live leases of ws nodes, and what REST clients asked for lately.

The leases in Redis are the truth, read once a second; messages on the subscriptions channel only make it faster.
"""

import asyncio

from pydantic import ValidationError

from services.api.clock import monotonic_seconds
from services.api.redis_link import RedisAway, RedisLink
from services.contract.keyspace import LEASE_SECONDS, LEASES, SUBSCRIPTIONS_ACTIVE
from services.contract.messages import Demand as DemandMessage
from services.contract.symbols import PROBE_SYMBOL, parse_symbol

POLL_SECONDS = 1.0
REST_INTEREST_SECONDS = 60.0
HINTS_MAX = 5_000
_ACTIVE = """
local now = redis.call('TIME')
if redis.call('ZCOUNT', KEYS[1], now[1] * 1000 + math.floor(now[2] / 1000), '+inf') == 0 then return {} end
return redis.call('SMEMBERS', KEYS[2])
"""


class Demand:
    """The union, and a bell that rings when it may have grown."""

    def __init__(self, link: RedisLink, default: frozenset[str]) -> None:
        self._link = link
        self._active = link.client.register_script(_ACTIVE)
        self.default = default
        self._leased: frozenset[str] = frozenset()
        self._hinted: dict[str, float] = {}
        self.changed = asyncio.Event()

    def wanted(self) -> frozenset[str]:
        """Every symbol somebody watches now."""
        now = monotonic_seconds()
        hinted = {symbol for symbol, until in self._hinted.items() if until > now}
        return (self.default | self._leased | hinted) - {PROBE_SYMBOL}

    def seconds_left(self, symbol: str) -> float:
        """For how long `symbol` is still wanted; without end while a lease or the default list has it."""
        if symbol in self.default or symbol in self._leased:
            return float("inf")
        return self._hinted.get(symbol, 0.0) - monotonic_seconds()

    def interest(self, symbols: list[str], seconds: float = REST_INTEREST_SECONDS) -> None:
        """Somebody asked for these: want them for a while."""
        now = monotonic_seconds()
        if len(self._hinted) > HINTS_MAX:
            self._hinted = {symbol: until for symbol, until in self._hinted.items() if until > now}
        for symbol in symbols[: max(0, HINTS_MAX - len(self._hinted))]:
            if self._hinted.get(symbol, 0) <= now:
                self.changed.set()
            self._hinted[symbol] = max(self._hinted.get(symbol, 0), now + seconds)

    def hear(self, raw: bytes) -> None:
        """A message from the subscriptions channel; anything else than a Demand is dropped."""
        try:
            message = DemandMessage.model_validate_json(raw)
        except ValidationError:
            return
        if message.action == "subscribe":
            self.interest(message.symbols, REST_INTEREST_SECONDS if message.node.startswith("api-") else LEASE_SECONDS)

    async def watch(self) -> None:
        """Read the leases once a second while Redis is there."""
        while True:
            try:
                members = await self._link.call(lambda _: self._active(keys=[LEASES, SUBSCRIPTIONS_ACTIVE], args=[]))
                leased = frozenset(symbol for raw in members if (symbol := _symbol(raw)))
                if leased - self._leased:
                    self.changed.set()
                self._leased = leased
            except RedisAway:
                pass
            await asyncio.sleep(POLL_SECONDS)


def _symbol(raw: bytes) -> str | None:
    try:
        return parse_symbol(raw.decode())
    except ValueError:
        return None
