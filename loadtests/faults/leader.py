"""Publishes price updates on Redis as the API's leader does, and knows at any moment what every client must hold.

Prices are f(seq), so a client's value proves itself. A lost Redis is retried; an emptied one begins a new epoch.
"""

import asyncio
import contextlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from services.contract import keyspace

RETRY_SECONDS = 0.1
TICK = """
if redis.call('GET', KEYS[3]) ~= ARGV[5] then return redis.error_reply('FENCED') end
local lines = {}
for i = 1, tonumber(ARGV[4]) do
  local seq = redis.call('HINCRBY', KEYS[1], ARGV[4 + 2 * i], 1)
  lines[i] = string.gsub(ARGV[5 + 2 * i], '"@SEQ@"', string.format('%d', seq))
  lines[i] = string.gsub(lines[i], '"@PRICE@"', string.format('%.2f', 100 + (seq % 5000) / 100))
  redis.call('SET', KEYS[3 + i], lines[i], 'EX', ARGV[2])
end
local message = table.concat(lines, '\\n')
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'lines', message)
redis.call('PUBLISH', ARGV[1], message)
return lines
"""


def price_of(seq: int) -> float:
    """The price of update `seq`."""
    return round(100 + (seq % 5000) / 100, 2)


@dataclass
class Leader:
    """`truth`: symbol -> (epoch, seq) last published for certain."""

    port: int
    password: str
    symbols: tuple[str, ...]
    rate: float = 1.0
    """Ticks of all symbols per second."""
    padding: int = 0
    """Bytes added to each update."""
    truth: dict[str, tuple[str, int]] = field(default_factory=dict)
    published: int = 0
    epoch: str = ""
    fence: int = 0
    _client: Any = None

    async def run(self) -> None:
        """Until cancelled."""
        self._client = redis.Redis(
            port=self.port, password=self.password, retry=Retry(NoBackoff(), 0), socket_timeout=1, socket_connect_timeout=1
        )
        due = time.monotonic()
        while True:
            try:
                await self.tick()
            except (RedisError, OSError, TimeoutError) as error:
                if "FENCED" in str(error):
                    await self._reign()
                else:
                    await asyncio.sleep(RETRY_SECONDS)
                due = time.monotonic()
                continue
            due = max(due + 1 / self.rate, time.monotonic() - 1)
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def tick(self) -> None:
        """One update of every symbol, in one message."""
        keys = [keyspace.SEQUENCES, keyspace.STREAM, keyspace.EPOCH, *map(keyspace.quote, self.symbols)]
        words: list[Any] = [keyspace.CHANNEL_UPDATES, keyspace.QUOTE_TTL_SECONDS, keyspace.STREAM_MAX_ENTRIES, len(self.symbols)]
        words.append(self.epoch)
        for symbol in self.symbols:
            words += [symbol, self._line(symbol)]
        lines = await self._client.eval(TICK, len(keys), *keys, *words)
        for line in lines:
            update = json.loads(line)
            self.truth[update["symbol"]] = (update["epoch"], update["seq"])
        self.published += len(lines)

    async def _reign(self) -> None:
        """A term begins: the epoch in Redis if there is one, else a new one."""
        with contextlib.suppress(RedisError, OSError, TimeoutError):
            await self._client.set(keyspace.EPOCH, secrets.token_hex(4), nx=True)
            self.epoch = (await self._client.get(keyspace.EPOCH)).decode()
            self.fence += 1

    def _line(self, symbol: str) -> str:
        data = {"symbol": symbol, "price": "@PRICE@", "change": 1.0, "changePercent": 0.5, "volume": 1, "pad": "x" * self.padding}
        update = {
            "type": "price_update",
            "symbol": symbol,
            "data": data,
            "epoch": self.epoch,
            "fence": self.fence,
            "seq": "@SEQ@",
        }
        return json.dumps(update | {"ts": round(time.time() * 1000, 3)}, separators=(",", ":"))
