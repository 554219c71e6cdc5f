"""`GET /api/v1/status` for people and pages, `GET /metrics` for Prometheus (inside the network only: the edge does not pass
it)."""

from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from services.api.clock import WallClock
from services.api.errors import problems
from services.api.health import degraded_of, missing_of
from services.api.metrics import RequestStats, make_registry, render
from services.api.platform import Platform
from services.contract.endpoints import METRICS, STATUS
from services.contract.quotes import Moment

KeyState = Literal["set", "missing", "rejected"]


class PlatformStatus(BaseModel):
    """How this replica sees the platform. Keys are reported by state, never by value."""

    status: Literal["ready", "degraded", "not ready"]
    release: str
    node: str
    timestamp: Moment
    missing: list[str]
    degraded: list[str]
    ingest: dict[str, Any]
    quotes: int
    keys: dict[str, KeyState]
    providers: list[dict[str, Any]]
    rateLimitsPerMinute: dict[str, int]  # noqa: N815 - the name on the wire


def status_routes(platform: Platform, stats: RequestStats) -> APIRouter:
    """Both routes."""
    router = APIRouter(tags=["status"])
    registry = make_registry(platform, stats)
    clock = WallClock()

    @router.get(STATUS, response_model=PlatformStatus, responses=problems(429))
    async def status() -> PlatformStatus:
        """State of ingest, sources, keys and limits."""
        missing, degraded = missing_of(platform), degraded_of(platform)
        return PlatformStatus(
            status="not ready" if missing else "degraded" if degraded else "ready",
            release=platform.settings.release,
            node=platform.settings.node_id,
            timestamp=clock.now(),
            missing=missing,
            degraded=degraded,
            ingest=platform.ingest.facts(),
            quotes=len(platform.store.real_symbols()),
            keys=platform.key_states(),
            providers=platform.provider_facts(),
            rateLimitsPerMinute={limiter.name: limiter.per_minute for limiter in (platform.limits.usual, platform.limits.dear)},
        )

    @router.get(METRICS, include_in_schema=False)
    async def metrics() -> Response:
        return Response(render(registry), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router
