"""A stand-in for the platform that speaks the contract on one port, and can be made wrong in ways smoke and load must notice.

In a test: `async with standin(Faults(...)) as url`. As a process, `python -m services.contract.tests.standin PORT FAULTS`
(FAULTS is JSON, e.g. `{"late_ms": 150}`) prints its address on the first line and ends with its standard input.
"""

import asyncio
import contextlib
import json
import random
import socket
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from services.contract import endpoints, signing
from services.contract.symbols import PROBE_SYMBOL

ROOT = Path(__file__).parents[3]
CLIENT_KEY, CONTROL_KEY = "stand-in-client-key", "stand-in-control-key"
SYMBOLS = ["AXISBANK", "HDFCBANK", "INFY", "ITC", "RELIANCE", "SBIN", "TCS", "WIPRO"]
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-XSS-Protection": "0",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; object-src 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'",
    "Permissions-Policy": "camera=()",
}
PAGE = '<!doctype html><link rel="stylesheet" href="/assets/a.css"><script type="module" src="/assets/a.js"></script>'


@dataclass(frozen=True)
class Faults:
    """What is wrong with it; the default is nothing."""

    late_ms: float = 0
    drop: float = 0
    """Share of deliveries that never happen."""
    close_after_seconds: float = 0
    """Every tenth socket is closed after this time."""
    error_share: float = 0
    """Share of quote requests that answer 500."""
    updates_per_second: float = 1
    release: str = "r1"
    mixed_releases: bool = False
    """The ws nodes are of two releases."""
    unhealthy: bool = False
    missing_asset_is_page: bool = False
    broken_asset: bool = False
    no_headers: bool = False
    mute_probe: bool = False
    mute_echo: bool = False
    shows_probe: bool = False
    """The search finds the symbol that is reserved for probes."""
    slow_greeting_ms: float = 0
    config: dict[str, str] = field(default_factory=dict)
    """Added to the page's configuration."""
    leaks: str = ""
    """Text that the page's script holds."""
    half_started: bool = False
    """The edge and the page are there; nobody answers behind the API and the sockets yet."""
    market: dict[str, str] = field(default_factory=lambda: {"session": "open"})
    stands_still: bool = False
    """Answers everything, and no price ever changes."""
    answers_nothing: bool = False
    """Takes connections and never answers HTTP."""


