"""Mounts the two hot quote routes ahead of FastAPI's own and describes them in OpenAPI by hand (a test holds the two
together)."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from services.api.errors import problems
from services.api.logs import logger
from services.api.platform import Platform
from services.api.quotes_answer import ONE, SYMBOLS_MAX, QuoteAnswer, QuotesAnswer, refuse
from services.contract.endpoints import QUOTES
from services.contract.messages import PriceUpdate
from services.contract.symbols import SYMBOL_PATTERN

SYMBOL = {"type": "string", "pattern": f"^{SYMBOL_PATTERN}$", "maxLength": 32}
log = logger(__name__)
PREFIX = QUOTES + "/"


class QuoteList(BaseModel):
    """Quotes in the order asked for; `missing` names those nobody has a value of now."""

    quotes: list[PriceUpdate]
    missing: list[str]


class HotQuotes:
    """In front of the application: plain GETs of quotes are answered here, everything else goes on.

    The router, FastAPI's own layers and their exception handling cost six times what such an answer does. What is not plain
    (another method, a path with more to it) takes the same endpoints as routes behind them.
    """

    def __init__(self, app: ASGIApp, platform: Platform) -> None:
        self._app = app
        self._one, self._many = make_answers(platform)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            path: str = scope["path"]
            if path == QUOTES:
                await self._answer(self._many, scope, receive, send)
                return
            if path.startswith(PREFIX) and "/" not in path[len(PREFIX) :] and len(path) > len(PREFIX):
                scope["path_params"] = {"symbol": path[len(PREFIX) :]}
                await self._answer(self._one, scope, receive, send)
                return
        await self._app(scope, receive, send)

    @staticmethod
    async def _answer(endpoint: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await endpoint(scope, receive, send)
        except Exception:
            log.exception("request failed", path=scope["path"][:100], request_id=scope.get("request_id"))
            await refuse(scope, send, 500, "an unforeseen error; its request id leads to the log line")


def make_answers(platform: Platform) -> tuple[QuoteAnswer, QuotesAnswer]:
    """The two endpoints."""
    parts = platform.store, platform.ask, platform.waiting, platform.expiry, platform.interest
    return QuoteAnswer(*parts), QuotesAnswer(*parts, platform.default_symbols)


def add_quote_routes(app: FastAPI, platform: Platform) -> None:
    """The same endpoints as routes, ahead of FastAPI's own."""
    one, many = make_answers(platform)
    methods = ["GET", "HEAD"]
    app.router.routes.insert(0, Route(QUOTES, many, methods=methods))
    app.router.routes.insert(0, Route(ONE, one, methods=methods))


def describe_quotes() -> dict[str, Any]:
    """OpenAPI path items of the hot routes; what they share with all that can be polled is told by conditional.py."""
    return {
        QUOTES: {"get": _operation("quotes", "Latest quotes of several symbols", "QuoteList", _symbols_parameter(), 422, 503)},
        ONE: {
            "get": _operation(
                "quote", "Latest quote of one symbol", "PriceUpdate",
                {"name": "symbol", "in": "path", "required": True, "schema": SYMBOL, "example": "RELIANCE"}, 404, 422, 503,
            )
        },
    }  # fmt: skip


def _symbols_parameter() -> dict[str, Any]:
    return {
        "name": "symbols", "in": "query", "required": False, "example": ["RELIANCE", "TCS", "M&M"],
        "description": f"1 to {SYMBOLS_MAX} symbols, separated by commas; absent: the default list.",
        "style": "form", "explode": False,
        "schema": {"type": "array", "minItems": 1, "maxItems": SYMBOLS_MAX, "items": SYMBOL},
    }  # fmt: skip


def _operation(name: str, summary: str, schema: str, parameter: dict[str, Any], *refusals: int) -> dict[str, Any]:
    refused = {
        str(status): {
            "description": entry["description"],
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
        }
        for status, entry in problems(*refusals, 429).items()
    }
    return {
        "tags": ["quotes"], "summary": summary, "operationId": name, "parameters": [parameter],
        "description": "Status `stale` and an Age header mark values of which no update arrives any more.",
        "responses": {
            "200": {
                "description": "As published.",
                "headers": {"Age": {"schema": {"type": "string"}}},
                "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}},
            },
            **refused,
        },
    }  # fmt: skip
