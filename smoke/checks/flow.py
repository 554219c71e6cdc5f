"""Through the whole platform: a signed message crosses Redis, and an injected price comes out at both ends."""

import asyncio
import json
import secrets
from decimal import Decimal

from websockets.asyncio.client import ClientConnection

from services.contract.endpoints import MARKET_STATUS, QUOTES, SYMBOLS
from services.contract.follower import Follower
from services.contract.quotes import Session, Status
from services.contract.symbols import PROBE_SYMBOL
from smoke.check import check
from smoke.checks.api import default_symbols
from smoke.failure import CheckFailed, require
from smoke.platform import Platform, message_where
from smoke.waiting import eventually

MOVES_SECONDS = 6.0


@check(5000, objective="pubsub")
async def pubsub(platform: Platform) -> None:
    """A signed request is published on the control channel; the answer comes only when its subscriber heard it."""
    response = await platform.control("echo", {"token": secrets.token_hex(8)})
    require(response.status_code in (200, 202), "a signed echo is heard back", f"{response.status_code}: {response.text}")
    took_ms = response.json().get("roundTripMs")
    require(isinstance(took_ms, int | float) and took_ms > 0, "the time of a round trip through Redis", response.text)


@check(10_000)
async def prices_move(platform: Platform) -> None:
    """A socket sees a newer price of some default symbol; only a closed live market may stand still, and then says so."""
    symbols = await default_symbols(platform)
    client = Follower()
    for symbol in symbols:
        client.apply(await platform.get_json(f"{QUOTES}/{symbol}"))
    status = await platform.get_json(MARKET_STATUS)
    async with platform.socket() as connection:
        await connection.send(json.dumps({"action": "subscribe", "symbols": symbols}))
        try:
            async with asyncio.timeout(MOVES_SECONDS):
                while True:
                    if client.apply(await message_where(connection, type="price_update")):
                        return
        except TimeoutError as error:
            at_rest = status.get("session") == Session.CLOSED and status.get("status") in (Status.LIVE, Status.DELAYED)
            told = f"none; the market is {status.get('session')}, the source {status.get('status')}"
            if not at_rest:
                raise CheckFailed(f"a new price of {', '.join(symbols[:3])}… within {MOVES_SECONDS:g} s", told, error) from error


def unique_price() -> Decimal:
    """A price that nobody else is likely to have injected: 10,000.00 to 99,999.99 rupees."""
    return Decimal(1_000_000 + secrets.randbelow(9_000_000)) / 100


async def _inject(platform: Platform, price: Decimal) -> None:
    response = await platform.control("probe", {"price": float(price)})
    require(response.status_code in (200, 202), "a signed probe is accepted", f"{response.status_code}: {response.text}")


async def _served(platform: Platform, price: Decimal) -> None:
    async def quote() -> None:
        update = await platform.get_json(f"{QUOTES}/{PROBE_SYMBOL}")
        require(Decimal(str(update["data"]["price"])) == price, f"GET {PROBE_SYMBOL} gives {price}", update["data"]["price"])

    await eventually(quote, expected=f"{PROBE_SYMBOL} at {price} by GET", within_seconds=2)


async def _price_on(connection: ClientConnection, price: Decimal) -> None:
    while True:
        update = await message_where(connection, type="price_update", symbol=PROBE_SYMBOL)
        if Decimal(str(update["data"]["price"])) == price:
            return


@check(8000, objective="e2e_flow")
async def e2e_flow(platform: Platform) -> None:
    """One unique price enters by a signed probe and reaches a socket client and the REST answer; no list shows it."""
    first, price = unique_price(), unique_price()
    await _inject(platform, first)  # the reserved symbol exists from its first probe on
    await _served(platform, first)
    async with platform.socket() as connection:
        await connection.send(json.dumps({"action": "subscribe", "symbols": [PROBE_SYMBOL]}))
        acknowledged = await asyncio.wait_for(message_where(connection, type="subscribed"), 2)
        require(acknowledged["symbols"] == [PROBE_SYMBOL], f"a subscription to {PROBE_SYMBOL}", acknowledged)
        await _inject(platform, price)
        try:
            await asyncio.wait_for(_price_on(connection, price), 3)
        except TimeoutError as error:
            raise CheckFailed(f"{PROBE_SYMBOL} at {price} on the socket within 3 s", "other messages or none", error) from error
    await _served(platform, price)
    for path in (QUOTES, f"{SYMBOLS}?query={PROBE_SYMBOL}", "/"):
        require(f'"{PROBE_SYMBOL}"' not in (await platform.get(path)).text, f"no list, search or page shows {PROBE_SYMBOL}", path)
