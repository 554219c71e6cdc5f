"""Answers the two hot routes from the in-process map, as small ASGI endpoints: no dependency injection, no models, no Redis trip.

`GET /api/v1/quotes/{symbol}`: the published line, byte for byte. `GET /api/v1/quotes?symbols=A,B`: a list. Both with ETag and
conditional GET. A symbol that is not held is asked of the leader and waited for (waiting.py); a value that nobody renewed for a
quarter of an hour of trading is none (expiry.py).
"""

import json
from collections.abc import Awaitable, Callable
from hashlib import blake2b
from time import time
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from services.api.conditional import is_held_by_client
from services.api.errors import MEDIA_TYPE, problem_bytes
from services.api.expiry import Expiry
from services.api.interest import Interest
from services.api.quote_store import Held, QuoteStore
from services.api.waiting import REST_SECONDS, WAIT_SECONDS, Waiting
from services.contract.endpoints import QUOTES
from services.contract.symbols import PROBE_SYMBOL, parse_symbol

ONE = QUOTES + "/{symbol}"
SYMBOLS_MAX = 200
RETRY_AFTER_SECONDS = 5
JSON = (b"content-type", b"application/json")
FRESH_FOR_POLLING = (b"cache-control", b"no-cache")

Ask = Callable[[list[str]], Awaitable[frozenset[str]]]
"""Given symbols that are not held: make them wanted; return those that exist nowhere."""


class QuoteAnswer:
    """One quote."""

    def __init__(self, store: QuoteStore, ask: Ask, waiting: Waiting, expiry: Expiry, interest: Interest) -> None:
        self._store = store
        self._ask = ask
        self._waiting = waiting
        self._expiry = expiry
        self._interest = interest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route_template"] = ONE
        symbol = scope["path_params"]["symbol"]
        held = self._store.held.get(symbol)
        is_unrenewed = False
        if held is None:
            try:
                parse_symbol(symbol)
            except ValueError as error:
                await refuse(scope, send, 422, str(error))
                return
            held = await self._wait(symbol, scope, send)
            if held is None:
                return
        elif not self._interest.is_kept(symbol):
            is_unrenewed = symbol in await self._interest.renew([symbol])
            held = self._store.held.get(symbol, held)
        if held.is_stale and self._expiry.is_over(held):
            await refuse(scope, send, 503, f"no data of {symbol}: its source has been silent for too long", retry_after())
        elif is_unrenewed or not self._store.is_fresh:
            await answer(scope, send, held.as_stale(), held.etag[:-1] + b'-stale"', age_of(held))
        elif held.is_stale:
            await answer(scope, send, held.line, held.etag, age_of(held))
        else:
            await answer(scope, send, held.line, held.etag)

    async def _wait(self, symbol: str, scope: Scope, send: Send) -> Held | None:
        if symbol == PROBE_SYMBOL:
            await refuse(scope, send, 404, "no probe has been published yet")
            return None
        if symbol in await self._ask([symbol]):
            await refuse(scope, send, 404, f"no symbol {symbol}")
            return None
        await self._waiting.until_held([symbol])
        held = self._store.held.get(symbol)
        if held is None and symbol in await self._ask([symbol]):
            await refuse(scope, send, 404, f"no symbol {symbol}")
        elif held is None:
            await refuse(scope, send, 503, f"no quote of {symbol} yet", retry_after())
        return held


class QuotesAnswer:
    """Many quotes; without `symbols`, the default list."""

    def __init__(
        self, store: QuoteStore, ask: Ask, waiting: Waiting, expiry: Expiry, interest: Interest, default: Callable[[], list[str]]
    ) -> None:
        self._store = store
        self._ask = ask
        self._waiting = waiting
        self._expiry = expiry
        self._interest = interest
        self._default = default

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route_template"] = QUOTES
        try:
            symbols = requested_symbols(scope["query_string"])
        except ValueError as error:
            await refuse(scope, send, 422, str(error))
            return
        if symbols is None:
            symbols = self._default()
        unknown = await self._await_absent(symbols)
        unrenewed = await self._interest.renew(symbols)
        held = self._store.held
        found = [h for symbol in symbols if (h := held.get(symbol)) is not None and not (h.is_stale and self._expiry.is_over(h))]
        if not found and len(unknown) < len(symbols):
            await refuse(scope, send, 503, "no quotes yet", retry_after())
            return
        fresh = self._store.is_fresh
        lines = b",".join([h.line if fresh and h.symbol not in unrenewed else h.as_stale() for h in found])
        missing = [] if len(found) == len(symbols) else sorted(set(symbols) - {h.symbol for h in found}, key=symbols.index)
        body = b'{"quotes":[' + lines + b'],"missing":' + json.dumps(missing).encode() + b"}"
        seen = blake2b(b"".join([h.etag for h in found]), digest_size=12).hexdigest()
        await answer(scope, send, body, f'"{seen}-{len(missing)}{"" if fresh and not unrenewed else "-stale"}"'.encode())

    async def _await_absent(self, symbols: list[str]) -> frozenset[str]:
        """Ask for what is not held and wait for it; return what does not exist."""
        held = self._store.held
        absent = [symbol for symbol in symbols if symbol not in held]
        if not absent:
            return frozenset()
        unknown = await self._ask([symbol for symbol in absent if symbol != PROBE_SYMBOL])
        unknown |= {PROBE_SYMBOL} & set(absent)
        seconds = REST_SECONDS if len(absent) < len(symbols) else WAIT_SECONDS
        await self._waiting.until_held([symbol for symbol in absent if symbol not in unknown], seconds)
        return unknown


def retry_after() -> tuple[bytes, bytes]:
    """When a price may be there."""
    return b"retry-after", str(RETRY_AFTER_SECONDS).encode()


def age_of(held: Held) -> tuple[bytes, bytes]:
    """Age header of a stale value: seconds since it was last known to be true."""
    since = held.known_ts if held.is_stale else held.ts / 1000
    return b"age", str(max(0, int(time() - since))).encode()


def requested_symbols(query: bytes) -> list[str] | None:
    """The symbols of `?symbols=A,B` in order, each once; None when the parameter is absent. Raises ValueError."""
    given = [value for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True) if name == "symbols"]
    if not given:
        return None
    parts = [part for part in ",".join(given).split(",") if part]
    if not parts:
        raise ValueError("symbols: got nothing, expected one or more symbols separated by commas")
    if len(parts) > SYMBOLS_MAX:
        raise ValueError(f"symbols: got {len(parts)}, expected {SYMBOLS_MAX} at most")
    return list(dict.fromkeys(map(parse_symbol, parts)))


async def answer(scope: Scope, send: Send, body: bytes, etag: bytes, *extra: tuple[bytes, bytes]) -> None:
    """200 with body, or 304 when the client holds it already."""
    status = 200
    if is_held_by_client(scope, etag):
        status, body = 304, b""
    headers = [JSON, (b"etag", etag), FRESH_FOR_POLLING, *extra]
    if status == 200:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def refuse(scope: Scope, send: Send, status: int, detail: str, *extra: tuple[bytes, bytes]) -> None:
    """An error answer."""
    body = problem_bytes(status, detail, scope.get("request_id"))
    headers = [
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        *extra,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
