"""Stands in for the internet: NSE, Twelve Data, Alpha Vantage and Gemini in one small server with fault switches.

`python -m loadtests.faults.upstream PORT`. Prices are a function of symbol and request number, so a made-up one is recognised.
`POST /_fault?service=nse&fault=429` switches, `fault=none` heals; `GET /_calls` counts requests by service. Loopback only.
"""

import asyncio
import json
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qs, unquote, urlsplit

IST = timezone(timedelta(hours=5, minutes=30))
FAULTS = ("none", "timeout", "429", "403-html", "200-html", "500", "bad-json", "nan", "slow-drip", "redirect")
HTML = b"\n<!DOCTYPE html><html><body>Access Denied</body></html>"
DRIP_SECONDS = 0.2


def price_of(symbol: str, number: int) -> float:
    """Around a base of the symbol's own, in steps of a paisa; never outside 1 percent of it."""
    base = 1000 + sum(symbol.encode()) % 2000
    return round(base + (number % 100) / 100, 2)


def now_ist() -> datetime:
    """The current moment as the exchange writes it."""
    return datetime.now(UTC).astimezone(IST)


class FakeUpstream:
    """One switch and one counter for each service."""

    def __init__(self) -> None:
        self.fault: dict[str, str] = {}
        self.calls: Counter[str] = Counter()
        self.number = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept alive; a fault may end it."""
        try:
            while (line := await reader.readline()).strip():
                method, target, _ = line.decode("latin-1").split(" ", 2)
                headers = await self._headers(reader)
                await reader.readexactly(int(headers.get("content-length", 0)))
                await self._answer(method, target, headers, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            writer.close()

    @staticmethod
    async def _headers(reader: asyncio.StreamReader) -> dict[str, str]:
        headers = {}
        while (line := await reader.readline()).strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        return headers

    async def _answer(self, method: str, target: str, headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
        parts = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/_fault":
            self.fault[query["service"]] = query["fault"]
            await send(writer, 200, b"{}")
            return
        if parts.path == "/_calls":
            await send(writer, 200, json.dumps(self.calls).encode())
            return
        service = service_of(parts.path)
        self.calls[service] += 1
        self.number += 1
        status, body, kind = self._good(service, unquote(parts.path), query, headers)
        await self._spoil(self.fault.get(service, "none"), status, body, kind, writer)

    async def _spoil(self, fault: str, status: int, body: bytes, kind: str, writer: asyncio.StreamWriter) -> None:
        if fault == "timeout":
            await asyncio.sleep(30)
        elif fault == "slow-drip":
            await drip(writer, body)
        elif fault == "redirect":
            await send(writer, 302, b"", extra="Location: http://169.254.169.254/latest/meta-data\r\n")
        elif fault == "nan":
            await send(writer, 200, poison(body))
        elif fault == "bad-json":
            await send(writer, 200, body[: len(body) // 2])
        elif fault in {"429", "500"}:
            await send(writer, int(fault), b"busy", "text/plain", "Retry-After: 1\r\n")
        elif fault in {"403-html", "200-html"}:
            await send(writer, int(fault[:3]), HTML, "text/html")
        else:
            await send(writer, status, body, kind, "Set-Cookie: nsit=1; Path=/\r\n")

    def _good(self, service: str, path: str, query: dict[str, str], headers: dict[str, str]) -> tuple[int, bytes, str]:
        if service == "nse":
            return self._nse(path, query, headers)
        if service == "alpha_vantage":
            symbol = query.get("symbol", "").removesuffix(".BSE")
            return 200, json.dumps({"Global Quote": self._global_quote(symbol)}).encode(), "application/json"
        if service == "twelve_data":
            asked = query.get("symbol", "").split(",")
            found = {name: self._twelve(name.removesuffix(":NSE")) for name in asked}
            return 200, json.dumps(found if len(asked) > 1 else found[asked[0]]).encode(), "application/json"
        text = {"candidates": [{"content": {"parts": [{"text": "A quiet day."}]}, "finishReason": "STOP"}]}
        return 200, json.dumps(text).encode(), "application/json"

    def _nse(self, path: str, query: dict[str, str], headers: dict[str, str]) -> tuple[int, bytes, str]:
        if path == "/option-chain":
            return 200, b"<html></html>", "text/html"
        if "nsit=" not in headers.get("cookie", ""):
            return 401, HTML, "text/html"
        at = f"{now_ist():%d-%b-%Y %H:%M:%S}"
        if path == "/api/equity-stock-indices":
            rows = [self._member(symbol, at) for symbol in ("NIFTY 50", "RELIANCE", "TCS", "INFY", "M&M")]
            return 200, json.dumps({"name": "NIFTY 50", "timestamp": at, "data": rows}).encode(), "application/json"
        if path == "/api/allIndices":
            row = {"index": "NIFTY 50", "last": self._price("NIFTY 50"), "previousClose": price_of("NIFTY 50", 0)}
            return 200, json.dumps({"timestamp": at, "data": [row]}).encode(), "application/json"
        meta = {"symbol": query.get("symbol"), "previousClose": price_of(query.get("symbol", ""), 0)}
        unknown = query.get("symbol") == "NOSUCH"
        trade = {"lastPrice": self._price(query.get("symbol", "")), "totalTradedVolume": self.number}
        response = {"metaData": {"symbol": None} if unknown else meta, "tradeInfo": trade, "lastUpdateTime": at}
        return 200, json.dumps({"equityResponse": [response]}).encode(), "application/json"

    def _price(self, symbol: str) -> float:
        return price_of(symbol, self.number)

    def _member(self, symbol: str, at: str) -> dict[str, object]:
        return {
            "symbol": symbol, "series": None if " " in symbol else "EQ", "lastPrice": self._price(symbol),
            "previousClose": price_of(symbol, 0), "totalTradedVolume": self.number, "lastUpdateTime": at,
        }  # fmt: skip

    def _twelve(self, symbol: str) -> dict[str, object]:
        return {
            "symbol": symbol, "close": str(self._price(symbol)), "previous_close": str(price_of(symbol, 0)),
            "timestamp": int(datetime.now(UTC).timestamp()), "is_market_open": True, "volume": str(self.number),
        }  # fmt: skip

    def _global_quote(self, symbol: str) -> dict[str, str]:
        yesterday = now_ist() - timedelta(days=1)
        return {
            "01. symbol": f"{symbol}.BSE", "05. price": str(self._price(symbol)), "06. volume": str(self.number),
            "07. latest trading day": f"{yesterday:%Y-%m-%d}", "08. previous close": str(price_of(symbol, 0)),
        }  # fmt: skip


def service_of(path: str) -> str:
    """Which service a path belongs to."""
    if path == "/query":
        return "alpha_vantage"
    if path in {"/quote", "/time_series", "/stocks"}:
        return "twelve_data"
    return "gemini" if path.startswith("/v1beta") else "nse"


def poison(body: bytes) -> bytes:
    """Every price becomes NaN, as a number where it was one and as text where it was text."""
    document = json.loads(body) if body[:1] in b"{[" else {}
    names = {"lastPrice", "last", "close", "05. price"}

    def spoil(value: object) -> object:
        if isinstance(value, dict):
            return {k: (("NaN" if isinstance(v, str) else float("nan")) if k in names else spoil(v)) for k, v in value.items()}
        return [spoil(item) for item in value] if isinstance(value, list) else value

    return json.dumps(spoil(document)).encode()


async def send(writer: asyncio.StreamWriter, status: int, body: bytes, kind: str = "application/json", extra: str = "") -> None:
    """One answer."""
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    writer.write(head.encode() + body)
    await writer.drain()


async def drip(writer: asyncio.StreamWriter, body: bytes) -> None:
    """A byte now and then: every single read succeeds, the whole never ends in time."""
    writer.write(f"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode())
    for index in range(len(body)):
        writer.write(body[index : index + 1])
        await writer.drain()
        await asyncio.sleep(DRIP_SECONDS)


async def main(port: int) -> None:
    """Serve until the process is ended."""
    upstream = FakeUpstream()
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