class StandIn:
    """State and handlers of one stand-in."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.seq = dict.fromkeys([*SYMBOLS, PROBE_SYMBOL], 0)
        self.price = dict.fromkeys(SYMBOLS, 100.0)
        self.watchers: dict[str, set[WebSocket]] = {symbol: set() for symbol in self.seq}
        self.connections = 0
        self.random = random.Random(1)
        self.tasks: set[asyncio.Task[None]] = set()

    def app(self) -> Starlette:
        routes = [
            Route(endpoints.EDGE_HEALTH, self.health),
            Route(endpoints.EDGE_API_HEALTH, self.health),
            Route(endpoints.EDGE_API_READY, self.ready),
            Route(endpoints.EDGE_WS_HEALTH, self.ws_health),
            Route(endpoints.EDGE_WS_READY, self.ready),
            Route(endpoints.PAGE_CONFIG, lambda _: JSONResponse({"RELEASE": self.faults.release} | self.faults.config)),
            Route(endpoints.QUOTES, self.quotes),
            Route(endpoints.QUOTES + "/{symbol}", self.quote),
            Route(endpoints.SYMBOLS, self.symbols),
            Route(endpoints.INDICES, lambda _: JSONResponse({"indices": []})),
            Route(endpoints.MARKET_STATUS, lambda _: JSONResponse(self.faults.market)),
            Route(endpoints.CONTROL, self.control, methods=["POST"]),
            Route("/", lambda _: HTMLResponse(PAGE)),
            Route("/s/{symbol}", lambda _: HTMLResponse(PAGE)),
            Route("/assets/{name}", self.asset),
            Route(endpoints.STREAM, lambda _: Response("stranger", 403)),
            WebSocketRoute(endpoints.STREAM, self.socket),
        ]
        app = Starlette(routes=routes)
        app.add_middleware(_NobodyBehind, is_so=self.faults.half_started)
        return app if self.faults.no_headers else _WithHeaders(app)  # type: ignore[return-value]

    async def health(self, _: Request) -> Response:
        status = "unhealthy" if self.faults.unhealthy else "healthy"
        return JSONResponse({"status": status, "timestamp": now(), "release": self.faults.release})

    async def ready(self, _: Request) -> Response:
        return JSONResponse({}, 503 if self.faults.unhealthy else 200)

    async def ws_health(self, _: Request) -> Response:
        subscriptions = sum(len(watchers) for watchers in self.watchers.values())
        body = {"status": "healthy", "connections": self.connections, "subscriptions": subscriptions}
        return JSONResponse({**body, "release": self.ws_release()})

    def ws_release(self) -> str:
        return self.random.choice(["r0", "r1"]) if self.faults.mixed_releases else self.faults.release

    async def quotes(self, request: Request) -> Response:
        if self.random.random() < self.faults.error_share:
            return JSONResponse({"error": "injected"}, 500)
        asked = request.query_params.get("symbols")
        symbols = asked.split(",") if asked else SYMBOLS
        return JSONResponse({"quotes": [self.update(s) for s in symbols if s in self.price], "missing": []})

    async def symbols(self, _: Request) -> Response:
        shown = [*SYMBOLS, *([PROBE_SYMBOL] if self.faults.shows_probe else [])]
        return JSONResponse({"symbols": [{"symbol": symbol} for symbol in shown]})

    async def quote(self, request: Request) -> Response:
        if self.random.random() < self.faults.error_share:
            return JSONResponse({"error": "injected"}, 500)
        symbol = request.path_params["symbol"]
        return JSONResponse(self.update(symbol)) if symbol in self.price else JSONResponse({"error": "unknown"}, 404)

    async def asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name == "a.css":
            return Response("body{}", media_type="text/css")
        if name == "a.js" and not self.faults.broken_asset:
            return Response(f"// {self.faults.leaks}", media_type="text/javascript")
        return HTMLResponse(PAGE) if self.faults.missing_asset_is_page else Response("not found", 404)

    async def control(self, request: Request) -> Response:
        body = await request.body()
        given = request.headers
        timestamp, nonce = given.get(signing.TIMESTAMP_HEADER, "0"), given.get(signing.NONCE_HEADER, "")
        expected = signing.sign_request(CONTROL_KEY, "POST", endpoints.CONTROL, body, int(timestamp), nonce)
        if not signing.matches(expected, given.get(signing.SIGNATURE_HEADER, "")):
            return JSONResponse({"error": "signature"}, 401)
        asked = json.loads(body)
        if asked["action"] == "fail":
            return JSONResponse({"title": "unforeseen"}, 500)
        if asked["action"] == "probe":
            if not self.faults.mute_probe:
                await self.publish(PROBE_SYMBOL, asked["data"]["price"])
            return JSONResponse({}, 202)
        return (
            JSONResponse({"title": "not heard back"}, 504) if self.faults.mute_echo else JSONResponse({"roundTripMs": 0.5}, 202)
        )

    def update(self, symbol: str, price: float | None = None) -> dict[str, Any]:
        price = self.price[symbol] if price is None else price
        data = {"symbol": symbol, "price": price, "change": None, "changePercent": None, "volume": 1, "timestamp": now()}
        data |= {"source": "stand-in", "sourceTime": now(), "status": "simulated"}
        order = {"epoch": "e", "fence": 1, "seq": self.seq[symbol], "ts": time.time() * 1000}
        return {"type": "price_update", "symbol": symbol, "data": data, "timestamp": now(), **order}

    async def publish(self, symbol: str, price: float) -> None:
        self.seq[symbol] += 1
        self.price[symbol] = price
        text = json.dumps(self.update(symbol), separators=(",", ":"))
        if self.faults.late_ms:
            await asyncio.sleep(self.faults.late_ms / 1000)
        for watcher in list(self.watchers[symbol]):
            if self.random.random() >= self.faults.drop:
                with contextlib.suppress(Exception):
                    await watcher.send_text(text)

    async def market(self) -> None:
        while not self.faults.stands_still:
            began = time.monotonic()
            for symbol in SYMBOLS:
                task = asyncio.create_task(self.publish(symbol, round(self.random.uniform(90, 110), 2)))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)
            await asyncio.sleep(max(0, 1 / self.faults.updates_per_second - (time.monotonic() - began)))

    async def socket(self, socket: WebSocket) -> None:
        if socket.headers.get(endpoints.CLIENT_KEY_HEADER) != CLIENT_KEY and "origin" not in socket.headers:
            await socket.close(4403)
            return
        await socket.accept()
        self.connections += 1
        doomed = self.faults.close_after_seconds and self.connections % 10 == 0
        await asyncio.sleep(self.faults.slow_greeting_ms / 1000)
        greeting = {"clientId": f"n-{random.getrandbits(128):032x}", "timestamp": now(), "node": "n"}
        await socket.send_json({"type": "connected", **greeting, "release": self.ws_release()})
        try:
            async with asyncio.timeout(self.faults.close_after_seconds if doomed else None):
                while True:
                    await self.answer(socket, json.loads(await socket.receive_text()))
        except TimeoutError:
            await socket.close(1012)
        except WebSocketDisconnect:
            pass
        finally:
            self.connections -= 1
            for watchers in self.watchers.values():
                watchers.discard(socket)

    async def answer(self, socket: WebSocket, asked: dict[str, Any]) -> None:
        if asked.get("action") == "subscribe":
            for symbol in asked["symbols"]:
                self.watchers[symbol].add(socket)
            await socket.send_json({"type": "subscribed", "symbols": asked["symbols"], "current": 1, "limit": 100})
            quotes = [self.update(symbol) for symbol in asked["symbols"] if symbol in self.price]
            await socket.send_json({"type": "snapshot", "quotes": quotes})
        elif asked.get("action") == "ping":
            await socket.send_json({"type": "pong", "id": asked.get("id"), "timestamp": now()})
        else:
            await socket.send_json({"type": "error", "code": "bad_action", "text": "unknown", "timestamp": now()})


class _NobodyBehind:
    """What an edge answers for services that have not started."""

    def __init__(self, app, is_so: bool) -> None:
        self.app, self.is_so = app, is_so

    async def __call__(self, scope, receive, send) -> None:
        if self.is_so and scope["path"].startswith(("/api", "/ws")):
            kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
            await send({"type": f"{kind}.start", "status": 503, "headers": []})
            await send({"type": f"{kind}.body", "body": b"unavailable"})
        else:
            await self.app(scope, receive, send)


class _WithHeaders:
    """Adds the security headers to every answer."""

    def __init__(self, app) -> None:
        self.app = app

    async def __call__(self, scope, receive, send) -> None:
        async def with_headers(message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] += [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@contextlib.asynccontextmanager
async def standin(faults: Faults = Faults(), port: int = 0, **tls: Any):
    """Serve on loopback; yields the address. `tls`: uvicorn's `ssl_certfile` and `ssl_keyfile`."""
    listener = socket.create_server(("127.0.0.1", port), backlog=2048)
    url = f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
    if faults.answers_nothing:
        with listener:
            yield url
        return
    stand_in = StandIn(faults)
    config = uvicorn.Config(
        stand_in.app(), log_level="error", lifespan="off", ws="websockets-sansio", timeout_graceful_shutdown=1, **tls
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve([listener]))
    market = asyncio.create_task(stand_in.market())
    try:
        while not server.started:  # noqa: ASYNC110 - uvicorn tells by an attribute only
            await asyncio.sleep(0.01)
        yield url
    finally:
        market.cancel()
        server.should_exit = True
        await serving
        listener.close()


@contextlib.asynccontextmanager
async def standin_process(**faults: Any):
    """As `standin`, in a process of its own: what is measured must not share a loop with what measures."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.contract.tests.standin", "0", json.dumps(faults),
        cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    assert process.stdin
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.stdin.close()
        await process.wait()


async def _serve(port: int, faults: Faults) -> None:
    async with standin(faults, port) as url:
        print(url, flush=True)
        await asyncio.to_thread(sys.stdin.read)  # until whoever started it closes its standard input


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), Faults(**json.loads(sys.argv[2]))))
