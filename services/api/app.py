"""Composition root: platform, routes, layers, lifespan."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from services.api import errors
from services.api.conditional import Conditional, describe_conditional
from services.api.examples import describe_answers
from services.api.health import health_routes
from services.api.layers import Envelope
from services.api.logs import logger
from services.api.metrics import MetricsLayer, RequestStats
from services.api.platform import Platform
from services.api.rate_limit import RateLimitLayer
from services.api.routes.control import control_routes
from services.api.routes.insights import insight_routes
from services.api.routes.market import market_routes
from services.api.routes.quotes import HotQuotes, QuoteList, add_quote_routes, describe_quotes
from services.api.routes.status import status_routes
from services.api.routes.symbols import symbol_routes
from services.api.routes.watchlists import watchlist_routes

log = logger(__name__)


def build_app(platform: Platform, stats: RequestStats) -> FastAPI:
    """Routes and lifespan; layers come around it in `create_app`."""
    hidden = platform.settings.is_production

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await platform.start()
        log.info("started", source=platform.source.name, api_keys=platform.key_states())
        yield
        await platform.stop()
        log.info("stopped")

    app = FastAPI(
        title="Stock Tracker API",
        version="1",
        lifespan=lifespan,
        docs_url=None if hidden else "/docs",
        redoc_url=None,
        openapi_url=None if hidden else "/openapi.json",
        separate_input_output_schemas=False,
    )
    errors.install(app)
    app.include_router(health_routes(platform))
    app.include_router(market_routes(platform))
    app.include_router(symbol_routes(platform))
    app.include_router(watchlist_routes(platform))
    app.include_router(insight_routes(platform))
    app.include_router(status_routes(platform, stats))
    app.include_router(control_routes(platform))
    add_quote_routes(app, platform)
    app.openapi = lambda: openapi_of(app)  # type: ignore[method-assign]
    return app


def openapi_of(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document plus the hot routes, made once."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        document["paths"] |= describe_quotes()
        schemas = document["components"]["schemas"]
        listing = QuoteList.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
        schemas |= {name: schema for name, schema in listing.pop("$defs", {}).items() if name not in schemas}
        schemas["QuoteList"] = listing
        describe_conditional(document)
        describe_answers(document)
        app.openapi_schema = document
    return app.openapi_schema


def create_app(platform: Platform) -> ASGIApp:
    """The whole application as uvicorn runs it; the platform starts and stops with it. CORS is around the rate limit: a page of
    another origin may read a 429 and its Retry-After too."""
    settings = platform.settings
    stats = RequestStats()
    app: ASGIApp = HotQuotes(Conditional(errors.Answered(build_app(platform, stats))), platform)
    app = RateLimitLayer(app, platform.limits, settings.trusted_hops)
    if settings.allowed_origins:
        app = CORSMiddleware(
            app,
            allow_origins=settings.allowed_origins,
            allow_credentials=True,
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "If-None-Match", "X-Request-ID"],
            expose_headers=["ETag", "Age", "Retry-After", "X-Request-ID"],
            max_age=600,
        )
    return Envelope(MetricsLayer(app, stats))
