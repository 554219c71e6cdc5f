"""What the platform does when something is wrong: only by `--faults`, for Redis stops and publishing pauses for a moment."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from ops.containers import ContainersError, StackEngine
from services.contract.closing import Close
from services.contract.endpoints import EDGE_API_READY, EDGE_WS_READY, QUOTES
from smoke.check import check
from smoke.checks.api import default_symbols
from smoke.failure import CheckFailed, require
from smoke.platform import Platform, message_where
from smoke.waiting import eventually

TOLD_SECONDS = 6.0
BACK_SECONDS = 20.0


@check(3000, faults=True)
async def faults_foreign_origin(platform: Platform) -> None:
    """A page of another origin gets no socket."""
    try:
        async with platform.socket(origin="https://elsewhere.example"):
            pass
    except CheckFailed as refused:
        require("403" in refused.got, "HTTP 403 before the upgrade", refused.got)
        return
    raise CheckFailed("HTTP 403 before the upgrade", "an open socket")


@check(3000, faults=True)
async def faults_bad_token(platform: Platform) -> None:
    """A token that nobody signed is refused: the socket is closed with its own code, REST answers with an error."""
    async with platform.socket() as connection:
        await connection.send('{"action": "auth", "token": "not.a.token"}')
        try:
            async with asyncio.timeout(2):
                while True:
                    await connection.recv()
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else None
            require(code == Close.TOKEN, f"close code {Close.TOKEN}", code)
    response = await platform.http.get("/api/v1/watchlists", headers={"Authorization": "Bearer not.a.token"})
    require(response.status_code in (401, 501), "401, or 501 where no issuer is set", response.status_code)


@check(3000, faults=True)
async def faults_unsigned_control(platform: Platform) -> None:
    """A control request signed with another key is refused."""
    response = await platform.control("echo", {}, key="another-key-than-the-stacks-own")
    require(response.status_code == 401, "401", response.status_code)


async def _told(connection: ClientConnection, state: str) -> dict[str, Any]:
    """The `status` frame with this state, within TOLD_SECONDS."""
    try:
        return await asyncio.wait_for(message_where(connection, type="status", state=state), TOLD_SECONDS)
    except TimeoutError as error:
        raise CheckFailed(f"clients are told `{state}` within {TOLD_SECONDS:g} s", "nothing of the kind", error) from error


@check(15_000, faults=True)
async def faults_source_paused(platform: Platform) -> None:
    """The feed stops (an operator pauses it): clients are told why, REST goes on with the last prices, and it all comes back."""
    async with platform.socket() as connection:
        response = await platform.control("pause", {"reason": "smoke test"})
        require(response.is_success, "a signed pause is accepted", f"{response.status_code}: {response.text}")
        try:
            told = await _told(connection, "paused")
            require(told.get("reason") == "smoke test", "the operator's reason", told.get("reason"))
            await platform.get(QUOTES)
        finally:
            await platform.control("resume", {})
        await _told(connection, "resumed")
    await _prices_move(platform)


@check(60_000, faults=True)
async def faults_redis_down(platform: Platform) -> None:
    """Redis stops: clients are told, sockets stay open, REST answers; it returns: prices move again, both services are ready."""
    symbol = (await default_symbols(platform))[0]
    async with platform.socket() as connection:
        await connection.send(f'{{"action": "subscribe", "symbols": ["{symbol}"]}}')
        await message_where(connection, type="subscribed")

        async def while_down() -> None:
            await _told(connection, "degraded")
            await platform.get(f"{QUOTES}/{symbol}")

        await _without(platform, "redis", while_down)
        try:
            await asyncio.wait_for(message_where(connection, type="price_update", symbol=symbol), BACK_SECONDS)
        except (TimeoutError, ConnectionClosed) as error:
            what = f"a price on the same socket within {BACK_SECONDS:g} s of Redis' return"
            raise CheckFailed(what, type(error).__name__, error) from error
    for path in (EDGE_API_READY, EDGE_WS_READY):
        await eventually(lambda path=path: platform.get(path), expected=f"{path} answers 200", within_seconds=BACK_SECONDS)  # type: ignore[misc]


async def _without(platform: Platform, service: str, meanwhile: Callable[[], Awaitable[None]]) -> None:
    """Run `meanwhile` while the containers of a service are stopped; they run again whatever happens."""
    down, done = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop_for_a_while() -> None:
        with StackEngine(platform.access.base_url, platform.access.stack) as engine, engine.stopped(service):
            loop.call_soon_threadsafe(down.set)
            asyncio.run_coroutine_threadsafe(done.wait(), loop).result()

    stopping = asyncio.create_task(asyncio.to_thread(stop_for_a_while))
    waiting = asyncio.create_task(down.wait())
    try:
        await asyncio.wait([stopping, waiting], return_when=asyncio.FIRST_COMPLETED)
        if down.is_set():
            await meanwhile()
    finally:
        done.set()
        waiting.cancel()
        try:
            await stopping
        except ContainersError as error:
            raise CheckFailed(f"{service} can be stopped and started here", str(error), error) from error


async def _prices_move(platform: Platform) -> None:
    symbol = (await default_symbols(platform))[0]
    before = (await platform.get_json(f"{QUOTES}/{symbol}"))["seq"]

    async def moved() -> None:
        after = (await platform.get_json(f"{QUOTES}/{symbol}"))["seq"]
        require(after > before, f"{symbol} moves on from update {before}", after)

    await eventually(moved, expected=f"a new price of {symbol}", within_seconds=5)
