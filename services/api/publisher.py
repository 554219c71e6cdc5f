"""One tick becomes cache, stream and message in one atomic step, or nothing at all.

The bytes of every `price_update` are finished inside the script, because only there the sequence number is certain; everything
else of the line is made here, once.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from redis.exceptions import ResponseError

from services.api.clock import unix_ms
from services.api.lease import Term
from services.api.quote_store import QuoteStore
from services.api.redis_link import RedisLink
from services.contract import keyspace
from services.contract.quotes import Quote, utc_text
from services.contract.symbols import is_index

_TICK = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('FENCED another leader writes') end
local epoch = redis.call('GET', KEYS[2])
if not epoch then return redis.error_reply('FENCED no epoch') end
local count, indices = tonumber(ARGV[6]), tonumber(ARGV[7])
local lines = {}
for i = 1, count do
  local seq = string.format('%d', redis.call('HINCRBY', KEYS[3], ARGV[6 + 2 * i], 1))
  lines[i] = ARGV[7 + 2 * i] .. epoch .. '","fence":' .. ARGV[1] .. ',"seq":' .. seq .. ',"ts":' .. ARGV[5] .. '}'
  redis.call('SET', KEYS[5 + i], lines[i], 'EX', ARGV[3])
end
local message = table.concat(lines, '\\n')
redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[4], '*', 'lines', message)
if indices > 0 then
  local held = {}
  for i = 1, indices do
    local line = redis.call('GET', KEYS[5 + count + i])
    if line then held[#held + 1] = line end
  end
  redis.call('SET', KEYS[5], '[' .. table.concat(held, ',') .. ']', 'EX', ARGV[3])
end
redis.call('PUBLISH', ARGV[2], message)
return count
"""


class Fenced(Exception):  # noqa: N818 - a state, named as one
    """Another node leads now, or Redis lost its data: this term is over."""


def head_of(quote: Quote, published: datetime) -> str:
    """A `price_update` line up to the epoch's value; the script adds epoch, fence, seq and ts."""
    return (
        f'{{"type":"price_update","symbol":"{quote.symbol}","data":{quote.model_dump_json(by_alias=True)}'
        f',"timestamp":"{utc_text(published)}","epoch":"'
    )


def entries_kept(lines: int) -> int:
    """Stream length for messages of this many lines, so that the stream's bytes stay bounded whatever a tick holds."""
    return max(64, min(keyspace.STREAM_MAX_ENTRIES, keyspace.STREAM_MAX_LINES // max(1, lines)))


class Writer(Protocol):
    """Where a leader's ticks go."""

    async def publish(self, term: Term, quotes: Sequence[Quote], now: datetime) -> None: ...


class LocalWriter:
    """While Redis is away: ticks go into this process's own store only, under an epoch that no other process shares."""

    def __init__(self, store: QuoteStore) -> None:
        self._store = store
        self._seq = 0

    async def publish(self, term: Term, quotes: Sequence[Quote], now: datetime) -> None:
        for quote in quotes:
            self._seq += 1
            held = self._store.held.get(quote.symbol)
            fence = max(term.fence, held.fence if held else 0)
            tail = f'{term.epoch}","fence":{fence},"seq":{self._seq},"ts":{unix_ms(now):.3f}}}'
            self._store.take((head_of(quote, now) + tail).encode())


class Publisher:
    """Writes ticks for one term at a time."""

    def __init__(self, link: RedisLink, channel: str) -> None:
        self._link = link
        self._channel = channel
        self._tick = link.client.register_script(_TICK)
        self._indices: set[str] = set()
        self.published = 0

    async def publish(self, term: Term, quotes: Sequence[Quote], now: datetime) -> None:
        """Write one tick.

        Raises:
            Fenced: the term is over.
            RedisAway: nothing was written.
        """
        if not quotes:
            return
        fresh_indices = [quote.symbol for quote in quotes if is_index(quote.symbol)]
        self._indices.update(fresh_indices)
        indices = sorted(self._indices) if fresh_indices else []
        keys = [keyspace.FENCE, keyspace.EPOCH, keyspace.SEQUENCES, keyspace.STREAM, keyspace.INDICES]
        keys += [keyspace.quote(quote.symbol) for quote in quotes] + [keyspace.quote(symbol) for symbol in indices]
        args: list[str | int] = [
            term.fence, self._channel, keyspace.QUOTE_TTL_SECONDS, entries_kept(len(quotes)),
            f"{unix_ms(now):.3f}", len(quotes), len(indices),
        ]  # fmt: skip
        for quote in quotes:
            args += [quote.symbol, head_of(quote, now)]
        try:
            await self._link.call(lambda _: self._tick(keys=keys, args=args))
        except ResponseError as error:
            if "FENCED" in str(error):
                raise Fenced(str(error)) from None
            raise
        self.published += len(quotes)
