"""The socket: greets at once, gives a snapshot, counts its connections, answers mistakes and stays open."""

import asyncio
import time

from services.contract.endpoints import EDGE_WS_HEALTH, EDGE_WS_READY
from services.contract.messages import Connected
from smoke.check import check
from smoke.checks.api import default_symbols, require_update
from smoke.failure import CheckFailed, require
from smoke.platform import Platform, message_where, next_message


@check(1000, objective="ws_connect")
async def ws_connect(platform: Platform) -> float:
    """Upgrade and `connected` frame, measured from the first byte sent."""
    began = time.monotonic()
    async with platform.socket() as connection:
        try:
            greeting = Connected.model_validate(await asyncio.wait_for(next_message(connection), 1))
        except (TimeoutError, ValueError) as error:
            raise CheckFailed("a `connected` frame within 1 s", type(error).__name__, error) from error
        took_ms = (time.monotonic() - began) * 1000
        require(len(greeting.client_id) >= 16, "a client id too long to guess", f"{len(greeting.client_id)} characters")
    return took_ms


@check(3000)
async def ws_health(platform: Platform) -> None:
    """Health on the socket's port says `healthy`, counts connections and subscriptions; readiness says 200."""
    async with platform.socket():
        health = await platform.get_json(EDGE_WS_HEALTH)
    require(health.get("status") == "healthy", "status healthy", health)
    for count in ("connections", "subscriptions"):
        require(isinstance(health.get(count), int), f"{count} is a number", health)
    await platform.get(EDGE_WS_READY)


@check(3000)
async def ws_snapshot(platform: Platform) -> None:
    """Subscribing is acknowledged and followed by the latest price at once."""
    symbol = (await default_symbols(platform))[0]
    async with platform.socket() as connection, asyncio.timeout(2):
        await connection.send(f'{{"action": "subscribe", "symbols": ["{symbol}"]}}')
        acknowledged = await message_where(connection, type="subscribed")
        require(acknowledged["symbols"] == [symbol], f"subscribed to {symbol}", acknowledged)
        snapshot = await message_where(connection, type="snapshot")
        require([require_update(quote).symbol for quote in snapshot["quotes"]] == [symbol], f"a snapshot of {symbol}", snapshot)


@check(3000)
async def ws_error(platform: Platform) -> None:
    """A frame that is not a request is answered by `error`, and the socket goes on serving."""
    async with platform.socket() as connection, asyncio.timeout(2):
        await connection.send('{"action": "buy"}')
        await message_where(connection, type="error")
        await connection.send('{"action": "ping", "id": "smoke"}')
        await message_where(connection, type="pong", id="smoke")
