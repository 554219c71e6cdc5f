"""Liveness (`/health`: the process runs) and readiness (`/health/ready`: it can answer with real quotes, else 503 and what is
missing)."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from services.api.clock import WallClock
from services.api.platform import Platform
from services.contract.endpoints import HEALTH, READY
from services.contract.quotes import Moment


class Health(BaseModel):
    """The process runs."""

    status: Literal["healthy"] = "healthy"
    timestamp: Moment
    release: str


class Readiness(BaseModel):
    """Whether to send requests here. `missing` keeps it from being ready, `degraded` does not."""

    status: Literal["ready", "not ready"]
    timestamp: Moment
    release: str
    node: str
    missing: list[str]
    degraded: list[str]


def missing_of(platform: Platform) -> list[str]:
    """What keeps this replica from answering with real quotes."""
    missing = []
    if platform.control.is_draining:
        missing.append("draining: an operator takes this node out of service")
    if not platform.store.real_symbols():
        missing.append("no quote is held yet")
        if not platform.link.is_up:
            missing.append(f"redis: {platform.link.last_error}")
        elif platform.lease.holder is None:
            missing.append("no replica ingests yet")
        elif platform.ingest.is_paused:
            missing.append("publishing is paused by an operator")
    return missing


def degraded_of(platform: Platform) -> list[str]:
    """What is away while quotes are still answered."""
    degraded = []
    if not platform.link.is_up:
        degraded.append(f"redis: {platform.link.last_error}")
    elif not platform.store.is_fresh:
        degraded.append("updates: none arrive, quotes are marked stale")
    if platform.ingest.is_paused:
        degraded.append("publishing is paused by an operator")
    return degraded


def health_routes(platform: Platform) -> APIRouter:
    """The two health routes; exempt from rate limits."""
    router = APIRouter(tags=["health"])
    clock = WallClock()

    def now() -> datetime:
        return clock.now()

    @router.get(HEALTH, response_model=Health)
    async def health() -> Health:
        """The process runs."""
        return Health(timestamp=now(), release=platform.settings.release)

    @router.get(READY, response_model=Readiness, responses={503: {"model": Readiness, "description": "Not ready yet."}})
    async def ready(response: Response) -> Readiness:
        """Whether this replica can answer with real quotes."""
        missing = missing_of(platform)
        response.status_code = 503 if missing else 200
        return Readiness(
            status="not ready" if missing else "ready",
            timestamp=now(),
            release=platform.settings.release,
            node=platform.settings.node_id,
            missing=missing,
            degraded=degraded_of(platform),
        )

    return router
