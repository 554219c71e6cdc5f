"""This node's subscriptions in Redis, as a lease that ends by itself when the node dies.

The node says what it holds (absolute numbers, never +1 and -1); the script derives `subscriptions:count:*` and
`subscriptions:active` from all nodes that live, and sweeps those that do not. So the counts are right again one renewal
after anything: a killed node, a stopped one that wakes, Redis emptied.
"""

import asyncio
from collections.abc import Iterable

from services.contract import keyspace
from services.ws.hub import Hub
from services.ws.log import log
from services.ws.redis_link import RedisAway, RedisLink

DEBOUNCE_SECONDS = 0.05

SCRIPT = """
-- KEYS: leases, active.  ARGV: node, lease ms (0: give it up), 'all' or 'some', prefix of node hashes, prefix of counts,
-- channel for demand, then symbol, number, ...   Returns 0 when 'some' came too late: the lease is gone, say all.
local leases, active = KEYS[1], KEYS[2]
local node, lease_ms, mode, nodes, counts, channel = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local mine = nodes .. node
local held = redis.call('ZSCORE', leases, node)
if mode == 'some' and (not held or tonumber(held) < now) then return 0 end

local touched = {}
local function touch_hash(key)
  for _, symbol in ipairs(redis.call('HKEYS', key)) do touched[symbol] = true end
end
for _, dead in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', '(' .. now)) do
  touch_hash(nodes .. dead)
  redis.call('DEL', nodes .. dead)
  redis.call('ZREM', leases, dead)
end
if mode == 'all' then
  touch_hash(mine)
  redis.call('DEL', mine)
  for _, symbol in ipairs(redis.call('SMEMBERS', active)) do touched[symbol] = true end
end
for i = 7, #ARGV, 2 do
  touched[ARGV[i]] = true
  if tonumber(ARGV[i + 1]) > 0 then redis.call('HSET', mine, ARGV[i], ARGV[i + 1]) else redis.call('HDEL', mine, ARGV[i]) end
end
if lease_ms > 0 then redis.call('ZADD', leases, now + lease_ms, node) else redis.call('ZREM', leases, node) end

local living = redis.call('ZRANGE', leases, 0, -1)
local begun, ended = {}, {}
for symbol in pairs(touched) do
  local sum = 0
  for _, id in ipairs(living) do sum = sum + tonumber(redis.call('HGET', nodes .. id, symbol) or 0) end
  if sum > 0 then
    redis.call('SET', counts .. symbol, sum)
    if redis.call('SADD', active, symbol) == 1 then begun[#begun + 1] = symbol end
  else
    redis.call('DEL', counts .. symbol)
    if redis.call('SREM', active, symbol) == 1 then ended[#ended + 1] = symbol end
  end
end
local function say(action, symbols)
  if #symbols > 0 then
    redis.call('PUBLISH', channel, cjson.encode({action = action, symbols = symbols, node = node}))
  end
end
say('subscribe', begun)
say('unsubscribe', ended)
return 1
"""


class Ledger:
    """Keeps Redis equal to `hub.holders`: changes within 50 ms, everything every few seconds."""

    def __init__(self, link: RedisLink, node: str, channel: str, hub: Hub) -> None:
        self._link = link
        self._node = node
        self._channel = channel
        self._hub = hub
        self._script = link.client.register_script(SCRIPT)
        self._changed: set[str] = set()
        self._wake = asyncio.Event()
        self._away = False
        self.renewals = 0
        self.failures = 0

    def note(self, symbols: Iterable[str]) -> None:
        """These symbols may have another number of holders now."""
        self._changed.update(symbols)
        self._wake.set()

    def renew_soon(self) -> None:
        """Redis is back, perhaps empty: say everything again."""
        self._changed.clear()
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        renew_at = 0.0
        while True:
            if loop.time() >= renew_at or not self._changed:
                renew_at = loop.time() + keyspace.HEARTBEAT_SECONDS
                await self._say("all", dict(self._hub.holders))
            else:
                changed = self._take_changed()
                if await self._say("some", {symbol: self._hub.holders.get(symbol, 0) for symbol in changed}) == 0:
                    renew_at = 0.0
                    continue
            await self._wait(renew_at - loop.time())

    async def release(self) -> None:
        """Give the lease up: what this node held is gone at once."""
        await self._say("all", {}, lease_seconds=0)

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(max(seconds, 0.0)):
                await self._wake.wait()
                await asyncio.sleep(DEBOUNCE_SECONDS)
        except TimeoutError:
            return
        finally:
            self._wake.clear()

    def _take_changed(self) -> set[str]:
        changed, self._changed = self._changed, set()
        return changed

    async def _say(self, mode: str, numbers: dict[str, int], lease_seconds: float = keyspace.LEASE_SECONDS) -> int:
        if mode == "all":
            self._changed.clear()
        pairs = [item for symbol, number in numbers.items() for item in (symbol, number)]
        prefixes = (keyspace.node_subscriptions(""), keyspace.subscription_count(""))
        arguments = [self._node, int(lease_seconds * 1000), mode, *prefixes, self._channel, *pairs]
        keys = [keyspace.LEASES, keyspace.SUBSCRIPTIONS_ACTIVE]
        try:
            answer = await self._link.call(lambda client: self._script(keys=keys, args=arguments, client=client))
        except RedisAway as error:
            self.failures += 1
            if not self._away:
                log.warning("lease not renewed", reason=str(error))
            self._away = True
            return -1
        self._away = False
        self.renewals += 1
        return int(answer)
