"""Indices and the state of the market."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from services.api.clock import WallClock
from services.api.errors import problems, unavailable
from services.api.market_calendar import load_calendar
from services.api.platform import Platform
from services.contract.endpoints import INDICES, MARKET_STATUS
from services.contract.messages import PriceUpdate
from services.contract.quotes import Moment, Session, Status
from services.contract.symbols import is_index


class IndexList(BaseModel):
    """All indices the source has."""

    indices: list[PriceUpdate]


class MarketStatus(BaseModel):
    """Where the exchange's day stands. Replayed and simulated days have their own time in `marketTime`."""

    exchange: Literal["NSE"] = "NSE"
    session: Session
    status: Status
    source: str
    marketTime: Moment | None  # noqa: N815 - the name on the wire
    nextOpen: Moment | None  # noqa: N815
    timestamp: Moment


def market_routes(platform: Platform) -> APIRouter:
    """`/api/v1/indices` and `/api/v1/market/status`."""
    router = APIRouter(tags=["market"])
    clock = WallClock()
    calendar = load_calendar()

    @router.get(INDICES, response_model=IndexList, responses=problems(429, 503))
    async def indices() -> Response:
        """The latest value of every index the source has; some live sources have none."""
        store = platform.store
        catalogue = platform.source.catalogue
        names = [symbol for symbol in sorted(catalogue if catalogue is not None else ["NIFTY 50"]) if is_index(symbol)]
        if names and not any(map(is_index, store.held)):
            await platform.ask(names)
            await platform.waiting.until_held(names)
            names = sorted(frozenset(names) - await platform.ask(names))
        unrenewed = await platform.interest.renew([symbol for symbol in store.held if is_index(symbol)])
        known = [store.held[symbol] for symbol in sorted(store.held) if is_index(symbol)]
        held = [one for one in known if not platform.expiry.is_over(one)]
        if names and not held:
            raise unavailable("no index value yet")
        lines = b",".join(h.line if store.is_fresh and h.symbol not in unrenewed else h.as_stale() for h in held)
        return Response(b'{"indices":[' + lines + b"]}", media_type="application/json", headers={"Cache-Control": "no-cache"})

    @router.get(MARKET_STATUS, response_model=MarketStatus, responses=problems(429))
    async def market_status() -> MarketStatus:
        """Session, source and time of the market as the newest quote tells it; for live sources, the calendar."""
        now = clock.now()
        real = [platform.store.held[symbol] for symbol in platform.store.real_symbols()]
        newest = max(real, key=lambda held: held.source_ts, default=None)
        made = platform.source.status in {Status.REPLAY, Status.SIMULATED}
        session = Session(newest.data["session"]) if newest and made else calendar.session_at(now)
        told = Status(newest.data["status"]) if newest else platform.source.status
        return MarketStatus(
            session=session,
            status=told if platform.store.is_fresh else Status.STALE,
            source=platform.source.name,
            marketTime=newest.data["sourceTime"] if newest else None,
            nextOpen=None if made else calendar.next_open(now),
            timestamp=now,
        )

    return router
