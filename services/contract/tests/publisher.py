"""Writes Redis as the API does (cache, stream, message in one step), so that nodes and their clients can be tried without it.

`python -m services.contract.tests.publisher --port 6379 --rate 5 RELIANCE TCS` publishes until stopped; prices are f(seq), so
every reader can tell a right value from a wrong one.
"""

import argparse
import asyncio
import json
import secrets
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import redis.asyncio as redis

from services.contract import keyspace
from services.contract.quotes import utc_text

TICK = """
-- KEYS: sequences, stream, epoch, then a cache key per symbol.  ARGV: channel, TTL, stream length, the epoch that must hold
-- ('' for any), then symbol, line, ...
if ARGV[4] ~= '' and redis.call('GET', KEYS[3]) ~= ARGV[4] then return redis.error_reply('FENCED') end
local lines = {}
for i = 1, #KEYS - 3 do
  local seq = redis.call('HINCRBY', KEYS[1], ARGV[3 + 2 * i], 1)
  lines[i] = string.gsub(ARGV[4 + 2 * i], '"@SEQ@"', string.format('%d', seq))
  lines[i] = string.gsub(lines[i], '"@PRICE@"', string.format('%.2f', 100 + (seq % 5000) / 100))
  redis.call('SET', KEYS[3 + i], lines[i], 'EX', ARGV[2])
end
local message = table.concat(lines, '\\n')
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'lines', message)
redis.call('PUBLISH', ARGV[1], message)
return lines
"""


def price_of(seq: int) -> float:
    """The price every client must hold after update `seq`."""
    return round(100 + (seq % 5000) / 100, 2)


def line_of(
    symbol: str, epoch: str, fence: int, seq: int | str, price: float | str, ts_ms: float | None = None, padding: int = 0
) -> str:
    """One `price_update` as the API writes it, about 430 bytes and `padding` more."""
    moment = utc_text(datetime.now(UTC))
    data = {
        "symbol": symbol, "price": price, "change": 1.5, "changePercent": 0.06, "volume": 1234567, "timestamp": moment,
        "open": 2440.0, "dayHigh": 2460.0, "dayLow": 2435.5, "previousClose": 2438.2, "source": "simulated",
        "sourceTime": moment, "status": "simulated", "session": "open",
    }  # fmt: skip
    if padding:
        data["pad"] = "x" * padding
    message = {
        "type": "price_update", "symbol": symbol, "data": data, "timestamp": moment, "epoch": epoch, "fence": fence, "seq": seq,
        "ts": round(time.time() * 1000 if ts_ms is None else ts_ms, 3),
    }  # fmt: skip
    return json.dumps(message, separators=(",", ":"))


async def tick(client: redis.Redis, lines: dict[str, str], epoch: str = "") -> list[bytes]:
    """Publish one line per symbol in one message; `@SEQ@` and `@PRICE@` in them are filled in. Returns them as published.

    Raises:
        RedisError: also when `epoch` is given and is no longer the one in Redis ("FENCED").
    """
    keys = [keyspace.SEQUENCES, keyspace.STREAM, keyspace.EPOCH, *map(keyspace.quote, lines)]
    words: list[Any] = [keyspace.CHANNEL_UPDATES, keyspace.QUOTE_TTL_SECONDS, keyspace.STREAM_MAX_ENTRIES, epoch]
    for symbol, line in lines.items():
        words += [symbol, line]
    published: list[bytes] = await client.eval(TICK, len(keys), *keys, *words)
    return published


def lines_of(symbols: Iterable[str], epoch: str, fence: int, padding: int = 0) -> dict[str, str]:
    """For `tick`."""
    return {symbol: line_of(symbol, epoch, fence, "@SEQ@", "@PRICE@", padding=padding) for symbol in symbols}


class Publisher:
    """One leader's term."""

    def __init__(self, client: redis.Redis, fence: int = 1) -> None:
        self._client = client
        self.fence = fence
        self.epoch = secrets.token_hex(4)

    async def publish(self, *symbols: str) -> None:
        """One tick of these symbols in one message."""
        await tick(self._client, lines_of(symbols, self.epoch, self.fence))

    async def new_epoch(self) -> None:
        """As after a loss of Redis' data: sequence numbers start anew under a new leader."""
        self.epoch = secrets.token_hex(4)
        self.fence += 1
        await self._client.delete(keyspace.SEQUENCES)

    async def last(self, symbol: str) -> tuple[str, int]:
        """Epoch and sequence number last published."""
        return self.epoch, int(await self._client.hget(keyspace.SEQUENCES, symbol) or 0)


async def _main() -> None:
    parser = argparse.ArgumentParser(description="Publish price updates as the API does.")
    parser.add_argument("symbols", nargs="+")
    parser.add_argument("--port", type=int, default=6379)
    parser.add_argument("--password")
    parser.add_argument("--rate", type=float, default=1.0, help="ticks per second, each of all symbols")
    arguments = parser.parse_args()
    client = redis.Redis(port=arguments.port, password=arguments.password)
    publisher = Publisher(client)
    while True:
        await publisher.publish(*arguments.symbols)
        await asyncio.sleep(1 / arguments.rate)


if __name__ == "__main__":
    asyncio.run(_main())
